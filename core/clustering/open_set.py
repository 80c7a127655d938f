"""Which of several known groups a new row belongs to, or none of them: conformal prediction over neighbours.

A label is in the set of a new image if the image is no stranger among those with this label than one in ten
of them is (at level 0.9). So the set holds the true label in 90% of images, whatever the features are, and is
empty for an image unlike all that are known (Vovk, Gammerman and Shafer 2005, chapter 4: by label).
"""

from dataclasses import dataclass

import numpy as np

from core.numeric.distances import euclidean_distances
from core.numeric.parallel import map_in_threads

VERSION = 1
NEIGHBOURS = 3  # whose mean distance is an image's strangeness
FEWEST = 10  # labelled images of a group: with fewer, no set of 90% could ever leave it out
BLOCK = 512  # images that are compared at a time


@dataclass(frozen=True)
class Conformal:
    """Of n new rows and c labels: ``strangeness`` (n, c), the mean distance to the nearest images of a label;
    ``p_values`` (n, c), how many images of the label are at least as strange; ``nearest`` int (n, c, 3),
    places of the nearest labelled images, the nearest first. ``relative`` (n, c): strangeness over the median
    of the label's own images."""

    strangeness: np.ndarray
    p_values: np.ndarray
    nearest: np.ndarray
    relative: np.ndarray

    def sets(self, level: float) -> np.ndarray:
        """bool (n, c): the labels that can't be ruled out at a level such as 0.9."""
        return np.asarray(self.p_values > 1 - level + 1e-12)

    @property
    def known(self) -> np.ndarray:
        """float (n,): an open-set score, the smaller the less an image is like any known group: minus the
        relative strangeness of the group that fits best."""
        return -np.asarray(self.relative.min(1))

    @property
    def best(self) -> np.ndarray:
        """int (n,): the label that fits best."""
        return np.asarray(self.relative.argmin(1))


def predict(rows: np.ndarray, known: np.ndarray, labels: np.ndarray) -> Conformal:
    """Rows (n, d) against labelled ones (m, d), ``labels`` int (m,) from 0."""
    strange, nearest = _strangeness(rows, known, labels, own=False)
    return _conformal(strange, nearest, calibration(known, labels))


def cross_predict(known: np.ndarray, labels: np.ndarray, rows: np.ndarray | None = None) -> Conformal:
    """Of each labelled row among the others: how well these groups are told apart. ``rows`` (m, d): other
    versions of the same images, in their order, of which each is held against the others' known rows."""
    strange, nearest = _strangeness(known if rows is None else rows, known, labels, own=True)
    return _conformal(strange, nearest, calibration(known, labels), labels)


def calibration(known: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """For each label the strangeness of its own images among the others of it, ascending."""
    found = []
    for label in range(int(labels.max()) + 1):
        rows = known[labels == label]
        own = _strangeness(rows, rows, np.zeros(len(rows), int), own=True)[0][:, 0]
        found.append(np.sort(own))
    return found


def _conformal(
    strange: np.ndarray, nearest: np.ndarray, calibrated: list[np.ndarray], own: np.ndarray | None = None
) -> Conformal:
    p_values = np.empty_like(strange)
    relative = np.empty_like(strange)
    for label, values in enumerate(calibrated):
        atypical = len(values) - np.searchsorted(values, strange[:, label] - 1e-12, "left")
        itself = 0 if own is None else (own == label).astype(int)
        p_values[:, label] = (1 + atypical - itself) / (1 + len(values) - itself)
        relative[:, label] = strange[:, label] / max(float(np.median(values)), 1e-12)
    return Conformal(strange, p_values, nearest, relative)


def _strangeness(
    rows: np.ndarray, known: np.ndarray, labels: np.ndarray, own: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(n, c) and int (n, c, 3); ``own``: row i is known image i, which is not its own neighbour."""
    count = int(labels.max()) + 1
    places = [np.flatnonzero(labels == label) for label in range(count)]

    def block(first: int) -> tuple[np.ndarray, np.ndarray]:
        distances = euclidean_distances(rows[first : first + BLOCK], known)
        if own:
            inside = np.arange(len(distances))
            distances[inside, first + inside] = np.inf
        found = [_nearest(distances[:, its], its) for its in places]
        return np.stack([mean for mean, _ in found], 1), np.stack([which for _, which in found], 1)

    parts = map_in_threads(block, range(0, len(rows), BLOCK))
    return np.concatenate([mean for mean, _ in parts]), np.concatenate([which for _, which in parts])


def _nearest(distances: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean distance (n,) to the nearest of some images, and which (n, 3): -1 where there are fewer."""
    count = min(NEIGHBOURS, distances.shape[1])
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(distances, order, 1)
    usable = np.isfinite(values)
    mean = np.where(usable, values, 0).sum(1) / np.maximum(usable.sum(1), 1)
    which = np.full((len(distances), NEIGHBOURS), -1)
    which[:, :count] = np.where(usable, places[order], -1)
    return np.where(usable.any(1), mean, np.inf), which
