"""Whether the grey values of two classes of images can be compared: one rule, for imports and for verdicts.

It is coarse on purpose. Classes of one kind of scan, real or generated, have 180 and more grey levels over
similar ranges; what fails here was quantised, or shown through a window that does not fit it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

NARROW = 0.25  # of the other class's range of grey values
FEW, TIMES = 12, 8  # grey levels, and times as many in the other class
UNIFORM, APART = 0.9, 0.15  # share of pixels with an image's commonest value, and by how much it is larger
ENDS = (0.005, 0.995)  # quantiles between which an image's range lies
MEASURED = 4  # numbers of an image


@dataclass(frozen=True)
class Grey:
    """Medians over the images of a class: grey levels that occur, the 0.5% and 99.5% quantiles, and the share
    of pixels that have the commonest value."""

    levels: float
    darkest: float
    brightest: float
    commonest: float

    @property
    def range(self) -> float:
        return self.brightest - self.darkest

    def words(self, name: str) -> str:
        return (
            f"the typical {name} image has {self.levels:.0f} grey levels from {self.darkest:.0f} to "
            f"{self.brightest:.0f}, and {100 * self.commonest:.0f}% of its pixels have the same one"
        )


def measure(counts: np.ndarray) -> np.ndarray:
    """float64 (4,), the fields of ``Grey``, of an image's counts of 256 values."""
    below = counts.cumsum()
    ends = np.searchsorted(below, np.rint(np.array(ENDS) * (below[-1] - 1)), side="right")
    return np.array([np.count_nonzero(counts), *ends, counts.max() / below[-1]])


def typical(measured: np.ndarray) -> Grey:
    """Of a class whose images are measured, (n, 4)."""
    return Grey(*(float(value) for value in np.median(measured, axis=0)))


def comparable(one: Grey, other: Grey) -> bool:
    """Whether a distance between images of two classes can say anything but that their greys differ."""
    narrow, wide = sorted((one.range, other.range))
    varied, uniform = sorted((one.commonest, other.commonest))
    return not (
        quantised(one, other) or narrow < NARROW * wide or (uniform >= UNIFORM and uniform - varied > APART)
    )


def quantised(one: Grey, other: Grey) -> bool:
    """Whether one has too few grey levels to be compared with the other."""
    few, many = sorted((one.levels, other.levels))
    return few <= FEW and many >= TIMES * few


def incomparable(greys: Mapping[str, Grey]) -> tuple[str, str] | None:
    """The first two classes whose greys can't be compared; the one with fewer levels first."""
    for pair in combinations(greys, 2):
        if not comparable(*(greys[name] for name in pair)):
            first, second = sorted(pair, key=lambda name: greys[name].levels)
            return first, second
    return None
