"""Grouping features: k-means, and hierarchical clustering as one tree that is cut at every k.

The paper names both and leaves linkage and metric open; the authors' later code uses Ward, Euclidean.
"""

from collections.abc import Mapping

import numpy as np

from core.errors import BadChoice
from core.values import ClusterSpec

VERSION = 2
METHODS = ("hierarchical", "kmeans")
METRICS: Mapping[str, tuple[str, ...]] = {
    "ward": ("euclidean",),
    "average": ("euclidean", "cosine"),
    "complete": ("euclidean", "cosine"),
    "single": ("euclidean", "cosine"),
}
AUTO_RANGE = range(2, 11)
SILHOUETTE_SAMPLE = 2000
BLOCK = 512  # rows of distances that are held at a time


def check(spec: ClusterSpec) -> ClusterSpec:
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


def check_k(features: np.ndarray, k: int) -> None:
    """Raises BadChoice where k groups can't be told apart."""
    n = len(features)
    if k > n:
        raise BadChoice(f"k is {k}, but this set has {n} images. Choose k up to {n}.")
    if k > 1 and k > (distinct := distinct_rows(features)):
        raise BadChoice(
            f"k is {k}, but only {distinct} of the {n} images have features of their own; the others are "
            f"copies. Choose k up to {distinct}."
        )


def tree(features: np.ndarray, linkage: str, metric: str) -> np.ndarray:
    """SciPy's linkage matrix (n - 1, 4) of (n, d) features: one merge a row, by rising distance."""
    from scipy.cluster import hierarchy

    if len(features) < 2:
        raise BadChoice("One image can't be grouped. Import more images.")
    return hierarchy.linkage(condensed_distances(features, metric), linkage)


def condensed_distances(features: np.ndarray, metric: str) -> np.ndarray:
    """Pairwise distances as SciPy's condensed vector, by matrix products in float64, a block of rows each.

    No square matrix is held: of 10,000 images the vector takes 400 MB, the matrix would take 800.
    """
    rows = np.asarray(features, np.float64)
    if metric == "cosine":
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if (norms == 0).any():
            raise BadChoice("The cosine is undefined for a feature vector of zeros. Choose Euclidean.")
        rows = rows / norms
    squares = (rows**2).sum(1)
    n, place = len(rows), 0
    condensed = np.empty(n * (n - 1) // 2)
    for first in range(0, n - 1, BLOCK):
        block = rows[first : first + BLOCK] @ rows[first:].T
        if metric == "cosine":
            np.clip(1 - block, 0, 2, out=block)
        else:
            _euclidean(block, squares[first : first + BLOCK], squares[first:], squares.max())
        for i, row in enumerate(block[: n - 1 - first]):
            condensed[place : place + len(row) - i - 1] = row[i + 1 :]
            place += len(row) - i - 1
    return condensed


def _euclidean(products: np.ndarray, first: np.ndarray, second: np.ndarray, largest: float) -> None:
    """Distances in place of scalar products; equal rows are at 0, not at what cancellation leaves."""
    products *= -2
    products += first[:, None]
    products += second
    products[products < 1e-12 * largest] = 0
    np.sqrt(products, out=products)


def cut(merges: np.ndarray, k: int) -> np.ndarray:
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
    return ordered(component[:n])


def kmeans(features: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Labels 0..k-1 (n,) of the best of 10 k-means++ starts (scikit-learn)."""
    from sklearn.cluster import KMeans

    return ordered(KMeans(k, n_init=10, random_state=seed).fit_predict(features))


def ordered(labels: np.ndarray) -> np.ndarray:
    """The same groups, numbered in the order in which they first appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def silhouettes(features: np.ndarray, labels: np.ndarray, metric: str, seed: int = 0) -> np.ndarray | None:
    """Silhouette of each image (Rousseeuw 1987), of a seeded sample in larger sets; None if undefined."""
    from sklearn.metrics import silhouette_samples

    if len(labels) > SILHOUETTE_SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(labels), SILHOUETTE_SAMPLE, replace=False)
        features, labels = features[chosen], labels[chosen]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return None
    return np.asarray(silhouette_samples(features, labels, metric=metric))


def auto_range(distinct: int, n: int) -> range:
    """The numbers of clusters that ``auto`` tries among n images with so many distinct features."""
    usable = range(AUTO_RANGE.start, min(AUTO_RANGE.stop, distinct + 1, n))
    if not usable:
        few = f"{n} images are" if distinct == n else f"Only {distinct} of the {n} images differ, which is"
        raise BadChoice(f"{few} too few to choose k by silhouette. Give k as a number.")
    return usable


def distinct_rows(features: np.ndarray) -> int:
    return len(np.unique(features, axis=0))
