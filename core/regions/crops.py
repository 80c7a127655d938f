"""The crops: the whole image, the lungs, what is around them, or a random patch as large as the lungs.

``lung`` and ``outer`` are the paper's (section 3.1.1). ``patch`` is its outlook: if a patch that knows no
anatomy does as well, medical relevance is not what matters.
"""

import numpy as np

from core.config import CropSpec
from core.errors import BadChoice
from core.registry import Registry

VERSION = 1

CROPS: Registry = Registry("crop")
NEEDS_LUNGS = ("lung", "outer", "patch")  # an image without lungs has no such crop


def crop_spec(kind: str, seed: int) -> CropSpec:
    """A checked spec; where nothing is random the seed makes no other crop."""
    CROPS.get(kind)
    return CropSpec(kind, seed if kind == "patch" else 0)


def crop(kind: str, pixels: np.ndarray, mask: np.ndarray, seed: int, identity: str) -> np.ndarray:
    """uint8, the crop of an image uint8 (H, W) with its lung mask bool (H, W).

    Without lungs, ``lung`` and ``patch`` are black and ``outer`` is the whole image. The identity, a hash in
    hex, and the seed decide where a patch lies.
    """
    if mask.shape != pixels.shape:
        raise BadChoice(f"A mask of {mask.shape} does not fit an image of {pixels.shape}.")
    rng = np.random.default_rng((seed, int(identity[:16], 16)))
    return CROPS.get(kind)(pixels, mask, rng)


def _full(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return pixels


def _lung(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The lungs' bounding box, everything else in it 0."""
    if not mask.any():
        return np.zeros_like(pixels)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return np.where(mask, pixels, 0)[box]


def _outer(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(mask, 0, pixels)


def _patch(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A rectangle of the lungs' area and of the image's proportions, anywhere."""
    share = mask.mean()
    if not share:
        return np.zeros_like(pixels)
    sides = [max(1, round(side * float(share) ** 0.5)) for side in pixels.shape]
    top, left = (
        int(rng.integers(0, whole - part + 1)) for whole, part in zip(pixels.shape, sides, strict=True)
    )
    return pixels[top : top + sides[0], left : left + sides[1]]


CROPS.register("full", _full)
CROPS.register("lung", _lung)
CROPS.register("outer", _outer)
CROPS.register("patch", _patch)
