"""``demo``, ``sets`` and ``delete``: the data sets."""

import argparse
from dataclasses import asdict

from core.cli.common import Args, Outcome
from core.images.library import Library
from core.types import ImageSet
from core.wording import counted


def demo_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--if-empty", action="store_true", help="install only if there are no data sets yet")


def delete_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")


def demo(args: Args) -> Outcome:
    from demo.install import install  # the only import from outside core

    library = Library()
    if args.if_empty and library.names():
        return {
            "added": [],
            "present": [],
            "seconds": 0.0,
            "text": "Data sets exist already; nothing was installed.",
        }
    done = install(library)
    lines = [f"{name}: added" for name in done.added] + [
        f"{name}: already installed" for name in done.present
    ]
    return {**asdict(done), "text": "\n".join([*lines, f"{done.seconds:.1f} s"])}


def sets(args: Args) -> Outcome:
    facts = [describe(image_set) for image_set in Library().all()]
    lines = [f"{fact['name']}: {counted(fact['n'], 'image')}, {counts(fact)}" for fact in facts]
    empty = "No data sets yet: python -m core import PATH --name NAME"
    return {"sets": facts, "text": "\n".join(lines) or empty}


def delete(args: Args) -> Outcome:
    Library().delete(args.name)
    return {"deleted": args.name, "text": f"{args.name} was deleted."}


def describe(image_set: ImageSet) -> Outcome:
    return {
        "name": image_set.name,
        "layout": image_set.layout,
        "view": image_set.view,
        "n": len(image_set),
        "roles": image_set.counts("role"),
        "labels": image_set.counts("label"),
        "groups": len({file.group for file in image_set.files if file.group}),
        "part": image_set.part,
        "pair": image_set.pair,
        "duplicates": [[file.name for file in group] for group in image_set.duplicates],
        "content": image_set.content,
    }


def counts(facts: Outcome) -> str:
    counts = facts["labels"] or facts["roles"]
    return ", ".join(f"{count} {name}" for name, count in counts.items())
