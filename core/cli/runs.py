"""``run`` reproduces a run file, ``runs`` lists all runs."""

import argparse
from pathlib import Path
from typing import Any

from core.cli import common
from core.cli.common import Args, Outcome
from core.engine import ATTRIBUTION, Engine, kind_of
from core.experiments import run_file, run_log
from core.experiments.run_file import Difference, Replay
from core.images.library import Library
from core.store import Store
from core.wording import counted

DIFFERENT = 1  # exit status if the result differs from the run file


def run_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("runfile", type=Path, metavar="RUNFILE", help="file written by --save-run")
    common.add_effort(sub)


def list_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--csv", type=Path, metavar="CSV", help="write the list as a table")


def run(args: Args) -> Outcome:
    library = Library()
    asked = run_file.read_run(args.runfile)
    again = run_file.replay(
        Engine(Store(), library, common.effort(args), common.listener(args)), library, asked
    )
    return {
        "same": again.same,
        "kind": kind_of(again.run.config),
        "sets": [each.name for each in again.run.sets],
        "config": again.run.config.flat(),
        "scores": dict(again.run.scores),
        "labels": list(again.run.labels),
        "differences": [_as_json(each) for each in again.differences],
        "versions": [_as_json(each) for each in again.others],
        "not_compared": again.not_compared or None,
        "status": 0 if again.same else DIFFERENT,
        "text": "\n".join(_lines(again)),
    }


def _as_json(difference: Difference) -> dict[str, Any]:
    return {"what": difference.what, "was": difference.was, "now": difference.now}


def _lines(again: Replay) -> list[str]:
    scores = again.run.scores
    name = "ari" if kind_of(again.run.config) == ATTRIBUTION else "auc"
    value = "undefined" if scores.get(name) is None else f"{scores[name]:.6f}"
    count = len(again.run.labels)
    if again.same:
        what = "the scores that are compared" if again.not_compared else "all scores"
        lines = [f"Identical: {counted(count, 'label')} and {what}; {name.upper()} {value}."]
    else:
        lines = [f"{_differing(len(again.differences))} from the run file; {name.upper()} is {value} here."]
        lines += [_words(each, count) for each in again.differences[:20]]
    lines += [again.not_compared] if again.not_compared else []
    return lines + [
        f"version of {each.what}: {each.was} in the run file, {each.now} here" for each in again.others
    ]


def _differing(count: int) -> str:
    return "1 value differs" if count == 1 else f"{count} values differ"


def _words(difference: Difference, count: int) -> str:
    if difference.what != "labels":
        return f"  {difference.what}: {difference.was} in the run file, {difference.now} here"
    same = sum(a == b for a, b in zip(difference.was, difference.now, strict=False))
    return f"  labels: {count - same} of {counted(count, 'image')} differ"


def list_runs(args: Args) -> Outcome:
    """All runs, latest first."""
    rows = [run_log.flatten(row) for row in run_log.all_runs()]
    if args.csv:
        common.write_text(args.csv, run_log.to_csv(rows))
    lines = [_line(row) for row in rows]
    return {"runs": rows, "text": "\n".join(lines) or "No runs yet."}


def _three(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _line(row: dict[str, Any]) -> str:
    earlier = ", of an earlier version" if row["earlier_version"] else ""
    return f"{row['time']}  {row['sets']}: {row['backbone']}, {row['score']} {_three(row['value'])}{earlier}"
