"""Table 3 of the paper: training-data fingerprints by regions, F1 on development ("training") and test."""

import csv
from dataclasses import dataclass
from pathlib import Path

from core.values import MembershipConfig

TABLE = Path(__file__).with_name("table3.csv")
BACKBONES = {"ResNet": "resnet50", "DenseNet": "densenet121"}


@dataclass(frozen=True)
class RegionRun:
    """One run; the F1 are of data sets 1 and 2 and their mean."""

    run: int
    crop: str
    features: str
    distance: str
    k: int
    train_f1: tuple[float, float, float]
    test_f1: tuple[float, float, float]


def table3() -> list[RegionRun]:
    with open(TABLE, newline="", encoding="utf-8") as file:
        return [
            RegionRun(
                int(row["run"]),
                row["crop"],
                row["features"],
                row["distance"],
                int(row["k"]),
                _three(row, "train"),
                _three(row, "test"),
            )
            for row in csv.DictReader(file)
        ]


def same_regions(config: MembershipConfig) -> list[RegionRun]:
    """The paper's runs with the same network and crop; they chose distance and k, and state no rule."""
    return [
        run
        for run in table3()
        if BACKBONES[run.features] == config.feature.backbone and run.crop == config.crop
    ]


def _three(row: dict[str, str], part: str) -> tuple[float, float, float]:
    first, second, mean = (float(row[f"{part}_f1_{name}"]) for name in ("db1", "db2", "mean"))
    return first, second, mean
