"""``python -m tests.bench.table3 FOLDER``: the paper's table 3 on other images, theirs beside ours.

FOLDER holds DB1 and DB2, each with ``generated``, ``real_used``, ``real_not_used`` and ``groups.csv``. There
is no test set, so the real images are halved by group: development chooses, the other half is reported.
Prints Markdown. The paper's networks need weights that are not on every machine; rows without are told.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import features
from core.errors import ImprintError
from core.images.importing import import_path
from core.images.library import Library
from core.paper.regions import BACKBONES, table3
from core.store import Store
from core.training_data import Membership, TrainingData
from core.values import ImageSet, MembershipConfig, Role

CROPS = ("full", "lung", "outer")
OWN = ("efficientnet_lite0", "pixels")


@dataclass(frozen=True)
class Halves:
    development: ImageSet
    test: ImageSet


def halves(image_set: ImageSet) -> Halves:
    """Real images by whole groups, as many used as not; the generated ones in both."""
    rng = np.random.default_rng(0)
    names = sorted({file.group or file.name for file in image_set.real})
    chosen = set(rng.permutation(names)[: len(names) // 2].tolist())

    def part(name: str, inside: bool) -> ImageSet:
        kept = tuple(
            file
            for file in image_set.files
            if file.role is Role.GENERATED or ((file.group or file.name) in chosen) == inside
        )
        return ImageSet(f"{image_set.name} {name}", image_set.layout, kept)

    return Halves(part("development", True), part("test", False))


def cells(results: list[Membership]) -> str:
    train = [result.development.apparent_f1 for result in results]
    test, auc = ([_value(result, name) for result in results] for name in ("f1", "auc"))
    means = [f"{np.mean(values):.3f}" for values in (train, test, auc)]
    parts = [
        f"{' | '.join(f'{value:.3f}' for value in values)} | {mean}"
        for values, mean in zip((train, test, auc), means, strict=True)
    ]
    return " | ".join(parts)


def _value(result: Membership, name: str) -> float:
    assert result.test is not None
    assert result.test.verdict is not None
    return float(result.test.verdict.scores[name].value or 0)


def _choice(results: list[Membership]) -> str:
    return "; ".join(f"{kind}, {k}" for kind, k, _ in (result.chosen for result in results))


def main(folder: Path) -> int:
    library = Library()
    sets = []
    for name in ("DB1", "DB2"):
        report = import_path(folder / name, f"table 3 {name}", library)
        sets.append(halves(report.image_set))
    engine = TrainingData(Store(), library)
    parts = " | ".join(f"{part} DB1 | DB2 | mean" for part in ("train", "test", "AUC"))
    print(f"| crop | features | distance, k | {parts} |", "|" + "---|" * 12, sep="\n")
    for run in table3():
        theirs = " | ".join(f"{value:.3f}" for value in (*run.train_f1, *run.test_f1))
        print(f"| {run.crop} | {run.features}, paper | {run.distance}, {run.k} | {theirs} | – | – | – |")
        for weights in ("imagenet", features.UNTRAINED):
            spec = features.spec(BACKBONES[run.features], weights=weights)
            config = MembershipConfig(spec, run.crop, distance=run.distance, k=run.k)
            title = f"{run.features}, {'ImageNet' if weights == 'imagenet' else 'untrained'}"
            _print(engine, sets, config, f"| {run.crop} | {title}, ours |")
    for crop in CROPS:
        for backbone in OWN:
            config = MembershipConfig(features.spec(backbone), crop)
            _print(engine, sets, config, f"| {crop} | {features.title(backbone)}, ours |")
    return 0


def _print(engine: TrainingData, sets: list[Halves], config: MembershipConfig, start: str) -> None:
    try:
        results = [engine.membership(each.development, each.test, config) for each in sets]
        print(start, _choice(results), "|", cells(results), "|", flush=True)
    except ImprintError as error:
        print(start, f"did not run: {str(error).split('(')[0].strip()} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
