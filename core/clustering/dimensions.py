"""How the variance of features is shared among their dimensions: which are dead, and which dominate.

A Euclidean distance sums squared differences over dimensions, so each counts by its variance: a few that vary
much decide who is near whom, and those that are the same in every image decide nothing.
"""

from dataclasses import dataclass

import numpy as np

from core.numeric.blocks import Rows

VERSION = 1
MOST = 4096  # images that are looked at, evenly among all
COLUMNS = 4096  # dimensions that are multiplied at a time
LARGEST = 0.01  # share of the dimensions


@dataclass(frozen=True)
class DimensionShares:
    """Of ``count`` dimensions, ``dead``: the share that is the same in every image; ``largest``: the share of
    the variance in the 1% that vary most; ``half``: how few carry half of it; ``leading``: the share of the
    largest principal component; ``effective``: how many independent dimensions of equal variance would spread
    alike."""

    count: int
    dead: float
    largest: float
    half: int
    leading: float
    effective: float

    @property
    def words(self) -> str:
        if not self.half:
            return f"All {self.count:,} dimensions are dead: they are the same in every image."
        verb = "carries" if self.half == 1 else "carry"
        return (
            f"{self.half:,} of {self.count:,} dimensions {verb} half of the variance; "
            f"{self.dead:.0%} are dead (the same in every image); the images "
            f"spread like {self.effective:.1f} independent dimensions, "
            f"and {self.leading:.0%} of the variance is along one direction."
        )


def dimension_shares(features: Rows) -> DimensionShares:
    """Of features (n, d). ``effective`` is the participation ratio of the principal components' variances,
    (sum of v) squared / sum of (v squared); of more than 4,096 images an even sample is looked at."""
    step = -(-len(features) // MOST)
    rows = features[:] if step == 1 else features[np.arange(0, len(features), step)]
    count = rows.shape[1]
    dead = rows.min(0) == rows.max(0)
    variances, components = _variances(rows)
    total = float(variances.sum())
    if dead.all() or total == 0:
        return DimensionShares(count, float(dead.mean()), 0.0, 0, 0.0, 0.0)
    sorted_shares = np.cumsum(np.sort(variances)[::-1]) / total
    few = max(1, round(LARGEST * count))
    return DimensionShares(
        count,
        float(dead.mean()),
        float(sorted_shares[few - 1]),
        int(np.searchsorted(sorted_shares, 0.5 - 1e-12)) + 1,
        float(components[-1] / components.sum()),
        float(components.sum() ** 2 / np.square(components).sum()),
    )


def _variances(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the dimensions, and of the principal components in ascending order. These are had from the smaller
    of the two matrices of products."""
    n, count = rows.shape
    mean = rows.mean(0, dtype=np.float64)
    parts = range(0, count, COLUMNS)
    centred = (rows[:, first : first + COLUMNS] - mean[first : first + COLUMNS] for first in parts)
    if count <= COLUMNS:
        (block,) = centred
        products = block @ block.T if n < count else block.T @ block
        return np.square(block).mean(0), np.linalg.eigvalsh(products / n).clip(0)
    products, variances = np.zeros((n, n)), []
    for block in centred:
        products += block @ block.T
        variances.append(np.square(block).mean(0))
    return np.concatenate(variances), np.linalg.eigvalsh(products / n).clip(0)
