"""Distances of real images to generated ones, from rows of features or of small images.

Each sees another kind of copy: what is blurred is plain to pixels and hidden from a network, what is shifted
or mirrored is hidden from pixels, and what is pasted into another slice is seen by a window of it alone.
"""

from collections.abc import Callable

import numpy as np

from core.features.pretrained.backbones import GRID
from core.numeric.distances import euclidean_distances
from core.registry import Registry

VERSION = 2
SHIFTS = (-2, -1, 0, 1, 2)  # px of a thumbnail that registration forgives
MARGIN = max(SHIFTS)
PATCH = 8  # px of a thumbnail
THIRDS = (slice(0, 3), slice(2, 5), slice(4, 7))  # of the places of a map
Pairwise = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (n, d) and (m, d) rows to float64 (n, m)

PAIRWISE: Registry[Pairwise] = Registry("distance between images")


def registered(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """sqrt(1 - r) of thumbnails, r being the best correlation over shifts and mirror images.

    Equal images have 0, unrelated ones 1. The margin that shifts move out of the image is not compared.
    """
    small = _standardised(_square(real)[:, MARGIN:-MARGIN, MARGIN:-MARGIN])
    best = np.full((len(real), len(generated)), -1.0)
    for image in (_square(generated), _square(generated)[:, :, ::-1]):
        side = image.shape[1]
        for down in SHIFTS:
            for right in SHIFTS:
                rows = slice(MARGIN + down, side - MARGIN + down)
                columns = slice(MARGIN + right, side - MARGIN + right)
                np.maximum(best, small @ _standardised(image[:, rows, columns]).T, out=best)
    return np.sqrt(np.maximum(1 - best, 0))


def worst_patch(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """The largest distance among patches of thumbnails, so that an equal background is no near-copy.

    Carlini et al. 2023 (Extracting training data from diffusion models), section 4.2.
    """
    first, second = _patches(real), _patches(generated)
    found = np.zeros((len(real), len(generated)))
    for place in range(first.shape[1]):
        np.maximum(found, euclidean_distances(first[:, place], second[:, place]), out=found)
    return found


def best_window(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """The smallest distance among thirds of a map of GRID x GRID places: what is pasted is a part."""
    first, second = _map(real), _map(generated)
    found = np.full((len(real), len(generated)), np.inf)
    for third in THIRDS:
        for window in ((..., third, slice(None)), (..., third)):
            rows = [maps[window].reshape(len(maps), -1) for maps in (first, second)]
            np.minimum(found, euclidean_distances(*rows), out=found)
    return found


def _square(rows: np.ndarray) -> np.ndarray:
    side = round(rows.shape[1] ** 0.5)
    return rows.reshape(len(rows), side, side)


def _standardised(images: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and length 1; of one grey, zeros."""
    rows = images.reshape(len(images), -1).astype(np.float64)
    rows -= rows.mean(1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def _patches(rows: np.ndarray) -> np.ndarray:
    """(n, patches, PATCH * PATCH)."""
    side = round(rows.shape[1] ** 0.5)
    count = side // PATCH
    kept = _square(rows)[:, : count * PATCH, : count * PATCH]
    tiles = kept.reshape(len(rows), count, PATCH, count, PATCH).swapaxes(2, 3)
    return tiles.reshape(len(rows), count * count, PATCH * PATCH)


def _map(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), -1, GRID, GRID)


PAIRWISE.register("euclidean", euclidean_distances)
PAIRWISE.register("registered", registered)
PAIRWISE.register("worst patch", worst_patch)
PAIRWISE.register("best window", best_window)
