"""What a blind eye measures, on images whose numbers are known."""

import io

import numpy as np
import pytest
from PIL import Image

from core.audit import image_statistics
from tests.support.samples import encoded, noise
from tests.unit.audit.planted_confounds import slice_


def test_the_numbers_of_a_half_black_image() -> None:
    """Columns 0 to 7 are 0, columns 8 to 31 are 80: on average 60, two grey levels, 8 px of border."""
    pixels = np.zeros((16, 32), np.uint8)
    pixels[:, 8:] = 80
    found = image_statistics.measure(pixels)
    assert (found.height, found.width, found.mean) == (16, 32, 60)
    assert (found.darkest, found.brightest, found.levels, found.border) == (0, 80, 2, 8)


def test_a_border_is_counted_on_all_sides_and_may_waver() -> None:
    """1 above, 2 below, 3 left, 4 right; grey 2 is within what JPEG does to a black border, grey 3 is not."""
    pixels = np.full((32, 32), 200, np.uint8)
    pixels[:1], pixels[-2:], pixels[:, :3], pixels[:, -4:] = 0, 0, 0, 0
    assert image_statistics.border(pixels) == 10
    pixels[0, 5] = 2
    assert image_statistics.border(pixels) == 10
    pixels[0, 5] = 3
    assert image_statistics.border(pixels) == 9
    assert image_statistics.border(np.zeros((16, 20), np.uint8)) == 36


@pytest.mark.parametrize("quality", [50, 75, 90])
def test_a_jpeg_leaves_its_grid(quality: int) -> None:
    pixels = slice_(np.random.default_rng(0))
    with Image.open(io.BytesIO(encoded(pixels, "JPEG", quality=quality))) as image:
        traces = image_statistics.jpeg_traces(np.asarray(image))
    assert abs(image_statistics.jpeg_traces(pixels)) < 0.02
    assert traces > 0.1


def test_the_smallest_image_that_is_read_has_a_number() -> None:
    (pixels,) = noise(1, side=16)
    assert np.isfinite(image_statistics.jpeg_traces(pixels))


def test_a_row_holds_numbers_and_thumbnail() -> None:
    (pixels,) = noise(1, side=32)
    row = image_statistics.row(pixels)
    assert (row.shape, row.dtype) == ((1088,), np.uint8)
    assert image_statistics.statistics_of(row) == image_statistics.measure(pixels)
    assert np.array_equal(image_statistics.thumbnail_of(row), pixels), "32 px are its own thumbnail"
