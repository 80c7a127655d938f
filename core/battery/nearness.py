"""How near each real image is to a set of generated ones, in one pass over them, block by block.

Nothing here knows a label: permuting labels changes no distance, and scores need not be computed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.battery.pairwise import Pairwise
from core.numeric.blocks import batched
from core.numeric.parallel import map_in_threads, usable_cores

VERSION = 1
KEPT = 51  # nearest generated images of a real one
REAL = 10  # nearest real images of a generated one
SHOWN = 5  # generated images that are shown beside a real one
TINY = 1e-12  # stands for a distance of 0 where it divides


@dataclass(frozen=True)
class Nearness:
    """Of n real and m generated images.

    ``nearest`` (n, up to 51): the smallest distances, ascending; ``places`` int, of which generated images.
    ``relative`` (n,): the smallest distance over the generated image's own scale, ``match`` int (n,): which
    one's. ``real`` int (m,) and ``to_real`` (m,): each generated image's nearest real one; ``scale`` (m,):
    its own scale, the mean distance to its 10 nearest real ones.
    """

    nearest: np.ndarray
    places: np.ndarray
    relative: np.ndarray
    match: np.ndarray
    real: np.ndarray
    to_real: np.ndarray
    scale: np.ndarray

    @property
    def scaled(self) -> np.ndarray:
        """float (n,): the smallest distance after local scaling on both sides."""
        return np.asarray(self.relative / np.sqrt(self._spread()))

    @property
    def scaled_pairs(self) -> np.ndarray:
        """float (n, up to 51): the same for each of the nearest generated images, as in ``places``."""
        own = np.sqrt(self.scale[self.places])
        return np.asarray(self.nearest / own / np.sqrt(self._spread())[:, None])

    def _spread(self) -> np.ndarray:
        """Mean distance of each real image to its 2nd to 51st nearest generated one."""
        mean = self.nearest[:, 1:].mean(1) if self.nearest.shape[1] > 1 else self.nearest[:, 0]
        return np.maximum(mean, TINY)

    def extended(self, distances: np.ndarray) -> "Nearness":
        """With more generated images, at ``distances`` (n, b)."""
        first = len(self.real)
        scale = _own_scale(distances)
        relative = distances / np.sqrt(scale)[None, :]
        lowest = relative.argmin(1)
        values = relative[np.arange(len(relative)), lowest]
        closer = values < self.relative
        nearest, places = _keep(self.nearest, self.places, distances, first)
        return Nearness(
            nearest,
            places,
            np.where(closer, values, self.relative),
            np.where(closer, first + lowest, self.match),
            np.concatenate([self.real, distances.argmin(0)]),
            np.concatenate([self.to_real, distances.min(0)]),
            np.concatenate([self.scale, scale]),
        )

    def as_arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def measure(real: np.ndarray, blocks: Iterable[np.ndarray], pairwise: Pairwise) -> Nearness:
    """``real`` (n, d) and blocks (b, d) of generated rows; last bits may depend on where blocks begin.

    Local scaling (Zelnik-Manor and Perona 2004; on both sides, as in cross-domain similarity local scaling,
    Conneau et al. 2018): d(x, g) / sqrt(s(x) s(g)), with s(x) the mean distance of a real image to its 2nd to
    51st nearest generated ones, and s(g) that of a generated image to its 10 nearest real ones. A typical
    slice is near to everything, and a blurred generated image as well: neither is a sign of memory.
    """
    n = len(real)
    none, nothing = np.zeros((n, 0)), np.zeros(0)
    found = Nearness(
        none, none.astype(int), np.full(n, np.inf), np.zeros(n, int), nothing.astype(int), nothing, nothing
    )
    for group in batched(blocks, usable_cores()):
        for distances in map_in_threads(partial(pairwise, real), group):
            found = found.extended(distances)
    return found


def _own_scale(distances: np.ndarray) -> np.ndarray:
    """float (b,): mean distance of each generated image to its nearest real ones."""
    count = min(REAL, len(distances))
    return np.maximum(np.partition(distances, count - 1, axis=0)[:count].mean(0), TINY)


def _keep(
    nearest: np.ndarray, places: np.ndarray, distances: np.ndarray, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """The KEPT smallest of those so far and of a block that begins at place ``first``, ascending."""
    both = np.concatenate([nearest, distances], 1)
    numbers = np.broadcast_to(np.arange(first, first + distances.shape[1]), distances.shape)
    which = np.concatenate([places, numbers], 1)
    if both.shape[1] > KEPT:
        chosen = np.argpartition(both, KEPT - 1, axis=1)[:, :KEPT]
        both, which = np.take_along_axis(both, chosen, 1), np.take_along_axis(which, chosen, 1)
    order = np.lexsort((which, both), axis=1)
    return np.take_along_axis(both, order, 1), np.take_along_axis(which, order, 1)
