"""What is made of the network's logits."""

import numpy as np
import pytest

from core.regions.segmentation import fitted, mask_of


def logits(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """float32 (128, 128): -5, and 5 in boxes of top, left, height, width."""
    values = np.full((128, 128), -5, np.float32)
    for top, left, height, width in boxes:
        values[top : top + height, left : left + width] = 5
    return values


# -- what is made of logits ---------------------------------------------------------------------------


def test_the_two_largest_parts_are_kept() -> None:
    found = mask_of(logits((10, 10, 30, 20), (10, 60, 28, 20), (80, 10, 12, 12)), (128, 128))
    assert found.sum() == 30 * 20 + 28 * 20


def test_specks_are_no_lung_and_one_lung_is_enough() -> None:
    """0.4% of 128 x 128 px is 66: a part of 49 px goes."""
    found = mask_of(logits((10, 10, 30, 20), (100, 100, 7, 7)), (128, 128))
    assert found.sum() == 30 * 20


def test_holes_are_filled() -> None:
    values = logits((10, 10, 40, 40))
    values[25:30, 25:30] = -5
    assert mask_of(values, (128, 128)).sum() == 40 * 40


def test_no_positive_logit_is_an_empty_mask() -> None:
    found = mask_of(logits(), (200, 100))
    assert found.shape == (200, 100)
    assert not found.any()


def test_a_mask_has_the_images_size() -> None:
    found = mask_of(logits((32, 32, 64, 64)), (512, 256))
    assert found.shape == (512, 256)
    assert found.mean() == pytest.approx(0.25, abs=0.01)
    assert fitted(found, (128, 64)).sum() * 16 == pytest.approx(found.sum(), rel=0.03)
