"""Distances to clusters, against a plain loop over clusters and against the tree's own cuts."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.clustering import methods
from core.errors import BadChoice
from core.membership import distances


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 5)), rng.normal(size=(7, 5))


def by_hand(generated: np.ndarray, real: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """min and avg of the distances to the clusters' means, cluster by cluster."""
    centres = np.stack([generated[labels == label].mean(0) for label in np.unique(labels)])
    apart = cdist(real, centres)
    return np.stack([apart.min(1), apart.mean(1)])


@pytest.mark.parametrize("linkage", list(methods.METRICS))
def test_every_cut_of_a_tree(linkage: str, rows: tuple[np.ndarray, np.ndarray]) -> None:
    generated, real = rows
    merges = methods.linkage_tree(generated, linkage, "euclidean")
    ks = (1, 2, 5, 17, 39, 40)
    found = distances.by_tree(generated, merges, real, ks)
    assert found.shape == (2, len(ks), len(real))
    for place, k in enumerate(ks):
        expected = by_hand(generated, real, methods.cut_tree(merges, k))
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-9)


def test_a_single_k_and_any_order_of_k(rows: tuple[np.ndarray, np.ndarray]) -> None:
    generated, real = rows
    merges = methods.linkage_tree(generated, "ward", "euclidean")
    several = distances.by_tree(generated, merges, real, (9, 3))
    np.testing.assert_allclose(several[:, 1], distances.by_tree(generated, merges, real, (3,))[:, 0])


def test_kmeans(rows: tuple[np.ndarray, np.ndarray]) -> None:
    generated, real = rows
    labels = {k: methods.kmeans(generated, k, 0) for k in (2, 6)}
    found = distances.by_kmeans(generated, real, (2, 6), labels.__getitem__)
    for place, k in enumerate((2, 6)):
        np.testing.assert_allclose(found[:, place], by_hand(generated, real, labels[k]), rtol=1e-9)


def test_copies_of_one_image_are_at_distance_0() -> None:
    """Ties in the tree, and a real image that is one of the generated."""
    generated = np.repeat(np.eye(3), 4, 0)
    merges = methods.linkage_tree(generated, "ward", "euclidean")
    found = distances.by_tree(generated, merges, np.eye(3), (3,))
    assert found[0, 0] == pytest.approx([0, 0, 0], abs=1e-7)
    assert found[1, 0] == pytest.approx([2 * 2**0.5 / 3] * 3)


def test_k_beyond_the_images_is_one_sentence(rows: tuple[np.ndarray, np.ndarray]) -> None:
    generated, real = rows
    with pytest.raises(BadChoice, match="k is 41, but this data set has 40 generated images"):
        distances.by_tree(generated, methods.linkage_tree(generated, "ward", "euclidean"), real, (2, 41))


def test_the_sweep_has_the_papers_thirty() -> None:
    """Its table 3 names 4, 8, 10, 20, 50 and 60."""
    assert len(distances.SWEEP) == len(set(distances.SWEEP)) == 30
    assert {4, 8, 10, 20, 50, 60} <= set(distances.SWEEP)
    assert max(distances.sweep_ks(57)) == 55
