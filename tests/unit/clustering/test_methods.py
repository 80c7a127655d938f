"""Trees and cuts against SciPy called directly; k-means and silhouettes against scikit-learn."""

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score

from core.clustering import copies, methods, scaling
from core.config import ClusterSpec
from core.errors import BadChoice
from core.numeric import distances, parallel

PAIRS = [(linkage, metric) for linkage, metrics in methods.METRICS.items() for metric in metrics]
FEATURES = np.random.default_rng(1).normal(size=(60, 7)).astype(np.float32) + 3


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_distances_are_those_of_scipy(metric: str) -> None:
    expected = pdist(FEATURES.astype(np.float64), metric)
    assert np.allclose(distances.condensed_distances(FEATURES, metric), expected, atol=1e-7)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_equal_rows_are_at_no_distance(metric: str) -> None:
    """1000 and its kind lose digits in the product; copies must still be at 0 (cosine: to 1e-15)."""
    row = np.random.default_rng(0).normal(1000, 1, 300)
    assert distances.condensed_distances(np.stack([row, row, row]), metric).max() <= 1e-15


def test_one_row_far_away_leaves_the_other_distances_alone() -> None:
    """The first of 60 rows is 20 million times as long as the others: SciPy's distances, to 1e-7, and copies
    are at 0."""
    rows = np.concatenate([FEATURES.astype(np.float64), FEATURES[5:6]])
    rows[0] *= 2e7
    found, expected = distances.condensed_distances(rows, "euclidean"), pdist(rows)
    assert np.allclose(found, expected, rtol=1e-7)
    assert squareform(found)[5, 60] == 0
    assert np.count_nonzero(found == 0) == 1


@pytest.mark.parametrize(("linkage", "metric"), PAIRS)
def test_tree_is_scipys(linkage: str, metric: str) -> None:
    expected = hierarchy.linkage(pdist(FEATURES.astype(np.float64), metric), linkage)
    merges = methods.linkage_tree(FEATURES, linkage, metric)
    assert merges.shape == (59, 4)
    assert np.allclose(merges, expected, atol=1e-6)


@pytest.mark.parametrize(("linkage", "metric"), PAIRS)
def test_the_fast_tree_is_scipys(linkage: str, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """600 points of 5 groups: the same merges in the same order, heights to 1e-12, cuts label by label."""
    rng = np.random.default_rng(2)
    points = (rng.normal(size=(5, 16))[rng.integers(5, size=600)] + rng.normal(size=(600, 16))).astype("f4")
    expected = hierarchy.linkage(pdist(points.astype(np.float64), metric), linkage)
    monkeypatch.setattr(scaling, "FAST_TREE_FROM", 2)
    merges = methods.linkage_tree(points, linkage, metric)
    assert np.array_equal(merges[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    assert np.abs(merges[:, 2] - expected[:, 2]).max() < 1e-6 * expected[:, 2].max()
    for k in (2, 5, 40):
        assert np.array_equal(methods.cut_tree(merges, k), methods.cut_tree(expected, k))


@pytest.mark.parametrize("linkage", list(methods.METRICS))
def test_the_fast_tree_where_distances_tie(linkage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 5 x 5 grid, each point three times over: 75 points at 25 places. Copies meet first, at height 0, so
    that 25 groups are the places; which neighbours meet next is free, but the same every time."""
    grid = np.stack(np.meshgrid(range(5), range(5)), -1).reshape(-1, 2).astype(float).repeat(3, 0)
    monkeypatch.setattr(scaling, "FAST_TREE_FROM", 2)
    merges = methods.linkage_tree(grid, linkage, "euclidean")
    assert np.array_equal(merges, methods.linkage_tree(grid, linkage, "euclidean"))
    assert methods.cut_tree(merges, 25).tolist() == np.repeat(range(25), 3).tolist()
    assert all(len(set(methods.cut_tree(merges, k))) == k for k in range(1, 76))


def test_distances_have_the_same_bits_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block is computed on one thread, whoever computes it; 1,300 rows are three blocks."""
    rows = np.random.default_rng(3).normal(size=(1300, 40)).astype(np.float32)
    spread = distances.condensed_distances(rows, "euclidean")
    monkeypatch.setattr(parallel, "usable_cores", lambda: 1)
    assert np.array_equal(spread, distances.condensed_distances(rows, "euclidean"))


@pytest.mark.parametrize(("linkage", "metric"), PAIRS)
@pytest.mark.parametrize("k", [1, 2, 3, 10, 59, 60])
def test_cut_is_fclusters_where_nothing_ties(linkage: str, metric: str, k: int) -> None:
    merges = methods.linkage_tree(FEATURES, linkage, metric)
    labels = methods.cut_tree(merges, k)
    assert set(labels) == set(range(k))
    assert adjusted_rand_score(hierarchy.fcluster(merges, k, "maxclust"), labels) == 1


@pytest.mark.parametrize("linkage", list(methods.METRICS))
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8, 9])
def test_cut_gives_exactly_k_groups_also_where_distances_tie(linkage: str, k: int) -> None:
    """A 3 x 3 grid: most distances are 1. SciPy's maxclust gives fewer groups for some k."""
    grid = np.stack(np.meshgrid(range(3), range(3)), -1).reshape(-1, 2).astype(float)
    assert len(set(methods.cut_tree(methods.linkage_tree(grid, linkage, "euclidean"), k))) == k


def test_scipys_own_cut_falls_short_on_the_grid() -> None:
    """Why ``cut`` exists: the case above is a real one."""
    grid = np.stack(np.meshgrid(range(3), range(3)), -1).reshape(-1, 2).astype(float)
    assert len(set(hierarchy.fcluster(hierarchy.linkage(grid, "single"), 4, "maxclust"))) < 4


def test_cut_by_hand() -> None:
    """Points 0, 1, 10, 11, 30: first {0, 1}, {10, 11}, then both together, 30 last."""
    merges = methods.linkage_tree(np.array([[0.0], [1], [10], [11], [30]]), "average", "euclidean")
    cuts = {k: methods.cut_tree(merges, k).tolist() for k in range(1, 6)}
    assert cuts[1] == [0, 0, 0, 0, 0]
    assert cuts[2] == [0, 0, 0, 0, 1]
    assert cuts[3] == [0, 0, 1, 1, 2]
    assert cuts[5] == [0, 1, 2, 3, 4]


def test_kmeans_is_scikit_learns_and_the_same_every_time() -> None:
    labels = methods.kmeans(FEATURES, 4, seed=7)
    expected = KMeans(4, n_init=10, random_state=7).fit(FEATURES).labels_
    assert adjusted_rand_score(expected, labels) == 1
    assert np.array_equal(labels, methods.kmeans(FEATURES, 4, seed=7))


@pytest.mark.parametrize("k", [5, 20])
def test_the_race_finds_what_ten_starts_find(k: int) -> None:
    """5,000 points of 5 overlapping groups: the sum of squares is scikit-learn's, best of 10 whole starts, to
    0.5%, and the same every time, on any number of cores."""
    rng = np.random.default_rng(4)
    points = (rng.normal(size=(5, 32))[rng.integers(5, size=5000)] + rng.normal(size=(5000, 32))).astype("f4")
    labels = methods.kmeans(points, k, seed=1)
    centres = np.stack([points[labels == each].mean(0) for each in range(k)])
    found, expected = (
        ((points - centres[labels]) ** 2).sum(),
        KMeans(k, n_init=10, random_state=1).fit(points),
    )
    print(f"k = {k}: inertia of the race over that of 10 whole starts {found / expected.inertia_:.5f}")
    assert found <= 1.005 * expected.inertia_
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "usable_cores", lambda: 1)
        assert np.array_equal(labels, methods.kmeans(points, k, seed=1))


def test_groups_are_numbered_as_they_appear() -> None:
    labels = methods.renumber(np.array([5, 5, -1, 3, -1, 5]))
    assert labels.tolist() == [0, 0, 1, 2, 1, 0]
    assert labels.dtype == np.int64


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_silhouettes_are_scikit_learns(metric: str) -> None:
    labels = np.arange(60) % 3
    expected = silhouette_samples(FEATURES, labels, metric=metric)
    assert np.allclose(methods.silhouettes(FEATURES, labels, metric), expected)


@pytest.mark.parametrize("labels", [np.zeros(4, int), np.arange(4)], ids=["one cluster", "all alone"])
def test_silhouettes_are_undefined_for_one_cluster_and_for_n(labels: np.ndarray) -> None:
    assert methods.silhouettes(np.eye(4), labels, "euclidean") is None


def test_silhouettes_of_a_large_set_are_a_seeded_sample() -> None:
    """Two far blobs of 1500: the sample's mean is the whole set's to 0.01; a sample of 2000 is taken."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(0, 1, (1500, 2)), rng.normal(8, 1, (1500, 2))])
    labels = np.repeat([0, 1], 1500)
    sample = methods.silhouettes(blobs, labels, "euclidean", seed=1)
    assert sample is not None
    assert len(sample) == methods.SILHOUETTE_SAMPLE
    assert sample.mean() == pytest.approx(silhouette_score(blobs, labels), abs=0.01)
    again = methods.silhouettes(blobs, labels, "euclidean", seed=1)
    assert again is not None
    assert np.array_equal(sample, again)


def test_the_cosine_of_zeros_is_undefined() -> None:
    with pytest.raises(BadChoice, match="Choose Euclidean"):
        methods.linkage_tree(np.array([[0.0, 0], [1, 0], [0, 1]]), "average", "cosine")


def test_one_image_is_no_group() -> None:
    with pytest.raises(BadChoice, match="A single image can't be clustered"):
        methods.linkage_tree(np.ones((1, 3)), "ward", "euclidean")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (ClusterSpec("spectral"), "cluster is one of hierarchical, kmeans; got 'spectral'"),
        (ClusterSpec(linkage="centroid"), "linkage is one of ward, average, complete, single"),
        (ClusterSpec(metric="cosine"), "metric of ward linkage is euclidean; got 'cosine'"),
        (ClusterSpec(linkage="average", metric="l1"), "average linkage is euclidean or cosine; got 'l1'"),
        (ClusterSpec("kmeans", "average", "cosine"), "metric of k-means is euclidean; got 'cosine'"),
    ],
)
def test_choices_that_do_not_go_together(spec: ClusterSpec, reason: str) -> None:
    with pytest.raises(BadChoice, match=reason):
        methods.check_spec(spec)


@pytest.mark.parametrize(("linkage", "metric"), PAIRS)
def test_choices_that_go_together(linkage: str, metric: str) -> None:
    spec = ClusterSpec(linkage=linkage, metric=metric)
    assert methods.check_spec(spec) is spec


def test_k_has_bounds_that_say_why() -> None:
    """Four images, two of them copies: three are distinct."""
    distinct = copies.count_distinct(np.array([[0.0], [1], [2], [2]]), 5)
    methods.check_k(3, 4, distinct)
    with pytest.raises(BadChoice, match=r"k is 5, but this data set has 4 images\. Choose k up to 4\."):
        methods.check_k(5, 4, distinct)
    with pytest.raises(BadChoice, match=r"only 3 of the 4 images.*Choose k up to 3\."):
        methods.check_k(4, 4, distinct)
    methods.check_k(1, 4, copies.count_distinct(np.zeros((4, 1)), 2))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("k", [1, 7, 8, 9, 24])
def test_kmeans_of_copies_gives_exactly_k_groups_as_a_tree_does(k: int) -> None:
    """24 rows at 8 places: up to k = 8 no copies are separated; beyond, every place is apart from the others
    and copies are split, so that no group is empty. No warning of scikit-learn's either."""
    rows = np.repeat(np.random.default_rng(0).normal(size=(8, 3)), 3, axis=0)
    labels = methods.kmeans(rows, k, seed=0)
    assert sorted(set(labels.tolist())) == list(range(k))
    places = np.repeat(np.arange(8), 3)
    if k <= 8:
        assert all(len(set(labels[places == place])) == 1 for place in range(8))
    else:
        assert all(len(set(places[labels == label])) == 1 for label in range(k))


def test_the_race_leaves_no_group_empty_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "RACE_FROM", 10)
    rows = np.repeat(np.random.default_rng(0).normal(size=(4, 3)), 6, axis=0)
    assert sorted(set(methods.kmeans(rows, 9, seed=0).tolist())) == list(range(9))


@pytest.mark.parametrize(("n", "ks"), [(3, [2]), (5, [2, 3, 4]), (100, [*range(2, 11)])])
def test_the_range_that_auto_tries(n: int, ks: list[int]) -> None:
    """From 2 to 10, and fewer clusters than images, for the silhouette is undefined beyond."""
    assert list(methods.auto_ks(n, n)) == ks


def test_two_images_are_too_few_for_auto() -> None:
    with pytest.raises(BadChoice, match="2 images are too few to select k"):
        methods.auto_ks(2, 2)
