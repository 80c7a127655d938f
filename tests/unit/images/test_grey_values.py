"""What of two classes' grey values can be compared, and how it is measured."""

import numpy as np
import pytest

from core.images import grey_values
from core.images.grey_values import Grey


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 4096])
def test_what_is_measured_of_counts_is_that_of_the_pixels(count: int) -> None:
    """Quantiles as numpy has them by its method "nearest"."""
    pixels = np.random.default_rng(count).integers(20, 240, count).astype(np.uint8)
    levels, *ends, commonest = grey_values.measure(np.bincount(pixels, minlength=256))
    assert levels == len(set(pixels.tolist()))
    assert ends == np.quantile(pixels, [0.005, 0.995], method="nearest").tolist()
    assert commonest == np.unique(pixels, return_counts=True)[1].max() / count


def grey(*pixels: np.ndarray) -> Grey:
    counts = [np.bincount(each.ravel(), minlength=256) for each in pixels]
    return grey_values.typical(np.stack([grey_values.measure(each) for each in counts]))


RNG = np.random.default_rng(0)
SCAN = RNG.integers(0, 220, (64, 64))
CASES = {
    "16-bit HU + 32768 in 8 grey levels": 124 + SCAN // 32,
    "posterised to 8 grey levels": SCAN // 28 * 28,
    "a window far below: white but for 4%": np.where(RNG.random((64, 64)) < 0.04, SCAN, 255),
    "one grey": np.full((64, 64), 128),
}


@pytest.mark.parametrize("case", CASES)
def test_greys_of_another_kind_can_not_be_compared(case: str) -> None:
    assert not grey_values.comparable(grey(CASES[case]), grey(SCAN))


def test_an_ordinary_difference_of_windows_can_be_compared() -> None:
    """Half of the contrast, a quarter of the levels, another brightness, or a black background of 60% are no
    other kind."""
    background = np.where(RNG.random((64, 64)) < 0.6, 0, SCAN)
    for other in (SCAN // 2, SCAN // 4 * 4, SCAN + 30, background, 255 - SCAN):
        assert grey_values.comparable(grey(other), grey(SCAN))
