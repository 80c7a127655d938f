"""Groups of more images than a tree or whole passes of k-means can hold: mini-batches, and prototypes.

A tree of a million images is built over k-means centres, each weighing as much as the images that are nearest
to it, by the very merges that Ward and the others would make of clusters of that size; an image hangs under
its prototype. Rows stand in the order of hashes, so that blocks of them are random samples.
"""

from collections.abc import Callable

import numpy as np

from core.clustering import scaling
from core.clustering.methods import kmeans_race
from core.numeric import parallel
from core.numeric.blocks import BLOCK, Matrix, Prepared, Rows, blocks
from core.numeric.distances import condensed_distances, unit_rows
from core.numeric.parallel import one_thread

ROUNDS = 5  # of k-means on the sample, before the mini-batches


def minibatch_kmeans(rows: Rows, k: int, seed: int) -> np.ndarray:
    """Labels (n,) by k-means whose centres start from a sample and go on by one pass of mini-batches."""
    return nearest_centres(rows, _passed(rows, kmeans_race(_sample(rows, seed), k, seed)[1], seed))


def find_prototypes(rows: np.ndarray | Matrix, metric: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) of the nearest centre, and the centres (p, d), of which none is without an image."""
    from sklearn.cluster import KMeans

    seen: Rows = Prepared(rows, unit_rows) if metric == "cosine" else rows
    sample = _sample(seen, seed)
    k = min(scaling.PROTOTYPES, len(sample))
    first = sample[np.random.default_rng(seed).choice(len(sample), k, replace=False)]
    with one_thread():
        start = KMeans(k, init=first, n_init=1, max_iter=ROUNDS, tol=0).fit(sample).cluster_centers_
    del sample
    centres = _passed(seen, start, seed)
    used, labels = np.unique(nearest_centres(seen, centres), return_inverse=True)
    return labels, centres[used]


def nearest_centres(rows: Rows, centres: np.ndarray) -> np.ndarray:
    """The place (n,) of each row's nearest centre, block by block on all cores."""
    half = (centres**2).sum(1) / 2
    size = max(256, BLOCK * 256 // max(256, len(centres)))

    def of(first: int) -> np.ndarray:
        return np.asarray((rows[first : first + size] @ centres.T - half).argmax(1))

    return np.concatenate(parallel.map_in_threads(of, range(0, len(rows), size)))


def tree(labels: np.ndarray, centres: np.ndarray, linkage: str, metric: str) -> np.ndarray:
    """A linkage matrix (n - 1, 4) over all images: first, at height 0, those of each prototype."""
    return expand_tree(labels, prototype_tree(labels, centres, linkage, metric))


def prototype_tree(labels: np.ndarray, centres: np.ndarray, linkage: str, metric: str) -> np.ndarray:
    """The linkage matrix (p - 1, 4) over the prototypes alone."""
    weights = np.bincount(labels, minlength=len(centres)).astype(float)
    return weighted_linkage(condensed_distances(centres, metric), weights, linkage)


def weighted_linkage(distances: np.ndarray, weights: np.ndarray, linkage: str) -> np.ndarray:
    """SciPy's tree (p - 1, 4) of points that stand for ``weights`` images each, by the nearest-neighbour
    chain (Murtagh 1983) and Lance and Williams' updates; where all weigh 1, it is SciPy's own."""
    from scipy.spatial.distance import squareform

    far = squareform(distances)
    weights, count = weights.astype(float), len(weights)
    if linkage == "ward":
        far *= np.sqrt(2 * np.multiply.outer(weights, weights) / np.add.outer(weights, weights))
    np.fill_diagonal(far, np.inf)
    merges = np.empty((count - 1, 4))
    chain: list[int] = []
    alive = np.ones(count, bool)
    for step in range(count - 1):
        if not chain:
            chain = [int(alive.argmax())]
        while True:
            row = far[chain[-1]]
            near = int(row.argmin())
            if len(chain) > 1 and row[chain[-2]] <= row[near]:
                break
            chain.append(near)
        i, j = sorted((chain.pop(), chain.pop()))
        merges[step] = i, j, far[i, j], 0
        merged = UPDATES[linkage](far[i], far[j], far[i, j], weights[i], weights[j], weights)
        weights[j] += weights[i]
        alive[i] = False
        merged[~alive] = merged[j] = np.inf
        far[j], far[:, j] = merged, merged
        far[i], far[:, i] = np.inf, np.inf
    return _named(merges)


Update = Callable[[np.ndarray, np.ndarray, float, float, float, np.ndarray], np.ndarray]
UPDATES: dict[str, Update] = {
    "ward": lambda a, b, ab, wa, wb, w: np.sqrt(
        np.maximum((wa + w) * a**2 + (wb + w) * b**2 - w * ab**2, 0) / (wa + wb + w)
    ),
    "average": lambda a, b, ab, wa, wb, w: (wa * a + wb * b) / (wa + wb),
    "complete": lambda a, b, ab, wa, wb, w: np.maximum(a, b),
    "single": lambda a, b, ab, wa, wb, w: np.minimum(a, b),
}


def _named(merges: np.ndarray) -> np.ndarray:
    """Merges of places, in the order of the chain, as SciPy numbers them: by height, nodes after leaves."""
    merges = merges[np.argsort(merges[:, 2], kind="stable")]
    count = len(merges) + 1
    node, size = np.arange(count), np.ones(count)
    parent = np.arange(count)

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = int(parent[place])
        return place

    for step, merge in enumerate(merges):
        i, j = root(int(merge[0])), root(int(merge[1]))
        merge[:2] = sorted((node[i], node[j]))
        size[j] += size[i]
        parent[i], node[j], merge[3] = j, count + step, size[j]
    return merges


def expand_tree(labels: np.ndarray, merges: np.ndarray) -> np.ndarray:
    """The tree of the images from that of their prototypes: one more image of a prototype a merge, at 0."""
    n, p = len(labels), len(merges) + 1
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels, minlength=p)
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # of an image within its prototype
    row = np.cumsum(place > 0) - 1  # of the merge that adds it
    joins = np.flatnonzero(place > 0)
    left = np.where(place[joins] == 1, order[joins - 1], n + row[joins] - 1)
    inner = np.stack([left, order[joins], np.zeros(len(joins)), place[joins] + 1], 1).astype(float)
    last = np.cumsum(sizes) - 1
    roots = np.where(sizes > 1, n + row[last], order[last])
    outer, weights = merges.copy(), np.concatenate([sizes, np.zeros(p - 1)])
    names = np.concatenate([roots, n + len(inner) + np.arange(p - 1)])
    for step, (i, j) in enumerate(merges[:, :2].astype(int)):
        weights[p + step] = weights[i] + weights[j]
        outer[step, :2], outer[step, 3] = sorted((names[i], names[j])), weights[p + step]
    return np.concatenate([inner, outer])


def _sample(rows: Rows, seed: int) -> np.ndarray:
    if len(rows) <= scaling.SAMPLE:
        return rows[:]
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), scaling.SAMPLE, replace=False))]


def _passed(rows: Rows, centres: np.ndarray, seed: int) -> np.ndarray:
    """The centres after one pass of mini-batches over all rows."""
    from sklearn.cluster import MiniBatchKMeans

    with one_thread():
        model = MiniBatchKMeans(len(centres), init=centres, n_init=1, random_state=seed)
        for _, block in blocks(rows):
            model.partial_fit(block)
    return np.asarray(model.cluster_centers_)
