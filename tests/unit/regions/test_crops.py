"""The crops, by hand on a small image."""

import numpy as np
import pytest

from core.errors import BadChoice, UnknownName
from core.regions.crops import CROPS, crop

PIXELS = np.arange(1, 121, dtype=np.uint8).reshape(10, 12)
MASK = np.zeros((10, 12), bool)
MASK[2:5, 3:8] = True
MASK[3, 4] = False  # not every pixel of the box is lung
EMPTY = np.zeros_like(MASK)
IDENTITY = "0123456789abcdef" * 4


def cropped(kind: str, mask: np.ndarray = MASK, seed: int = 0, identity: str = IDENTITY) -> np.ndarray:
    return crop(kind, PIXELS, mask, seed, identity)


def test_full_is_the_image() -> None:
    np.testing.assert_array_equal(cropped("full"), PIXELS)


def test_lung_is_the_box_with_everything_else_0() -> None:
    """Rows 2 to 4, columns 3 to 7; the pixel inside the box that is no lung is black."""
    expected = PIXELS[2:5, 3:8].copy()
    expected[1, 1] = 0
    np.testing.assert_array_equal(cropped("lung"), expected)


def test_outer_is_the_image_with_the_lungs_0() -> None:
    found = cropped("outer")
    assert (found[MASK] == 0).all()
    np.testing.assert_array_equal(found[~MASK], PIXELS[~MASK])


def test_lung_and_outer_make_the_image_again() -> None:
    whole = cropped("outer").copy()
    whole[2:5, 3:8] += cropped("lung")
    np.testing.assert_array_equal(whole, PIXELS)


def test_a_patch_has_the_lungs_area() -> None:
    """14 of 120 pixels: sides 10 and 12 times the root of that share, 3.4 and 4.1, so 3 x 4."""
    assert cropped("patch").shape == (3, 4)


def test_a_patch_is_the_same_again_and_another_for_another_seed_or_image() -> None:
    np.testing.assert_array_equal(cropped("patch"), cropped("patch"))
    seeds = {cropped("patch", seed=seed).tobytes() for seed in range(20)}
    images = {cropped("patch", identity=f"{n:016x}" * 4).tobytes() for n in range(20)}
    assert len(seeds) > 5
    assert len(images) > 5


def test_patches_reach_every_place() -> None:
    corners = [cropped("patch", seed=seed)[0, 0] for seed in range(600)]
    rows, columns = (np.array(corners) - 1) // 12, (np.array(corners) - 1) % 12
    assert set(rows) == set(range(10 - 3 + 1))
    assert set(columns) == set(range(12 - 4 + 1))


@pytest.mark.parametrize("kind", ["lung", "patch"])
def test_without_lungs_there_is_nothing_to_see(kind: str) -> None:
    assert not cropped(kind, EMPTY).any()


def test_without_lungs_the_outside_is_everything() -> None:
    np.testing.assert_array_equal(cropped("outer", EMPTY), PIXELS)


def test_an_unknown_crop_names_the_known() -> None:
    with pytest.raises(UnknownName, match="full, lung, outer, patch"):
        cropped("heart")
    assert CROPS.names() == ["full", "lung", "outer", "patch"]


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(BadChoice, match="does not fit"):
        crop("lung", PIXELS, MASK[:5], 0, IDENTITY)
