"""The main job on real generative models' images of real slices, where they are at hand."""

from pathlib import Path

from core import features
from core.images.importing import import_path
from core.images.library import Library
from core.pipeline import Pipeline
from core.store import Store
from core.values import ClusterSpec, PipelineConfig, ReduceSpec


def test_three_generators_are_told_apart(shared_data: Path, library: Library, store: Store) -> None:
    """A scikit-learn notebook reaches these ARIs with the same features: 1.00, 0.98, 0.99 (its README)."""
    report = import_path(shared_data / "attribution-dev", "dev", library)
    assert len(report.image_set) == 600
    assert not report.refused
    pipeline = Pipeline(store, library)

    def ari(variance: float | None, method: str) -> float:
        config = PipelineConfig(features.spec(), ReduceSpec(variance), ClusterSpec(method))
        return round(pipeline.attribute(report.image_set, config).agreement.scores["ari"].value or 0, 2)

    assert (ari(None, "hierarchical"), ari(0.95, "hierarchical"), ari(None, "kmeans")) == (1.0, 0.98, 0.99)


def test_a_membership_set_is_recognised(shared_data: Path, library: Library) -> None:
    """Counts and copies as the data's README and groups.csv say."""
    image_set = import_path(shared_data / "membership-dev" / "DB1", "DB1", library).image_set
    assert image_set.counts("role") == {"generated": 600, "real_not_used": 101, "real_used": 100}
    assert sum(file.group is not None for file in image_set.files) == 201
