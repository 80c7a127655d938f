"""The SSIM decision's AUC where labels mean nothing: each permutation makes its own centroids.

Permuting the labels of fixed distances would not do: the centroids know the real labels, and with them the
AUC scatters more than under such permutations: of 600 null sets of 20 patients with 3 to 5 maps, 10% had
p < 0.05. Here labels and folds are dealt out anew together, and centroids, differences and AUC follow from
them: 6% had, and 4% a verdict of a leak (tests/bench/coverage.py).

SSIM is that of ``error_maps`` in single precision, with all that an image's windows give by themselves
computed once: 199 permutations of 200 images of 64 px take 2 s.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.membership import metrics
from core.membership.metrics import GroundTruth
from core.membership.reconstruction.error_maps import WINDOW
from core.numeric.parallel import map_in_threads

VERSION = 1
PERMUTATIONS = 199
BLOCK = 16  # images whose windows a core's cache holds
UNBIASED = np.float32(WINDOW**2 / (WINDOW**2 - 1))  # of sample variances, as in scikit-image


@dataclass(frozen=True)
class Windows:
    """Error maps float32 (n, size, size), and the means and the variances of their windows."""

    maps: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @staticmethod
    def of(maps: np.ndarray) -> "Windows":
        mean = _means(maps)
        return Windows(maps, mean, UNBIASED * (_means(maps * maps) - mean * mean))

    def part(self, some: np.ndarray) -> "Windows":
        return Windows(self.maps[some], self.mean[some], self.variance[some])

    def ssim(self, centroid: np.ndarray, largest: float) -> np.ndarray:
        """float (n,): with a centroid (size, size); in place, as most of the time is the memory's."""
        first, second = np.float32((0.01 * largest) ** 2), np.float32((0.03 * largest) ** 2)
        mean = _means(centroid)
        square = mean * mean
        variance = UNBIASED * (_means(centroid * centroid) - square)
        product = self.mean * mean
        above = _means(self.maps * centroid)
        above -= product
        above *= 2 * UNBIASED
        above += second
        product *= 2
        product += first
        above *= product
        below = np.square(self.mean, out=product)
        below += square + first
        above /= below
        above /= np.add(self.variance, variance + second, out=below)
        return np.asarray(above.mean((1, 2)))

    def differences(self, used: np.ndarray, folds: np.ndarray) -> np.ndarray:
        """float (n,): as ``error_maps.held_out_ssim_difference``; ``folds`` int (n,) numbers each image's."""
        found, numbers = np.zeros(len(self.maps)), np.unique(folds)
        sides = np.stack([side & (folds != fold) for fold in numbers for side in (used, ~used)])
        weights = (sides / sides.sum(1, keepdims=True)).astype(np.float32)
        pairs = (weights @ self.maps.reshape(len(used), -1)).reshape(-1, 2, *self.maps.shape[1:])
        for fold, pair in zip(numbers, pairs, strict=True):
            largest = float(pair.max())
            held = np.flatnonzero(folds == fold)
            for some in np.split(held, range(BLOCK, len(held), BLOCK)) if largest else ():
                block = self.part(some)
                found[some] = block.ssim(pair[1], largest) - block.ssim(pair[0], largest)
        return found


def _means(images: np.ndarray) -> np.ndarray:
    """Of all windows of images (..., size, size), (..., size - 6, size - 6)."""
    size = images.shape[-1]
    bands = _bands(size)
    rows = (images.reshape(-1, size) @ bands).reshape(*images.shape[:-1], bands.shape[1])
    return np.asarray(bands.T @ rows)


@lru_cache(8)
def _bands(size: int) -> np.ndarray:
    first = np.arange(size - WINDOW + 1)
    inside = np.arange(size)[:, None] - first[None]
    return ((inside >= 0) & (inside < WINDOW)).astype(np.float32) / WINDOW


def permuted_aucs(maps: np.ndarray, truth: GroundTruth, folds: list[np.ndarray], seed: int) -> np.ndarray:
    """float (PERMUTATIONS,) of error maps (n, size, size); ``folds`` are masks (n,) of whole groups."""
    rng, windows = np.random.default_rng(seed), Windows.of(maps.astype(np.float32))
    number = np.argmax(np.stack(folds), axis=0)
    permuted = truth.permuted(PERMUTATIONS, rng)
    dealt = [dealt_folds(truth, number, used, rng) for used in permuted]

    def auc(which: int) -> float:
        used = permuted[which]
        found = windows.differences(used, dealt[which])
        return float(metrics.auc(found[None], used)[0, 0])

    return np.array(map_in_threads(auc, range(PERMUTATIONS)))


def dealt_folds(
    truth: GroundTruth, folds: np.ndarray, permuted: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """int (n,): the groups that are used in a permutation have the folds of those that are, in any order, and
    so have the others; groups of both labels keep theirs."""
    _, first = np.unique(truth.groups, return_index=True)
    found = folds[first].copy()
    real, drawn = (
        np.stack([_all(truth.groups, used), _all(truth.groups, ~used)]) for used in (truth.used, permuted)
    )
    for had, has in zip(real, drawn, strict=True):
        found[has] = rng.permutation(folds[first][had])
    return np.asarray(found[truth.groups])


def _all(groups: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """bool (groups,): all of whose images are marked."""
    return np.bincount(groups, marked) == np.bincount(groups)
