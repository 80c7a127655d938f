"""Repair of a library: images that do not match their hash, and unreadable manifests, are quarantined."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.hashing import pixels_key
from core.images.library import Library
from core.types import ImageSet


@dataclass(frozen=True)
class Checked:
    """``images`` and ``sets``: how many are intact; ``incomplete``: data sets with missing images."""

    images: int
    sets: int
    images_damaged: int
    sets_damaged: int
    incomplete: tuple[str, ...]


def repair(root: Path, quarantine: Path) -> Checked:
    """Check all images and data sets under a root; safe to run while an import is running."""
    images = sorted(root.glob("images/*/*.png"))
    kept = [path for path in images if whole(path) or not set_aside(path, quarantine, whole)]
    manifests = sorted([*root.glob("sets/*.json"), *root.glob("users/*/sets/*.json")])
    doomed = [path for path in manifests if read(path) is None]
    sets_damaged = sum(set_aside(path, quarantine, lambda p: read(p) is not None) for path in doomed)
    sets = [found for path in manifests if path.exists() and (found := read(path)) is not None]
    here = {path.stem for path in kept}
    lacking = {each.name for each in sets if not {file.sha256 for file in each.files} <= here}
    return Checked(len(kept), len(sets), len(images) - len(kept), sets_damaged, tuple(sorted(lacking)))


def whole(path: Path) -> bool:
    """Whether a file contains the grey pixels whose hash is its name."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            pixels = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return pixels.ndim == 2 and pixels.dtype == np.uint8 and pixels_key(pixels) in path.name


def read(path: Path) -> ImageSet | None:
    """The data set of a manifest, or None if it can't be read."""
    try:
        return Library._load(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def set_aside(path: Path, quarantine: Path, sound: Callable[[Path], bool]) -> bool:
    """Quarantine a damaged file; False if another process has replaced it by a sound one, which is kept."""
    quarantine.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = quarantine / f"{uuid.uuid4().hex[:12]}-{path.name}"
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        return True
    if not sound(aside):
        return True
    os.replace(aside, path)
    return False
