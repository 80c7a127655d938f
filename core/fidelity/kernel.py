"""The squared maximum mean discrepancy with the kernel of KID (Binkowski et al. 2018)."""

from functools import partial

import numpy as np

from core.numeric.parallel import map_in_threads

BLOCK = 512  # rows of the kernel that a thread holds at a time
DEGREE = 3


def squared_mmd(rows: np.ndarray, groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Unbiased squared MMD, float64 (b,), of b pairs of sets at once: the kernel is computed once for all.

    ``rows`` (n, d); ``groups`` int (n,); ``first``, ``second`` bool (n, b): which rows are in each set. The
    kernel is (x.y / d + 1)^3. It is a U-statistic, so an image makes no pair with itself, nor with others of
    its group: slices of a patient are alike, and would make a set look tighter than the population of
    patients that it is drawn from. Where each image is a group, it is KID. NaN where a set has no two groups;
    negative values are possible, and as likely as positive ones where both sets come from one population.
    """
    wide = np.asarray(rows, np.float64)
    sets = np.hstack([first, second]).astype(np.float64)
    blocks = map_in_threads(partial(_sums, wide, groups, sets), range(0, len(wide), BLOCK))
    reached, pairs = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    b = first.shape[1]
    total = [(sets[:, side] * reached[:, side]).sum(0) for side in (slice(b), slice(b, None))]
    count = [(sets[:, side] * pairs[:, side]).sum(0) for side in (slice(b), slice(b, None))]
    across = (sets[:, :b] * reached[:, b:]).sum(0), (sets[:, :b] * pairs[:, b:]).sum(0)
    means = [
        np.divide(top, bottom, out=np.full(b, np.nan), where=bottom > 0)
        for top, bottom in ((total[0], count[0]), (total[1], count[1]), across)
    ]
    return np.asarray(means[0] + means[1] - 2 * means[2])


def _sums(
    rows: np.ndarray, groups: np.ndarray, sets: np.ndarray, start: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of a block of rows, with each set: the kernel's sum over pairs of different groups, and their
    number."""
    block = rows[start : start + BLOCK] @ rows.T
    block /= rows.shape[1]
    block += 1
    block **= DEGREE
    others = (groups[start : start + BLOCK, None] != groups[None]).astype(np.float64)
    block *= others
    return block @ sets, others @ sets
