"""The paper's tables 2 to 5 as configurations, each with the printed numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.config import (
    ClusterSpec,
    FeatureSpec,
    MembershipConfig,
    PipelineConfig,
    ReconstructionConfig,
    ReduceSpec,
)
from core.engine import Config
from core.experiments.grid import Listed
from core.features import catalog, weights
from core.features.custom import registry
from core.paper.reference import BACKBONES, Reference, RegionRun, references_of, table3, table4
from core.paper.reference import TABLE3_BACKBONES as REGION_BACKBONES

ATTRIBUTIONS, MEMBERSHIPS = ("2", "5"), ("3", "4")
CAPTIONS = {
    "2": "Model attribution, development set: ARI by backbone, PCA and clustering.",
    "3": "Training data, cluster-distance attack: F1 by crop, backbone, distance and k.",
    "4": "Training data, reconstruction attack: F1 by decision.",
    "5": "Model attribution, test set: ARI of the submitted runs.",
}
REMARKS = {
    "2": "ResNet50 without PCA, hierarchical, is printed as 0.1, which is probably 1. EfficientNet keeps 3 "
    "features at 95% of the variance, while other networks keep more than a hundred. LBP is a single "
    "feature; its radius, points and method are not specified.",
    "3": "Always predicting “used” scores F1 = 0.667 on a balanced data set, more than any test F1 here. The "
    "decision rule is not specified.",
    "4": "On DB1, run 7 predicts “used” for almost no image and run 8 for almost all (recall 0.978, "
    "precision 0.500): its 0.661 is the trivial baseline.",
    "5": "The abstract gives 0.996 for the best run, the table 0.9971; the text and the table swap DenseNet "
    "and MobileNetV2.",
}
STAND_IN = {
    "efficientnet_b0": "efficientnet_lite0"
}  # the variant is not stated; this one's weights are bundled


@dataclass(frozen=True)
class Line:
    """``theirs``: the printed numbers by column. ``run``: the number of the submitted run, or of the row."""

    name: str
    config: Config
    theirs: Mapping[str, float]
    remark: str = ""
    run: int = 0


def lines(table: str, untrained: bool = False, linkage: str = "ward") -> list[Line]:
    """``untrained``: networks whose weights are not here run with random ones, for the form alone."""
    if table in ATTRIBUTIONS:
        rows = references_of(f"table {table}")
        found = [_attribution(row, linkage, number) for number, row in enumerate(rows, 1)]
    else:
        found = [_region(run) for run in table3()] if table == "3" else _reconstructions()
    return [_as_it_can_run(line, untrained) for line in found]


def fitting(real: bool) -> tuple[str, str]:
    """The tables that can be made from a data set with, or without, real images."""
    return MEMBERSHIPS if real else ATTRIBUTIONS


def listed(found: list[Line]) -> Listed:
    """Fixed beforehand, not chosen: each is reported on test."""
    return Listed(tuple(line.config for line in found), each_on_test=True)


def ours(row: Mapping[str, Any]) -> tuple[float, list[float] | None] | None:
    """Of a sweep's row (as JSON) the number to set beside the paper's, and its interval: ARI, or F1 on test
    (on development where there is no test set)."""
    part, name = (row, "ari") if "ari" in row else (row.get("test", row), "f1")
    return None if row["error"] or part.get(name) is None else (part[name], part.get(f"{name}_ci"))


def _attribution(row: Reference, linkage: str, number: int) -> Line:
    options = {"output": "number"} if row.features == "LBP" else None
    cluster = ClusterSpec(row.method.replace("-", ""), linkage if row.method == "hierarchical" else "ward")
    config = PipelineConfig(
        catalog.spec(BACKBONES[row.features], options=dict(options or {})),
        ReduceSpec(row.variance),
        cluster,
    )
    share = "" if row.variance is None else f", PCA {100 * row.variance:g}%"
    return Line(f"{row.features}{share}, {row.method}", config, {"ARI": row.ari}, row.remark, number)


def _region(run: RegionRun) -> Line:
    spec = catalog.spec(REGION_BACKBONES[run.features])
    config = MembershipConfig(spec, run.crop, distance=run.distance, k=run.k)
    theirs = {
        f"F1 {part} {name}": value
        for part, values in (("dev.", run.train_f1), ("test", run.test_f1))
        for name, value in zip(("DB1", "DB2", "mean"), values, strict=True)
    }
    name = f"run {run.run}: {run.crop}, {run.features}, {run.distance}, k = {run.k}"
    return Line(name, config, theirs, run=run.run)


def _reconstructions() -> list[Line]:
    """A run is two rows of the table, one a data set."""
    found: dict[str, Line] = {}
    for row in table4():
        decision = "ssim" if row["reduction"] == "SSIM" else "mse"
        name = f"run {row['run']}: {row['reduction']}"
        config = ReconstructionConfig(decision=decision)
        line = found.get(name, Line(name, config, {}, run=int(row["run"])))
        found[name] = replace(line, theirs={**line.theirs, f"F1 test {row['dataset']}": float(row["f1"])})
    means = {name: sum(line.theirs.values()) / len(line.theirs) for name, line in found.items()}
    return [
        replace(line, theirs={**line.theirs, "F1 test mean": means[name]}) for name, line in found.items()
    ]


def _as_it_can_run(line: Line, untrained: bool) -> Line:
    if isinstance(line.config, ReconstructionConfig):
        return line
    feature, remark = _here(line.config.feature, untrained)
    both = " ".join(text for text in (line.remark and f"{line.remark}.", remark) if text)
    return replace(line, config=replace(line.config, feature=feature), remark=both)


def _here(feature: FeatureSpec, untrained: bool) -> tuple[FeatureSpec, str]:
    if (
        not catalog.is_network(feature.backbone)
        or weights.find(registry.network(feature.backbone)) is not None
    ):
        return feature, ""
    if feature.backbone in STAND_IN:
        other = STAND_IN[feature.backbone]
        return catalog.spec(other), f"Evaluated with {catalog.title(other)}."
    if untrained:
        return catalog.spec(
            feature.backbone, weights=catalog.UNTRAINED
        ), "Untrained network: placeholder values."
    return feature, ""
