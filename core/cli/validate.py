"""``validate``: is a file a valid submission? ``check-scores``: can published scores all be true?"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.cli.common import Args, Outcome
from core.experiments import submission
from core.experiments.submission import Problem
from core.images.library import Library
from core.paper import consistency
from core.wording import counted

INVALID = 1  # exit status for an invalid file, or scores that can't be true
SHOWN = 20  # problems that are printed


EXAMPLES = """examples, from the paper's table 4 (2,000 used and 2,000 not used images), run 8 on DB1 and DB2:
  check-scores --accuracy 0.49925 --precision 0.4996 --recall 0.9775 --f1 0.661254 --used 2000 --not-used 2000
  check-scores --accuracy 0.52325 --precision 0.51725 --recall 0.697 --f1 0.59382 --used 2000 --not-used 2000
and figures that can't be true:
  check-scores --accuracy 0.883 --precision 0.461 --f1 0.540 --used 100 --not-used 100"""


def validate_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path, metavar="FILE", help="submission file")
    sub.add_argument(
        "--set", required=True, metavar="NAME", help="data set whose images the submission is about"
    )
    sub.add_argument(
        "--task",
        choices=submission.TASKS.names(),
        help="default: membership if the data set has real images, else attribution",
    )


def check_scores_flags(sub: argparse.ArgumentParser) -> None:
    sub.formatter_class, sub.epilog = argparse.RawDescriptionHelpFormatter, EXAMPLES
    for name in (*consistency.SCORES, "prevalence"):
        words = "share of used images" if name == "prevalence" else "as printed, such as 0.540 or 54.0%%"
        sub.add_argument(f"--{name}", metavar="X", help=words)
    sub.add_argument("--used", type=int, metavar="N", help="number of used (positive) images")
    sub.add_argument("--not-used", type=int, metavar="N", help="number of not used (negative) images")
    sub.add_argument("--images", type=int, metavar="N", help="number of all images, if the split is unknown")


def check_scores(args: Args) -> Outcome:
    given = {name: getattr(args, name) for name in (*consistency.SCORES, "prevalence")}
    scores = {name: consistency.parse(name, text) for name, text in given.items() if text is not None}
    counts = consistency.counts_of(args.used, args.not_used, args.images)
    found = consistency.check(scores, counts)
    return {
        **consistency.as_json(found),
        "given": {name: text for name, text in given.items() if text is not None},
        "status": 0 if found.possible else INVALID,
        "text": "\n".join(consistency.sentences(found, counts)),
    }


def validate(args: Args) -> Outcome:
    image_set = Library().get(args.set)
    task = args.task or submission.task_of(image_set.files)
    known = submission.identifiers(submission.images_to_submit(image_set.files, task))
    problems = submission.validate(args.file.read_bytes(), known, task)
    about = f"for {task}, {counted(len(known), 'image')} of {image_set.name}"
    head = f"{args.file}: {'not a' if problems else 'a'} valid submission {about}."
    return {
        "set": image_set.name,
        "task": task,
        "valid": not problems,
        "problems": [asdict(each) for each in problems],
        "n": len(known),
        "status": INVALID if problems else 0,
        "text": "\n".join([head, *_lines(problems)]),
    }


def _lines(problems: Sequence[Problem]) -> list[str]:
    lines = []
    for each in problems[:SHOWN]:
        words = f"  line {each.line}: {each.rule}"
        lines.append(f"{words}: {each.text}" if each.text.strip() else words)
    return lines + ([f"  and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else [])
