"""Scores of real images by their nearness to generated ones; a higher score means more likely used.

Each is a few lines over ``Nearness``, of the generated images and, where a score needs it, of a reference:
images of another generator, or real images of other people.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.battery.nearness import TINY, Nearness
from core.registry import Registry

VERSION = 1
NEIGHBOURS = 5  # whose distance is a density


@dataclass(frozen=True)
class Score:
    """``of``: nearness to generated images, and to the reference, to float (n,)."""

    title: str
    source: str
    of: Callable[[Nearness, Nearness | None], np.ndarray]
    needs_reference: bool = False


SCORES: Registry[Score] = Registry("score")


def nearest(generated: Nearness, reference: Nearness | None = None) -> np.ndarray:
    """Minus the distance to the nearest generated image."""
    return -generated.nearest[:, 0]


def scaled(generated: Nearness, reference: Nearness | None = None) -> np.ndarray:
    """Minus the smallest distance after local scaling on both sides."""
    return -generated.scaled


def monte_carlo(generated: Nearness, reference: Nearness | None = None) -> np.ndarray:
    """How many generated images are in a ball around the image, its radius being the median over all images
    of the distance to the nearest; at most as many as are kept. Nearer ones break ties."""
    radius = max(float(np.median(generated.nearest[:, 0])), TINY)
    inside = (generated.nearest <= radius).sum(1)
    return inside - generated.nearest[:, 0] / (radius + generated.nearest[:, 0])


def calibrated(generated: Nearness, reference: Nearness | None = None) -> np.ndarray:
    """How much nearer the generated images are than those of the reference."""
    assert reference is not None
    return reference.nearest[:, 0] - generated.nearest[:, 0]


def density_ratio(generated: Nearness, reference: Nearness | None = None) -> np.ndarray:
    """Log ratio of nearest-neighbour densities, generated over reference, but for its dimension."""
    assert reference is not None
    return np.log(_radius(reference)) - np.log(_radius(generated))


def _radius(found: Nearness) -> np.ndarray:
    return np.maximum(found.nearest[:, min(NEIGHBOURS, found.nearest.shape[1]) - 1], TINY)


SCORES.register(
    "nearest", Score("nearest", "distance to the closest record; GAN-Leaks, Chen et al. 2020", nearest)
)
SCORES.register(
    "scaled",
    Score("locally scaled", "Zelnik-Manor and Perona 2004; Conneau et al. 2018", scaled),
)
SCORES.register("monte-carlo", Score("Monte-Carlo", "Hilprecht et al. 2019", monte_carlo))
SCORES.register(
    "calibrated", Score("calibrated", "GAN-Leaks, Chen et al. 2020", calibrated, needs_reference=True)
)
SCORES.register(
    "density-ratio",
    Score("density ratio", "DOMIAS, van Breugel et al. 2023", density_ratio, needs_reference=True),
)
