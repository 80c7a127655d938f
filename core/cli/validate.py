"""``validate``: checks whether a file is a valid submission, and if not, where and why."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.cli.common import Args, Outcome
from core.experiments import submission
from core.experiments.submission import Problem
from core.images.library import Library
from core.wording import counted

INVALID = 1  # exit status for an invalid file
SHOWN = 20  # problems that are printed


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
