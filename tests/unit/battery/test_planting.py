"""Copies as a generator that memorises might make them: mild, and the same for a seed."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.battery.planting import plant_copy


def picture(height: int = 96, width: int = 96, seed: int = 0) -> np.ndarray:
    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 5)
    return np.clip(128 + 60 * rough / rough.std(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(96, 96), (100, 71), (16, 40)])
def test_a_copy_has_its_shape_and_its_seed(shape: tuple[int, int]) -> None:
    original = picture(*shape)
    first, again, other = (plant_copy(original, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == (shape, np.uint8)
    assert (first == again).all()
    assert (first != other).any()
    assert (first != original).any()


def test_a_copy_is_mild() -> None:
    """It correlates with its original, and other pictures do not: of 10, each above 0.8, the rest below."""
    pictures = [picture(seed=seed) for seed in range(10)]
    copies = [plant_copy(each, np.random.default_rng(i)) for i, each in enumerate(pictures)]
    r = np.array([[np.corrcoef(a.ravel(), b.ravel())[0, 1] for b in copies] for a in pictures])
    assert np.diag(r).min() > 0.8
    assert r[~np.eye(10, dtype=bool)].max() < 0.8


def test_black_stays_dark_and_white_does_not_wrap_around() -> None:
    for grey, low, high in ((0, 0, 25), (255, 215, 255)):
        made = plant_copy(np.full((64, 64), grey, np.uint8), np.random.default_rng(0))
        assert low <= made.min()
        assert made.max() <= high
