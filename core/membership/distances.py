"""Distance of real images to clusters of generated ones, for many numbers of clusters at once.

Paper, section 3.1.1: the generated images fall into clusters G_1 .. G_k, and a used image should be closer
to them: d(G, S) = min d(G_i, S) or avg d(G_i, S). The distance to a cluster is the Euclidean
distance to its centroid.
"""

from collections.abc import Callable, Sequence

import numpy as np

from core.errors import BadChoice
from core.numeric.blocks import Rows, blocks
from core.numeric.distances import euclidean_distances
from core.wording import counted

VERSION = 2
KINDS = ("min", "avg")
# The paper evaluated 30 values of k without listing them; all k of its table 3 are among these 30.
SWEEP = (*range(2, 11), *range(12, 21, 2), *range(25, 101, 5))


def sweep_ks(n: int) -> tuple[int, ...]:
    """The k of the sweep that do not exceed ``n`` distinct generated images; copies of one are a cluster."""
    return tuple(k for k in SWEEP if k <= n) or (1,)


def by_tree(generated: Rows, merges: np.ndarray, real: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """float64 (2, k, n): min and avg distance of ``real`` (n, d) to the clusters of every cut of one tree.

    The clusters of all cuts are nodes of the tree, at most twice as many as the largest k: their centroids
    and the distances to them are computed once, and a cut is a selection of these columns.
    """
    n, most = len(generated), max(ks)
    _check(most, n)
    first = n - most  # merges that all cuts share
    labels, ids = _roots(merges[:first], n)
    sums = np.zeros((len(ids) + most - 1, generated.shape[1]))
    for place, block in blocks(generated):
        np.add.at(sums, labels[place : place + len(block)], block.astype(np.float64))
    sizes = np.zeros(len(sums))
    sizes[: len(ids)] = np.bincount(labels, minlength=len(ids))
    column = {node: place for place, node in enumerate(ids)}
    alive = np.ones(len(ids), bool)
    cuts = {most: np.flatnonzero(alive)}
    for step in range(first, n - 1):
        left, right = (column.pop(int(node)) for node in merges[step, :2])
        place = len(ids) + step - first
        column[n + step] = place
        sums[place], sizes[place] = sums[left] + sums[right], sizes[left] + sizes[right]
        cuts[n - step - 1] = np.fromiter(column.values(), np.int64)
    columns = euclidean_distances(real, sums / sizes[:, None])
    return np.stack([_reduced(columns[:, cuts[k]]) for k in ks], 1)


def by_kmeans(
    generated: Rows, real: np.ndarray, ks: Sequence[int], cluster: Callable[[int], np.ndarray]
) -> np.ndarray:
    """The same for clusterings that do not nest: ``cluster(k)`` gives the labels (n,) of each k."""
    _check(max(ks), len(generated))
    found = []
    for k in ks:
        labels = cluster(k)
        sums = np.zeros((k, generated.shape[1]))
        for place, block in blocks(generated):
            np.add.at(sums, labels[place : place + len(block)], block.astype(np.float64))
        found.append(_reduced(euclidean_distances(real, sums / np.bincount(labels, minlength=k)[:, None])))
    return np.stack(found, 1)


def _reduced(columns: np.ndarray) -> np.ndarray:
    return np.stack([columns.min(1), columns.mean(1)])


def _roots(merges: np.ndarray, n: int) -> tuple[np.ndarray, list[int]]:
    """Of a forest: the tree of each leaf, 0 .. m - 1, and the node at the root of each tree."""
    parent = np.arange(n + len(merges))
    for step in range(len(merges)):
        parent[merges[step, :2].astype(np.int64)] = n + step
    for node in reversed(range(len(parent))):
        parent[node] = parent[parent[node]]
    ids, labels = np.unique(parent[:n], return_inverse=True)
    return labels, [int(node) for node in ids]


def _check(k: int, n: int) -> None:
    if k > n:
        raise BadChoice(
            f"k is {k}, but this data set has {counted(n, 'generated image')}. Choose k up to {n}."
        )
