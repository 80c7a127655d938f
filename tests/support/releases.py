"""Assessments that need no weights: the feature map is replaced by small pixels, fidelity by one space."""

import numpy as np
import pytest

from core.features import catalog
from core.images.library import Library
from core.release import worth
from core.release.attacks import grid
from core.release.attacks.grid import Distance
from core.types import ImageFile, ImageSet, Role

SMALL = catalog.spec("pixels", options={"side": 8})


def lighten(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test. All else is the protocol as it is."""
    found = grid.find_distance

    def small(name: str) -> Distance:
        return Distance("Feature map", lambda: SMALL) if name == "block10" else found(name)

    monkeypatch.setattr(grid, "find_distance", small)
    monkeypatch.setattr(worth, "spaces", lambda: {"small pixels": SMALL})


def leaking(
    library: Library, name: str, copied: float, people: int = 10, seed: int = 0, prefix: str = ""
) -> ImageSet:
    """``people`` used and as many not used, 2 slices each; ``copied`` of the used slices are among the 40
    generated images, with a little noise. ``prefix``: of the names of files, whose pixels are the same."""
    rng = np.random.default_rng(seed)

    def slices(count: int) -> np.ndarray:
        return np.kron(rng.integers(30, 226, (count, 4, 4)), np.ones((1, 8, 8)))

    files, used = [], slices(2 * people)
    for role, images in ((Role.REAL_USED, used), (Role.REAL_NOT_USED, slices(2 * people))):
        for place, pixels in enumerate(images):
            sha = library.add_pixels(pixels.astype(np.uint8))
            group = f"Jane Roe {role} {place // 2}"
            files.append(ImageFile(f"{prefix}{role}/secret-{place:02}.png", sha, role, group=group))
    kept = round(copied * len(used))
    made = np.concatenate([used[:kept], slices(40 - kept)])
    made = np.clip(made + rng.normal(0, 3, made.shape), 0, 255).astype(np.uint8)
    files += [
        ImageFile(f"{prefix}generated/secret-{place:02}.png", library.add_pixels(pixels))
        for place, pixels in enumerate(made)
    ]
    image_set = ImageSet(name, "membership", tuple(files))
    library.add(image_set)
    return image_set
