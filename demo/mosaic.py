"""Many images of the same size in one lossless WebP file, row by row."""

from pathlib import Path

import numpy as np
from PIL import Image

COLUMNS = 10


def pack(images: np.ndarray, path: Path) -> None:
    """Write images uint8 (n, side, side); the last row is filled with black."""
    n, side, _ = images.shape
    rows = -(-n // COLUMNS)
    grid = np.zeros((rows * COLUMNS, side, side), np.uint8)
    grid[:n] = images
    sheet = grid.reshape(rows, COLUMNS, side, side).swapaxes(1, 2).reshape(rows * side, COLUMNS * side)
    Image.fromarray(sheet).save(path, "WEBP", lossless=True, quality=100, method=4)


def unpack(path: Path, count: int) -> np.ndarray:
    """The first ``count`` images, uint8 (count, side, side)."""
    with Image.open(path, formats=("WEBP",)) as image:
        sheet = np.asarray(image.convert("L"))
    side = sheet.shape[1] // COLUMNS
    rows = sheet.shape[0] // side
    grid = sheet.reshape(rows, side, COLUMNS, side).swapaxes(1, 2).reshape(-1, side, side)
    return np.ascontiguousarray(grid[:count])
