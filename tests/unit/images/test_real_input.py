"""The main job on real generative models' images of real slices, where they are at hand."""

from pathlib import Path

from core.attribution.pipeline import Pipeline
from core.config import ClusterSpec, PipelineConfig, ReduceSpec
from core.engine import Engine
from core.experiments import sweep
from core.features import catalog
from core.images.importing.importer import import_path
from core.images.library import Library
from core.paper import tables
from core.store import Store
from tests.support.samples import Counting


def test_three_generators_are_told_apart(shared_data: Path, library: Library, store: Store) -> None:
    """A scikit-learn notebook reaches these ARIs with the same features: 1.00, 0.98, 0.99 (its README)."""
    report = import_path(shared_data / "attribution-dev", "dev", library)
    assert len(report.image_set) == 600
    assert not report.refused
    pipeline = Pipeline(store, library)

    def ari(variance: float | None, method: str) -> float:
        config = PipelineConfig(catalog.spec(), ReduceSpec(variance), ClusterSpec(method))
        return round(pipeline.attribute(report.image_set, config).agreement.scores["ari"].value or 0, 2)

    assert (ari(None, "hierarchical"), ari(0.95, "hierarchical"), ari(None, "kmeans")) == (1.0, 0.98, 0.99)


def test_table_2s_rows_that_need_no_download_share_every_stage(shared_data: Path, library: Library) -> None:
    """Six rows: LBP as one number by k-means and Ward; EfficientNet by both, with and without PCA. So two
    embeddings of 600 images, a PCA each (LBP's is for the map), three trees, six clusterings; then none."""
    image_set = import_path(shared_data / "attribution-dev", "dev", library).image_set
    store = Counting()
    made = store.made
    listed = tables.listed(tables.lines("2"))
    swept = sweep.evaluate_all(Engine(store, library), [image_set], listed)
    assert sum(row.error is None for row in swept.rows) == 6
    stages = ("embeddings", "networks", "pca", "tree", "clusters")
    assert {name: made[name] for name in stages} == dict(zip(stages, (1200, 1, 2, 3, 6), strict=True))
    made.clear()
    again = sweep.evaluate_all(Engine(store, library), [image_set], listed)
    assert not made
    assert [row.score for row in again.rows] == [row.score for row in swept.rows]
    store.close()


def test_a_membership_set_is_recognised(shared_data: Path, library: Library) -> None:
    """Counts and copies as the data's README and groups.csv say."""
    image_set = import_path(shared_data / "membership-dev" / "DB1", "DB1", library).image_set
    assert image_set.counts("role") == {"generated": 600, "real_not_used": 101, "real_used": 100}
    assert sum(file.group is not None for file in image_set.files) == 201
