"""The command line: ``python -m core VERB``, a thin skin over the calls that the pages make.

With ``--json`` one JSON object is all that standard output gets; progress goes to standard error. A user's
mistake is one line there and exit status 2.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from core.cli import attribute as cli_attribute
from core.cli import audit, cache, import_, runs, sets, sweep, users, validate, weights
from core.cli import membership as cli_membership
from core.cli import segment as cli_segment
from core.clustering import methods
from core.config import AutoencoderSpec
from core.errors import ImprintError
from core.features import catalog
from core.features.descriptors import DESCRIPTORS
from core.features.pretrained.backbones import NORMALISATIONS
from core.membership import decision_rules, distances
from core.membership.reconstruction.attack import OWN_RULE
from core.numeric.parallel import usable_cores
from core.regions.crops import CROPS

USER_ERROR = 2


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"{self.prog}: {message}. See {self.prog} --help.\n")


def parser() -> Parser:
    root = Parser(prog="python -m core", description="Fingerprints in synthetic medical images.")
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: Callable[..., dict[str, Any]], text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text)
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        sub.set_defaults(run=run)
        return sub

    import_.import_flags(
        verb("import", import_.import_, "take images from a folder or a zip into a named set")
    )

    demo = verb("demo", sets.demo, "install the demo sets, whose truth is known")
    demo.add_argument("--if-empty", action="store_true", help="only where there is no set yet")

    verb("sets", sets.sets, "list the image sets")
    verb("delete", sets.delete, "delete an image set").add_argument("name")
    users.share_flags(verb("share", users.share, "let others who sign in look at a set"))
    verb("users", users.list_users, "list everybody who has signed in")

    attribute = verb("attribute", cli_attribute.attribute, "group a set's images by generator and score it")
    attribute.add_argument("name")
    _feature_flags(attribute)
    _crop_flag(attribute)
    attribute.add_argument("--pca", default="none", help="share of variance kept, 0.5 to 0.999, or none")
    attribute.add_argument("--cluster", default="hierarchical", choices=methods.METHODS)
    attribute.add_argument("--linkage", default="ward", choices=list(methods.METRICS))
    attribute.add_argument("--metric", default="euclidean", choices=["euclidean", "cosine"])
    attribute.add_argument(
        "--k", default="known", help="a number, known (one a generator) or auto (silhouette)"
    )
    attribute.add_argument("--seed", type=int, default=0)
    _save_flag(attribute)
    attribute.add_argument("--labels-out", type=Path, metavar="CSV", help="write file, label and cluster")
    attribute.add_argument("--submission", type=Path, metavar="CSV", help="write the challenge's file")

    membership = verb("membership", cli_membership.membership, "tell which real images a generator saw")
    _pair_flags(membership)
    _feature_flags(membership)
    _crop_flag(membership)
    membership.add_argument("--draws", type=int, default=3, help="random patches that are averaged")
    membership.add_argument("--cluster", default="hierarchical", choices=methods.METHODS)
    membership.add_argument("--linkage", default="ward", choices=list(methods.METRICS))
    membership.add_argument("--distance", default="best", choices=[*distances.KINDS, "best"])
    membership.add_argument("--k", default="sweep", help="a number, or sweep (30 values)")
    membership.add_argument("--rule", default="best", choices=[*decision_rules.general_rules(), "best"])

    reconstruct = verb("reconstruct", cli_membership.reconstruct, "tell the same by an autoencoder's errors")
    _pair_flags(reconstruct)
    defaults = AutoencoderSpec()
    reconstruct.add_argument("--size", type=int, default=defaults.size, help="side in px: 32, 64, 128 or 256")
    reconstruct.add_argument("--bottleneck", type=int, default=defaults.bottleneck, metavar="B")
    reconstruct.add_argument("--epochs", type=int, default=defaults.epochs, metavar="N", help="at most")
    reconstruct.add_argument("--precision", default="fp32", choices=catalog.PRECISIONS)
    reconstruct.add_argument("--decision", default="mse", choices=list(OWN_RULE))
    reconstruct.add_argument(
        "--rule", default="own", choices=["own", *decision_rules.general_rules(), "best"]
    )

    several = verb("sweep", sweep.run, "try a grid of configurations: values between commas")
    several.add_argument("name")
    several.add_argument("--test", metavar="SET", help="the set that the best is reported on")
    several.add_argument("--backbone", default=catalog.DEFAULT, metavar="B,..")
    several.add_argument("--weights", default="imagenet", help="imagenet or untrained")
    several.add_argument("--crop", default="full", metavar="C,..", help=", ".join(CROPS.names()))
    several.add_argument("--pca", default="none", metavar="P,..", help="of a set of generators")
    several.add_argument("--cluster", default="hierarchical", metavar="M,..", help=", ".join(methods.METHODS))
    several.add_argument("--linkage", default="ward", metavar="L,..", help=", ".join(methods.METRICS))
    several.add_argument("--k", default="known", metavar="K,..")
    several.add_argument("--distance", default="best", metavar="D,..", help="min, avg or best")
    several.add_argument(
        "--rule", default="best", metavar="R,..", help=", ".join(decision_rules.general_rules())
    )
    several.add_argument("--seed", type=int, default=0)
    _effort_flags(several)

    paper = verb("paper", sweep.paper, "run a table of the paper on a set, theirs beside ours")
    paper.add_argument("name")
    paper.add_argument("--test", metavar="SET", help="the set that training data are reported on")
    paper.add_argument("--table", default="2", choices=["2", "3", "4", "5"])
    paper.add_argument("--untrained", action="store_true", help="run networks without weights untrained")
    _effort_flags(paper)

    again = verb("run", runs.run, "make a saved run again, and tell whether its numbers are the same")
    again.add_argument("runfile", type=Path, metavar="RUNFILE")
    _effort_flags(again)

    log = verb("runs", runs.list_runs, "list all that was tried")
    log.add_argument("--csv", type=Path, metavar="CSV", help="write it as a table")

    audit.audit_flags(verb("audit", audit.audit, "tell what gives a set away besides the fingerprint"))
    audit.derive_flags(verb("derive", audit.derive, "make a set with such differences taken out"))

    validate.validate_flags(
        verb("validate", validate.validate, "tell whether a file is a submission to the challenge")
    )

    segment = verb("segment", cli_segment.segment, "write a lung mask for every image of a folder or zip")
    segment.add_argument("path", type=Path)
    segment.add_argument("--out", type=Path, required=True, metavar="DIR")
    import_.view_flags(segment)
    _effort_flags(segment)

    weights.weights_flags(
        verb("weights", weights.weights, "list the networks' weights, get them, or add a network of yours")
    )

    verb("cache", cache.cache, "look after the cache").add_argument(
        "action", choices=["stats", "verify", "repair", "clear"]
    )
    return root


def _pair_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("development", help="the set that everything is chosen on")
    sub.add_argument("--test", metavar="SET", help="the set that is reported on")
    sub.add_argument("--seed", type=int, default=0)
    _save_flag(sub)
    sub.add_argument(
        "--predictions", type=Path, metavar="CSV", help="write the challenge's file: name,1 for used"
    )


def _save_flag(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--save-run", type=Path, metavar="JSON", help="write a run file, for the verb run")


def _crop_flag(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--crop", default="full", choices=CROPS.names(), help="part of the image that is used")


def _feature_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--backbone", default=catalog.DEFAULT, metavar="B", help=", ".join(catalog.names()))
    sub.add_argument("--weights", default="imagenet", help="imagenet or untrained")
    sub.add_argument("--size", type=int, help="side in px that images are resized to")
    sub.add_argument("--pooling", help="mean or flatten")
    sub.add_argument("--normalisation", help=", ".join(NORMALISATIONS))
    sub.add_argument("--precision", default="fp32", choices=catalog.PRECISIONS)
    for name, row in DESCRIPTORS:
        for option, knob in row.options.items():
            flag = f"--{name.split('_')[0]}-{option}"
            if knob.choices:
                sub.add_argument(flag, choices=knob.choices, dest=f"{name}:{option}")
            else:
                sub.add_argument(flag, type=int, metavar="N", dest=f"{name}:{option}")
    _effort_flags(sub)


def _effort_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--batch", type=int, default=16, help="images a step; changes no number")
    sub.add_argument("--threads", type=int, default=usable_cores(), help="changes no number")


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        outcome = args.run(args)
    except ImprintError as error:
        print(f"imprint: {error}", file=sys.stderr)
        return USER_ERROR
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"imprint: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("imprint: interrupted; what is finished is kept", file=sys.stderr)
        return 130
    text, status = outcome.pop("text"), outcome.pop("status", 0)
    try:
        print(
            json.dumps(outcome) if args.json else text.encode(errors="backslashreplace").decode(), flush=True
        )
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
