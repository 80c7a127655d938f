"""A clean set of files, and what may be planted in it.

All images come from one process: a coarse random pattern in a disc on a background of grey 38, as the slices
of membership-dev have it. So nothing but what is planted tells one class from another.
"""

from collections.abc import Callable, Mapping

import numpy as np

from core.images.importing.importer import import_source
from core.images.library import Library
from core.images.sources.source import from_files
from core.types import ImageSet
from tests.support.samples import encoded

SIDE, BACKGROUND = 64, 38
EACH = 40
GENERATORS = ("a", "b", "c")
USE = ("real_used", "real_not_used")

Write = Callable[[np.ndarray], bytes]


def slice_(rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    """uint8 (side, side): the disc touches all four sides, so there is no constant border. The pattern does
    not lie on a JPEG's grid."""
    axis = np.linspace(-1, 1, side)
    pattern = np.kron(rng.integers(60, 220, (4, 4)), np.ones((side // 4, side // 4)))
    shaky = np.roll(pattern, 3, (0, 1)) + rng.normal(0, 8, pattern.shape)
    disc = np.hypot(axis[:, None], axis[None, :]) <= 1.02
    return np.where(disc, shaky, BACKGROUND).clip(0, 255).astype(np.uint8)


def files(classes: tuple[str, ...], planted: Mapping[str, Write] | None = None) -> dict[str, bytes]:
    """40 images a class, numbered alike; those of a class in ``planted`` are written in that way."""
    rng = np.random.default_rng(7)
    return {
        f"{name}/{number:03}.png": (planted or {}).get(name, encoded)(slice_(rng))
        for number in range(EACH)
        for name in classes
    }


def take(library: Library, content: Mapping[str, bytes], name: str = "set") -> ImageSet:
    return import_source(from_files(content), name, library).image_set


def generators(library: Library, planted: Write | None = None) -> ImageSet:
    """Three generators, the last with something planted."""
    return take(library, files(GENERATORS, {"c": planted} if planted else None))


def membership(library: Library, planted: Write | None = None) -> ImageSet:
    """Used and not used, the used with something planted, and as many generated."""
    return take(library, files((*USE, "generated"), {"real_used": planted} if planted else None))
