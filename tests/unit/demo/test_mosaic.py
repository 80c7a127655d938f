"""Sheets of images lose nothing."""

from pathlib import Path

import numpy as np
import pytest

from demo.mosaic import pack, unpack


@pytest.mark.parametrize("count", [1, 10, 23])
def test_what_is_packed_comes_back(count: int, tmp_path: Path) -> None:
    images = np.random.default_rng(count).integers(0, 256, (count, 16, 16), np.uint8)
    pack(images, tmp_path / "sheet.webp")
    np.testing.assert_array_equal(unpack(tmp_path / "sheet.webp", count), images)
