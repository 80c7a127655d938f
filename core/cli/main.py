"""The command line: ``python -m core VERB``. It makes the same calls as the pages.

With ``--json``, standard output is one JSON object and nothing else; progress goes to standard error. A user
error is one line there and exit status 2. Only the module of the given verb is imported.
"""

import argparse
import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from core.errors import ImprintError

USER_ERROR = 2


class Verb(NamedTuple):
    """A verb's help, its module, and the names of the functions there that run it and add its flags."""

    help: str
    module: str
    run: str
    flags: str = ""


VERBS = {
    "import": Verb(
        "import images from a folder or a zip file as a data set", "import_", "import_", "import_flags"
    ),
    "demo": Verb("install the demo data sets, which come with ground truth", "sets", "demo", "demo_flags"),
    "sets": Verb("list the data sets", "sets", "sets"),
    "delete": Verb("delete a data set", "sets", "delete", "delete_flags"),
    "share": Verb("let other users who sign in view a data set", "sets", "share", "share_flags"),
    "users": Verb("list all users who have signed in", "sets", "list_users"),
    "attribute": Verb(
        "cluster a data set's images and compare the clusters with the generators",
        *("generators.attribute", "attribute", "attribute_flags"),
    ),
    "identify": Verb(
        "name the known generator of each image, or say that it is none of them",
        *("generators.identify", "identify", "identify_flags"),
    ),
    "subsets": Verb(
        "name the training subset of each image's generator",
        *("generators.subsets", "subsets", "subsets_flags"),
    ),
    "membership": Verb(
        "infer training-set membership from feature distances",
        *("membership", "membership", "membership_flags"),
    ),
    "reconstruct": Verb(
        "infer training-set membership from reconstruction errors",
        *("membership", "reconstruct", "reconstruct_flags"),
    ),
    "sweep": Verb(
        "evaluate a grid of configurations, given as values separated by commas",
        *("sweep", "run", "sweep_flags"),
    ),
    "paper": Verb("reproduce the paper's tables on one or more data sets", "sweep", "paper", "paper_flags"),
    "run": Verb("reproduce a saved run and check that the numbers are the same", "runs", "run", "run_flags"),
    "runs": Verb("list all runs", "runs", "list_runs", "list_flags"),
    "audit": Verb(
        "look for confounders and duplicates that could explain a result", "audit", "audit", "audit_flags"
    ),
    "fingerprint": Verb(
        "show what each generator leaves in its images: residuals, spectra and grids",
        *("audit", "fingerprint", "fingerprint_flags"),
    ),
    "robustness": Verb(
        "repeat attribution and identification on compressed, resized, blurred and noisy images",
        *("audit", "robustness", "robustness_flags"),
    ),
    "release": Verb(
        "assess whether a synthetic set may be released, and whom it would expose",
        *("release", "release", "release_flags"),
    ),
    "derive": Verb(
        "make a data set from which such confounders are removed", "audit", "derive", "derive_flags"
    ),
    "validate": Verb(
        "check that a file is a valid submission to the challenge",
        *("validate", "validate", "validate_flags"),
    ),
    "check-scores": Verb(
        "check whether published scores can all be true",
        *("validate", "check_scores", "check_scores_flags"),
    ),
    "segment": Verb(
        "write a lung mask for every image of a folder or zip file", "segment", "segment", "segment_flags"
    ),
    "weights": Verb(
        "list and download the networks' weights, or add your own network",
        *("weights", "weights", "weights_flags"),
    ),
    "cache": Verb("show, verify, repair or clear the cache", "cache", "cache", "cache_flags"),
}


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"{self.prog}: {message}. See {self.prog} --help.\n")


def parser(asked: str | None) -> Parser:
    """A parser of all verbs, with the flags of the verb ``asked`` only."""
    root = Parser(
        prog="python -m core",
        description="Model attribution and membership inference attacks on synthetic medical images.",
    )
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        sub = verbs.add_parser(name, help=verb.help, description=f"{verb.help[0].upper()}{verb.help[1:]}.")
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        if name == asked:
            module = importlib.import_module(f"core.cli.{verb.module}")
            sub.set_defaults(run=getattr(module, verb.run))
            if verb.flags:
                getattr(module, verb.flags)(sub)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = next((word for word in given if not word.startswith("-")), None)
    args = parser(asked).parse_args(given)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        outcome = args.run(args)
    except ImprintError as error:
        print(f"imprint: {error}", file=sys.stderr)
        return USER_ERROR
    except OSError as error:  # such as a full disk or a folder without write permission
        print(f"imprint: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("imprint: interrupted; completed steps are kept", file=sys.stderr)
        return 130
    text, status = outcome.pop("text"), outcome.pop("status", 0)
    try:
        print(
            json.dumps(outcome) if args.json else text.encode(errors="backslashreplace").decode(), flush=True
        )
    except BrokenPipeError:  # the reader has stopped, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
