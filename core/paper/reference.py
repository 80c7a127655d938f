"""The numbers of the paper.

Andrei et al., "AI Multimedia Lab at ImageCLEFmedical GANs 2024", CLEF 2024 working notes, CC BY 4.0.
Tables 2 (development) and 5 (test) are ARIs, table 3 is F1 of membership inference by regions ("training" is
development). All are on the challenge's images, which can't be shipped and differ from ours: compare the
order of the values, not the values.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from core.config import FULL, MembershipConfig, PipelineConfig

BACKBONES = {
    "VGG-16": "vgg16",
    "LBP": "lbp",
    "ResNet50": "resnet50",
    "MobileNetV2": "mobilenet_v2",
    "EfficientNet": "efficientnet_b0",  # the variant is not stated; 1280 features and later code say B0
    "DenseNet-121": "densenet121",
}
TABLE3_BACKBONES = {"ResNet": "resnet50", "DenseNet": "densenet121"}
TABLE3 = Path(__file__).with_name("table3.csv")
TABLE4 = Path(__file__).with_name("table4.csv")
REMARKS: dict[tuple[str, str, float | None, str], str] = {
    ("table 2", "ResNet50", None, "hierarchical"): "printed as 0.1, probably 1",
}


@dataclass(frozen=True)
class Reference:
    """One ARI of the paper for a configuration."""

    table: str
    part: str
    features: str
    variance: float | None
    method: str
    ari: float
    remark: str = ""


def references(config: PipelineConfig) -> list[Reference]:
    """The paper's ARIs for the same backbone, PCA share and clustering; the linkage is not stated there."""
    feature = config.feature
    if dict(feature.options).get("output") == "histogram" or config.crop != FULL:
        return []  # the paper's LBP is one number, and it groups whole images
    return [
        row
        for row in _rows()
        if BACKBONES[row.features] == feature.backbone
        and row.variance == config.reduce.variance
        and row.method.replace("-", "") == config.cluster.method
    ]


def references_of(table: str) -> list[Reference]:
    """The rows of a table, as printed."""
    return [row for row in _rows() if row.table == table]


def _rows() -> list[Reference]:
    rows = []
    for table, part in (("table 2", "development"), ("table 5", "test")):
        path = Path(__file__).with_name(f"{table.replace(' ', '')}.csv")
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                variance = float(row["pca_variance"]) if row["pca_variance"] else None
                remark = REMARKS.get((table, row["features"], variance, row["clustering"]), "")
                reference = Reference(
                    table, part, row["features"], variance, row["clustering"], float(row["ari"]), remark
                )
                rows.append(reference)
    return rows


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
    with open(TABLE3, newline="", encoding="utf-8") as file:
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


def table4() -> list[dict[str, str]]:
    """As printed: run, reduction, dataset, accuracy, precision, recall, f1."""
    with open(TABLE4, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def same_regions(config: MembershipConfig) -> list[RegionRun]:
    """The paper's runs with the same network and crop; they chose distance and k, and state no rule."""
    return [
        run
        for run in table3()
        if TABLE3_BACKBONES[run.features] == config.feature.backbone and run.crop == config.crop
    ]


def _three(row: dict[str, str], part: str) -> tuple[float, float, float]:
    first, second, mean = (float(row[f"{part}_f1_{name}"]) for name in ("db1", "db2", "mean"))
    return first, second, mean
