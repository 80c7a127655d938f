"""The squared maximum mean discrepancy with the kernel of KID (Binkowski et al. 2018)."""

from functools import partial

import numpy as np

from core.numeric.parallel import map_in_threads

BLOCK = 256  # rows of the kernel that a thread holds at a time
DEGREE = 3


def squared_mmd(rows: np.ndarray, groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Unbiased squared MMD, float64 (b,), of b pairs of sets at once: the kernel is computed once for all.

    ``rows`` (n, d); ``groups`` int (n,); ``first``, ``second`` bool (n, b): which rows are in each set. The
    kernel is (x.y / d + 1)^3. It is a U-statistic, so an image makes no pair with itself, nor with others of
    its group: slices of a patient are alike, and would make a set look tighter than the population of
    patients that it is drawn from. Where each image is a group, it is KID. NaN where a set has no two groups;
    negative values are possible, and as likely as positive ones where both sets come from one population.
    """
    wide, own = np.asarray(rows, np.float64), np.unique(groups, return_inverse=True)[1]
    sets = np.hstack([first, second]).astype(np.float64)
    reached = np.concatenate(map_in_threads(partial(_sums, wide, own, sets), range(0, len(wide), BLOCK)))
    by_group = np.zeros((own.max() + 1, sets.shape[1]))
    np.add.at(by_group, own, sets)

    def mean(a: slice, b: slice) -> np.ndarray:
        pairs = sets[:, a].sum(0) * sets[:, b].sum(0) - (by_group[:, a] * by_group[:, b]).sum(0)
        total = (sets[:, a] * reached[:, b]).sum(0)
        return np.divide(total, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)

    left, right = slice(first.shape[1]), slice(first.shape[1], None)
    return np.asarray(mean(left, left) + mean(right, right) - 2 * mean(left, right))


def _sums(rows: np.ndarray, groups: np.ndarray, sets: np.ndarray, start: int) -> np.ndarray:
    """Of a block of rows with each set (n, c): the kernel's sum over pairs of different groups."""
    block = rows[start : start + BLOCK] @ rows.T
    block /= rows.shape[1]
    block += 1
    block **= DEGREE
    block *= groups[start : start + BLOCK, None] != groups[None]
    return np.asarray(block @ sets)
