"""Grouping features: k-means, and hierarchical clustering as one tree that is cut at every k.

The paper names both and leaves linkage and metric open; the authors' later code uses Ward, Euclidean.
"""

import warnings
from collections.abc import Mapping

import numpy as np

from core.clustering import copies, scaling
from core.config import ClusterSpec
from core.errors import BadChoice
from core.numeric import parallel
from core.numeric.blocks import Rows
from core.numeric.distances import condensed_distances
from core.wording import counted

VERSION = 3
METHODS = ("hierarchical", "kmeans")
METRICS: Mapping[str, tuple[str, ...]] = {
    "ward": ("euclidean",),
    "average": ("euclidean", "cosine"),
    "complete": ("euclidean", "cosine"),
    "single": ("euclidean", "cosine"),
}
AUTO_RANGE = range(2, 11)
SILHOUETTE_SAMPLE = 2000
STARTS = 10  # of k-means
ROUNDS, FINALISTS = 6, 2  # of a race: rounds of each start, and how many go on from there
START_SAMPLE, START_ROWS = 1000, 10  # rows that a start is chosen among: at least so many, and a cluster


def check_spec(spec: ClusterSpec) -> ClusterSpec:
    """The spec, if its method, linkage and metric go together. Raises BadChoice."""
    if spec.method not in METHODS:
        raise BadChoice(f"cluster is one of {', '.join(METHODS)}; got '{spec.method}'.")
    if spec.linkage not in METRICS:
        raise BadChoice(f"linkage is one of {', '.join(METRICS)}; got '{spec.linkage}'.")
    allowed = METRICS[spec.linkage] if spec.method == "hierarchical" else ("euclidean",)
    if spec.metric not in allowed:
        what = f"{spec.linkage} linkage" if spec.method == "hierarchical" else "k-means"
        raise BadChoice(f"The metric of {what} is {' or '.join(allowed)}; got '{spec.metric}'.")
    return spec


def check_k(k: int, n: int, distinct: int) -> None:
    """Raises BadChoice where k groups of n images, of which so many are distinct, can't be told apart."""
    if k > n:
        raise BadChoice(f"k is {k}, but this data set has {counted(n, 'image')}. Choose k up to {n}.")
    if k > 1 and k > distinct:
        raise BadChoice(
            f"k is {k}, but only {distinct} of the {n} images have distinct features; the others are "
            f"duplicates. Choose k up to {distinct}."
        )


def linkage_tree(features: np.ndarray, linkage: str, metric: str) -> np.ndarray:
    """SciPy's linkage matrix (n - 1, 4) of (n, d) features: one merge a row, by rising distance."""
    if len(features) < 2:
        raise BadChoice("A single image can't be clustered. Import more images.")
    distances = condensed_distances(features, metric)
    if len(features) < scaling.FAST_TREE_FROM:
        from scipy.cluster import hierarchy

        return hierarchy.linkage(distances, linkage)
    import fastcluster

    merges = np.empty((len(features) - 1, 4))
    # What its function linkage() calls after copying the distances, of which there may be gigabytes.
    fastcluster.linkage_wrap(len(features), distances, merges, fastcluster.mthidx[linkage])
    return merges


def cut_tree(merges: np.ndarray, k: int) -> np.ndarray:
    """Labels 0..k-1 (n,) of a tree with its last k - 1 merges undone; numbered by first appearance.

    Exactly k groups also where distances tie, which SciPy's ``fcluster(maxclust)`` does not promise.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(merges) + 1
    done = merges[: n - k, :2].astype(np.int64)
    parents = np.repeat(np.arange(n, n + len(done)), 2)
    links = coo_array((np.ones(len(parents)), (parents, done.ravel())), shape=(2 * n - 1, 2 * n - 1))
    _, component = connected_components(links, directed=False)
    return renumber(component[:n])


def kmeans(features: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Labels 0..k-1 (n,) of the best of 10 k-means++ starts (scikit-learn); of a race among them, where
    there are many images. Exactly k groups, as ``cut_tree`` makes them: where fewer than k rows are distinct,
    copies are split.
    """
    from sklearn.cluster import KMeans

    if len(features) >= scaling.RACE_FROM:
        return split_copies(kmeans_race(features, k, seed)[0], k)
    places = min(k, copies.count_distinct(features, k))
    return split_copies(KMeans(places, n_init=STARTS, random_state=seed).fit_predict(features), k)


def split_copies(labels: np.ndarray, k: int) -> np.ndarray:
    """The same groups, numbered as they appear; where they are fewer than k, the last images of groups of
    several are groups of their own."""
    labels = renumber(labels)
    for place in range(len(labels) - 1, -1, -1):
        if (found := int(labels.max()) + 1) >= k:
            break
        if np.count_nonzero(labels == labels[place]) > 1:
            labels[place] = found
    return renumber(labels)


def kmeans_race(features: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) and centres (k, d) by k-means whose starts go a few rounds each, the best to the end.

    A start is k-means++ on a sample: among all rows it would take longer than the rounds themselves.
    """
    from sklearn.cluster import KMeans, kmeans_plusplus
    from sklearn.exceptions import ConvergenceWarning

    rng = np.random.default_rng(seed)
    size = min(len(features), max(START_SAMPLE, START_ROWS * k))
    samples = [rng.choice(len(features), size, replace=False) for _ in range(STARTS)]

    def start(number: int) -> "KMeans":
        centres, _ = kmeans_plusplus(features[samples[number]], k, random_state=seed)
        return KMeans(k, init=centres, n_init=1, max_iter=ROUNDS, tol=0).fit(features)

    def finish(tried: "KMeans") -> "KMeans":
        return KMeans(k, init=tried.cluster_centers_, n_init=1).fit(features)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer distinct rows than k: copies are split
        tried = sorted(parallel.map_in_threads(start, range(STARTS)), key=lambda each: each.inertia_)
        best = min(parallel.map_in_threads(finish, tried[:FINALISTS]), key=lambda each: each.inertia_)
    return best.labels_, best.cluster_centers_


def renumber(labels: np.ndarray) -> np.ndarray:
    """The same groups, numbered in the order in which they first appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def silhouettes(features: Rows, labels: np.ndarray, metric: str, seed: int = 0) -> np.ndarray | None:
    """Silhouette of each image (Rousseeuw 1987), of a seeded sample in larger sets; None if undefined."""
    from sklearn.metrics import silhouette_samples

    if len(labels) > SILHOUETTE_SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(labels), SILHOUETTE_SAMPLE, replace=False)
        features, labels = features[chosen], labels[chosen]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return None
    return np.asarray(silhouette_samples(features[:], labels, metric=metric))


def auto_ks(distinct: int, n: int) -> range:
    """The numbers of clusters that ``auto`` tries among n images with so many distinct features."""
    usable = range(AUTO_RANGE.start, min(AUTO_RANGE.stop, distinct + 1, n))
    if not usable:
        few = f"{n} images are" if distinct == n else f"Only {distinct} of the {n} images differ, which is"
        raise BadChoice(f"{few} too few to select k by silhouette. Enter k as a number.")
    return usable
