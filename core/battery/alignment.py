"""One image laid over another, so that what still differs between them can be seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.images.transforms import resize

COARSE = 64  # px a side at which an image is laid over another at first
REACH = 4  # px of these in each direction: a sixteenth of the side


@dataclass(frozen=True)
class Aligned:
    """``pixels`` uint8: the other image, moved by ``down`` and ``right`` px after it was ``mirrored``. What
    moved in from beyond its border repeats the border. ``correlation``: with the first image."""

    pixels: np.ndarray
    down: int
    right: int
    mirrored: bool
    correlation: float

    @property
    def moved(self) -> bool:
        return bool(self.down or self.right or self.mirrored)


def align(real: np.ndarray, generated: np.ndarray) -> Aligned:
    """``generated`` uint8 (h, w) laid over ``real`` uint8 (H, W) at the largest correlation.

    It gets the other's size, may move by a sixteenth of the side, and is mirrored where that is more alike.
    Searched at 64 px first, then in ever smaller steps around what was found there.
    """
    other = _of_size(generated, real.shape)
    small, rough = (resize(each, COARSE) for each in (real, other))
    moves = range(-REACH, REACH + 1)
    plain, turned = (_best(small, image, moves, moves) for image in (rough, rough[:, ::-1]))
    mirrored = turned[0] > plain[0]
    correlation, down, right = turned if mirrored else plain
    other = other[:, ::-1] if mirrored else other
    step = max(1, round(max(real.shape) / COARSE))
    down, right = down * step, right * step
    while step:
        near = [(middle - step, middle, middle + step) for middle in (down, right)]
        correlation, down, right = _best(real, other, *near)
        step //= 2
    return Aligned(shifted(other, down, right), down, right, mirrored, correlation)


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The image moved, its border repeated behind it."""
    rows = np.clip(np.arange(image.shape[0]) - down, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - right, 0, image.shape[1] - 1)
    return np.asarray(image[np.ix_(rows, columns)])


def difference(real: np.ndarray, aligned: np.ndarray, white: int = 64) -> np.ndarray:
    """uint8: absolute difference in grey levels; ``white`` levels and more are white, in every picture."""
    apart = np.abs(real.astype(np.float32) - aligned.astype(np.float32))
    return np.clip(np.rint(apart * (255 / white)), 0, 255).astype(np.uint8)


def _best(
    real: np.ndarray, other: np.ndarray, downs: Sequence[int], rights: Sequence[int]
) -> tuple[float, int, int]:
    """The largest correlation and its move; of equal ones the smallest move. The margin is not compared."""
    margin = max(abs(move) for move in (*downs, *rights))
    height, width = real.shape
    if 2 * margin >= min(height, width):
        return 0.0, 0, 0
    first = _standardised(real[margin : height - margin, margin : width - margin])
    found = []
    for down in downs:
        for right in rights:
            rows = slice(margin - down, height - margin - down)
            columns = slice(margin - right, width - margin - right)
            alike = round(float((first * _standardised(other[rows, columns])).sum()), 6)
            found.append((alike, -abs(down) - abs(right), down, right))
    alike, _, down, right = max(found)
    return alike, down, right


def _standardised(image: np.ndarray) -> np.ndarray:
    """Of mean 0 and length 1; of one grey, zeros."""
    values = image.astype(np.float32) - image.mean(dtype=np.float32)
    length = float(np.linalg.norm(values))
    return values / length if length > 0 else values


def _of_size(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if image.shape == shape:
        return image
    from PIL import Image

    size = (shape[1], shape[0])
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
