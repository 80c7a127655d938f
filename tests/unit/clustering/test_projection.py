import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from core.clustering.projection import pca_map, umap_map
from core.errors import BadChoice


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_flat_is_the_first_two_components(columns: int) -> None:
    """A second component that is missing is 0."""
    scores = np.arange(4.0 * columns).reshape(4, columns)
    expected = scores[:, :2] if columns > 1 else np.column_stack([scores[:, 0], np.zeros(4)])
    assert np.array_equal(pca_map(scores), expected)


def test_umap_of_too_few() -> None:
    with pytest.raises(BadChoice, match="4 images: too few for UMAP"):
        umap_map(np.eye(4), 0)


def test_umap_of_images_that_are_all_the_same() -> None:
    """Distances of 0 alone would give positions that are no numbers."""
    with pytest.raises(BadChoice, match="All images have the same features"):
        umap_map(np.ones((30, 5)), 0)


def test_umap_of_one_component_has_positions_for_all() -> None:
    """What a small share of variance leaves of a PCA."""
    features = np.repeat(np.arange(10.0), 3)[:, None] * 100 + np.tile([0.0, 0.1, 0.2], 10)[:, None]
    points = umap_map(features, 0)
    assert points.shape == (30, 2)
    assert np.isfinite(points).all()


def test_umap_keeps_far_groups_apart_and_is_the_same_every_time() -> None:
    """Two blobs 100 standard deviations apart stay separate: a silhouette above 0.5."""
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (10, 4)), rng.normal(100, 1, (10, 4))])
    points = umap_map(features, seed=0)
    assert points.shape == (20, 2)
    assert silhouette_score(points, np.repeat([0, 1], 10)) > 0.5
    assert np.array_equal(points, umap_map(features, seed=0))
