"""``subsets``: on which training subset was the generator of each image trained?"""

import argparse
from pathlib import Path
from typing import Any

from core.attribution.subsets import Reading, Subsets, read_subsets
from core.cli import common
from core.cli.common import Args, Outcome
from core.extraction.embedder import Embedder
from core.images.library import Library
from core.numeric.statistics import Score, format_interval
from core.store import Store


def subsets_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="data set with generated/t1, generated/t2 …, and perhaps real/t1 …")
    common.add_test(sub)
    common.add_features(sub)
    sub.add_argument("--seed", type=int, default=0, help="random seed")
    sub.add_argument(
        "--submission", type=Path, metavar="CSV", help="write a submission file: identifier,subset"
    )


def subsets(args: Args) -> Outcome:
    library = Library()
    development = library.get(args.name)
    test = common.test_set(args, library, development)
    embedder = Embedder(Store(), library, common.effort(args), common.listener(args))
    found = read_subsets(embedder, development, test, common.feature_spec(args), args.seed)
    if args.submission:
        common.write_text(args.submission, _submission(found))
    return {
        "set": development.name,
        "test": None if test is None else test.name,
        "subsets": list(found.names),
        "with_labels": _as_json(found.with_labels),
        "without_labels": None if found.without is None else _as_json(found.without),
        "predicted": {file.name: subset for file, subset in zip(found.files, found.predicted, strict=True)},
        "notes": list(found.notes),
        "text": "\n".join(_lines(found)),
    }


def _submission(found: Subsets) -> str:
    """An image a line, in the order of names, with the number of its subset: t3 is 3."""
    rows = sorted(zip((Path(file.name).stem for file in found.files), found.predicted, strict=True))
    return "".join(f"{name},{subset.lstrip('tT')}\n" for name, subset in rows)


def _as_json(reading: Reading) -> dict[str, Any]:
    return {
        "accuracy": reading.accuracy.value,
        "accuracy_ci": [reading.accuracy.low, reading.accuracy.high],
        "kappa": reading.kappa.value,
        "kappa_ci": [reading.kappa.low, reading.kappa.high],
        "chance": reading.accuracy.chance,
        "table": reading.table.tolist(),
        "voted": reading.voted,
    }


def _lines(found: Subsets) -> list[str]:
    said = [_line("With labels (cross-validated discriminant)", found.with_labels)]
    if found.without is not None:
        said.append(_line("Without labels (nearest real slice)", found.without))
        said.append(
            f"By majority of 30 images of one generator: {found.without.voted:.0%} right without labels."
        )
    return [*said, *found.notes]


def _line(words: str, reading: Reading) -> str:
    return (
        f"{words}: accuracy {_told(reading.accuracy)}, kappa {_told(reading.kappa)}, "
        f"{reading.accuracy.chance:.3f} by always naming the largest subset"
    )


def _told(score: Score) -> str:
    return f"{score.value:.3f} ({format_interval(score.low or 0, score.high or 0)})"
