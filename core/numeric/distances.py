"""Pairwise distances of features by matrix products in float64: SciPy's condensed vector, or a matrix.

For clustering no square matrix is held: of 10,000 images the vector takes 400 MB, the matrix would take 800.
"""

from functools import partial

import numpy as np

from core.errors import BadChoice
from core.numeric.parallel import map_in_threads

BLOCK = 512  # rows of distances that a thread holds at a time
TILE = 512  # of these columns at once is a product turned into distances: they stay in the processor's cache


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, between which the cosine is Euclidean. Raises BadChoice for a row of zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if (norms == 0).any():
        raise BadChoice("The cosine is undefined for a feature vector of zeros. Choose Euclidean.")
    return np.asarray(rows / norms)


def condensed_distances(features: np.ndarray, metric: str) -> np.ndarray:
    """float64 (n (n - 1) / 2,) of (n, d) features; the same bits on any number of cores."""
    rows = np.asarray(features, np.float64)
    if metric == "cosine":
        rows = unit_rows(rows)
    condensed = np.empty(len(rows) * (len(rows) - 1) // 2)
    fill = partial(_fill, condensed, rows, (rows**2).sum(1), metric)
    map_in_threads(fill, range(0, len(rows) - 1, BLOCK))
    return condensed


def _fill(condensed: np.ndarray, rows: np.ndarray, squares: np.ndarray, metric: str, first: int) -> None:
    n = len(rows)
    block = rows[first : first + BLOCK] @ rows[first:].T
    for left in range(0, block.shape[1], TILE):
        tile = block[:, left : left + TILE]
        if metric == "cosine":
            np.subtract(1, tile, out=tile)
            np.clip(tile, 0, 2, out=tile)
        else:
            others = squares[first + left : first + left + TILE]
            _euclidean(tile, squares[first : first + BLOCK], others)
    place = first * (2 * n - first - 1) // 2
    for i, row in enumerate(block[: n - 1 - first]):
        condensed[place : place + len(row) - i - 1] = row[i + 1 :]
        place += len(row) - i - 1


def _euclidean(products: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    """Distances in place of scalar products; equal rows are at 0, not at what cancellation leaves of the two
    rows' own squares, however long others are."""
    sums = np.add.outer(first, second)
    products *= -2
    products += sums
    sums *= 1e-12
    products[products < sums] = 0
    np.sqrt(products, out=products)


def distance_matrix(features: np.ndarray) -> np.ndarray:
    """float32 (n, n) of (n, d) features, Euclidean; equal rows are at 0. For up to 10,000 rows (400 MB)."""
    rows = np.asarray(features, np.float64)
    rows = rows - rows.mean(0)  # changes no distance, and leaves less to cancel
    squares = (rows**2).sum(1)
    found = np.empty((len(rows), len(rows)), np.float32)

    def fill(first: int) -> None:
        block = rows[first : first + BLOCK] @ rows.T
        _euclidean(block, squares[first : first + BLOCK], squares)
        found[first : first + BLOCK] = block

    map_in_threads(fill, range(0, len(rows), BLOCK))
    return found


def euclidean_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (n, m) of (n, d) and (m, d), by one matrix product."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    return np.sqrt(np.maximum(squares, 0))
