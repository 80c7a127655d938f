"""``python -m tests.bench.tables FOLDER``: the paper's tables 3 and 4 on other images, theirs beside ours.

FOLDER holds DB1 and DB2, each with ``generated``, ``real_used``, ``real_not_used`` and ``groups.csv``. There
is no test set, so the real images are halved by group: development chooses, the other half is reported.
Prints Markdown. The paper's networks need weights that are not on every machine; rows without are told.
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.config import MembershipConfig, ReconstructionConfig
from core.errors import ImprintError
from core.features import catalog
from core.images.importing.importer import import_path
from core.images.library import Library
from core.membership.cluster_distance import ClusterDistanceAttack, Membership
from core.membership.evaluation import AttackResult
from core.membership.reconstruction.attack import ReconstructionAttack
from core.paper import reference
from core.paper.reference import TABLE3_BACKBONES, table3
from core.store import Store
from core.types import ImageSet, Role

CROPS = ("full", "lung", "outer")
SCORES = ("accuracy", "precision", "recall", "f1")
TABLE4 = Path(reference.__file__).with_name("table4.csv")
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


def _value(result: AttackResult, name: str) -> float:
    assert result.test is not None
    assert result.test.verdict is not None
    return float(result.test.verdict.scores[name].value or 0)


def _choice(results: list[Membership]) -> str:
    return "; ".join(f"{kind}, {k}" for kind, k, _ in (result.chosen for result in results))


def main(folder: Path) -> int:
    library, store = Library(), Store()
    sets = []
    for name in ("DB1", "DB2"):
        report = import_path(folder / name, f"table 3 {name}", library)
        sets.append(halves(report.image_set))
    regions(ClusterDistanceAttack(store, library), sets)
    print()
    reconstruction(ReconstructionAttack(store, library), sets)
    return 0


def regions(engine: ClusterDistanceAttack, sets: list[Halves]) -> None:
    parts = " | ".join(f"{part} DB1 | DB2 | mean" for part in ("train", "test", "AUC"))
    print(f"| crop | features | distance, k | {parts} |", "|" + "---|" * 12, sep="\n")
    for run in table3():
        theirs = " | ".join(f"{value:.3f}" for value in (*run.train_f1, *run.test_f1))
        print(f"| {run.crop} | {run.features}, paper | {run.distance}, {run.k} | {theirs} | – | – | – |")
        for weights in ("imagenet", catalog.UNTRAINED):
            spec = catalog.spec(TABLE3_BACKBONES[run.features], weights=weights)
            config = MembershipConfig(spec, run.crop, distance=run.distance, k=run.k)
            title = f"{run.features}, {'ImageNet' if weights == 'imagenet' else 'untrained'}"
            _print(engine, sets, config, f"| {run.crop} | {title}, ours |")
    for crop in CROPS:
        for backbone in OWN:
            config = MembershipConfig(catalog.spec(backbone), crop)
            _print(engine, sets, config, f"| {crop} | {catalog.title(backbone)}, ours |")


def reconstruction(engine: ReconstructionAttack, sets: list[Halves]) -> None:
    print("| reduction | data set | accuracy | precision | recall | F1 | AUC |", "|" + "---|" * 7, sep="\n")
    with open(TABLE4, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            theirs = " | ".join(f"{float(row[name]):.3f}" for name in SCORES)
            print(f"| {row['reduction']} | {row['dataset']}, paper | {theirs} | – |")
            pair = sets[("DB1", "DB2").index(row["dataset"])]
            decision = "ssim" if row["reduction"] == "SSIM" else "mse"
            result = engine.run(pair.development, pair.test, ReconstructionConfig(decision=decision))
            ours = " | ".join(f"{_value(result, name):.3f}" for name in (*SCORES, "auc"))
            print(f"| {row['reduction']} | {row['dataset']}, ours | {ours} |", flush=True)


def _print(engine: ClusterDistanceAttack, sets: list[Halves], config: MembershipConfig, start: str) -> None:
    try:
        results = [engine.run(each.development, each.test, config) for each in sets]
        print(start, _choice(results), "|", cells(results), "|", flush=True)
    except ImprintError as error:
        print(start, f"did not run: {str(error).split('(')[0].strip()} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
