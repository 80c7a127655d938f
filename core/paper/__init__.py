"""The numbers of the paper, to stand beside ours.

Andrei et al., "AI Multimedia Lab at ImageCLEFmedical GANs 2024", CLEF 2024 working notes, CC BY 4.0.
Tables 2 (development) and 5 (test) are ARIs on the challenge's sets, which can't be shipped: other
images than ours, so a value to compare the order of, not to reach.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from core.values import FULL, PipelineConfig

BACKBONES = {
    "VGG-16": "vgg16",
    "LBP": "lbp",
    "ResNet50": "resnet50",
    "MobileNetV2": "mobilenet_v2",
    "EfficientNet": "efficientnet_b0",  # the variant is not stated; 1280 features and later code say B0
    "DenseNet-121": "densenet121",
}
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
