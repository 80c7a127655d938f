"""Installs the demo data sets into a library, on all cores."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from core.images.library import Library
from core.numeric.parallel import usable_cores
from core.types import ImageFile, ImageSet
from demo import sets
from demo.sets import Image


@dataclass(frozen=True)
class Installed:
    """Names of the data sets that were added and of those already present."""

    added: tuple[str, ...]
    present: tuple[str, ...]
    seconds: float


def install(
    library: Library, wanted: Callable[[str], bool] = lambda name: True, processes: int | None = None
) -> Installed:
    """Add every wanted demo data set whose name is not present; after an interruption, call it again."""
    begun = time.perf_counter()
    here = set(library.names())
    asked = [recipe for recipe in sets.recipes() if wanted(recipe.name)]
    missing = [recipe for recipe in asked if recipe.name not in here]
    images = {member.image for recipe in missing for member in recipe.members}
    kept = _kept(library, sorted(images, key=lambda image: image.sheets), processes or usable_cores())
    for recipe in missing:
        files = tuple(
            ImageFile(member.path, kept[member.image], member.role, member.label, member.group)
            for member in recipe.members
        )
        library.add(ImageSet(recipe.name, recipe.layout, files))
    return Installed(
        tuple(recipe.name for recipe in missing),
        tuple(recipe.name for recipe in asked if recipe.name in here),
        time.perf_counter() - begun,
    )


def _kept(library: Library, images: Sequence[Image], processes: int) -> dict[Image, str]:
    """Add images; returns their hashes. Uses processes, since threads would wait for each other."""
    if not images:
        return {}
    size = -(-len(images) // processes)
    parts = [images[first : first + size] for first in range(0, len(images), size)]
    with ProcessPoolExecutor(processes) as pool:
        hashes = [sha256 for part in pool.map(partial(_keep, library), parts) for sha256 in part]
    return dict(zip(images, hashes, strict=True))


def _keep(library: Library, images: Sequence[Image]) -> list[str]:
    """Images ordered by sheet, so that few sheets are open at a time."""
    names = sorted({name for image in images for name in image.sheets})
    sheets = {name: sets.sheet(name) for name in names}
    return [library.add_pixels(image.pixels(sheets)) for image in images]
