"""One image laid over another: what was moved or mirrored is found, and only what differs remains."""

import numpy as np
import pytest

from core.battery.alignment import align, difference, shifted


def picture(height: int = 96, width: int = 96, seed: int = 0) -> np.ndarray:
    """uint8, smooth and without symmetry."""
    coarse = np.random.default_rng(seed).integers(20, 236, (height // 8, width // 8))
    return np.kron(coarse, np.ones((8, 8))).astype(np.uint8)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, -2), (-5, 4)])
def test_a_copy_that_was_moved_is_laid_back(down: int, right: int, mirrored: bool) -> None:
    """Moved by (d, r) px, it is found at (-d, -r); away from the border nothing differs then."""
    real = picture()
    copy = shifted(real, down, right)
    found = align(real, copy[:, ::-1] if mirrored else copy)
    assert (found.down, found.right, found.mirrored) == (-down, -right, mirrored)
    assert found.correlation == pytest.approx(1, abs=1e-5)
    assert difference(real, found.pixels)[8:-8, 8:-8].max() == 0
    assert found.moved == (down != 0 or mirrored)


def test_a_copy_of_another_size_gets_the_size_of_the_real_image() -> None:
    """Twice as high and wide, and brought back: nothing was moved, and correlation is next to 1."""
    real = picture(64, 80)
    found = align(real, np.kron(real, np.ones((2, 2), np.uint8)))
    assert found.pixels.shape == (64, 80)
    assert not found.moved
    assert found.correlation > 0.99


def test_images_of_one_grey_and_small_ones_stay_where_they_are() -> None:
    """They correlate with nothing (0 by definition), so no move is better than none."""
    for real, other in (
        (np.full((40, 40), 9, np.uint8), picture(40, 40)),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 200, np.uint8)),
    ):
        found = align(real, other)
        assert not found.moved
        assert found.correlation == 0


def test_the_difference_has_one_scale_for_all_pictures() -> None:
    """64 grey levels are white: 16 are a quarter of 255, 200 no more than white, and the sign is gone."""
    real = np.array([[100, 100, 100, 250]], np.uint8)
    other = np.array([[100, 116, 84, 50]], np.uint8)
    assert difference(real, other).tolist() == [[0, 64, 64, 255]]
