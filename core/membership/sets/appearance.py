"""What images look like, as far as a verdict depends on it: near-duplicates, and grey values.

Near-duplicates: images are taken as one patient's if their thumbnails are on average closer than 0.4 times a
typical pair of the data set (1 - r, r being the correlation; average linkage). On membership-dev that finds
344 of the 407 pairs of its groups.csv, and 128 of 19,693 other pairs: 52 groups instead of 48. Single linkage
at 0.25, for sets too large for a tree, finds 302 and 2: 54 groups.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.hashing import key
from core.images import grey_values
from core.images.grey_values import Grey
from core.images.library import Library
from core.images.transforms import resize
from core.numeric.blocks import batched
from core.numeric.parallel import usable_cores
from core.store import Store

VERSION = 1
SIDE = 32  # px of a thumbnail
BATCH = 256  # images stored at a time
CLOSER, LINKED = 0.4, 0.25  # of the typical distance: on average in a group, or to one image of it
TYPICAL = 1000  # images whose median distance is the typical one
LARGEST = 5000  # images in a tree
BLOCK = 512  # images compared at a time


def rows(store: Store, library: Library, ids: Sequence[str]) -> np.ndarray:
    """float32 (n, 4 + 32 x 32): grey values and thumbnail of each image, each measured once."""
    space, ids = key("appearance", VERSION), list(ids)
    found = store.rows(space, ids)
    missing = [identity for identity in dict.fromkeys(ids) if identity not in found]
    with ThreadPoolExecutor(usable_cores()) as pool:
        for batch in batched(missing, BATCH):
            made = np.stack(list(pool.map(lambda identity: _row(library.pixels(identity)), batch)))
            store.put_rows(space, batch, made)
            found.update(zip(batch, made, strict=True))
    return np.stack([found[identity] for identity in ids])


def _row(pixels: np.ndarray) -> np.ndarray:
    grey = grey_values.measure(np.bincount(pixels.ravel(), minlength=256))
    return np.concatenate([grey.astype(np.float32), resize(pixels, SIDE).ravel().astype(np.float32)])


def grey_of(measured: np.ndarray) -> Grey:
    """Of the ``rows`` of a class."""
    return grey_values.typical(measured[:, : grey_values.MEASURED])


def incomparable_classes(greys: Mapping[str, Grey]) -> str:
    """The first two classes whose greys can't be compared, as a sentence; empty if there are none."""
    found = [name for name in greys if name in (grey_values.incomparable(greys) or ())]
    return ", ".join(greys[name].words(name) for name in found)


def near_duplicates(measured: np.ndarray) -> np.ndarray:
    """int (n,): the group of each image of ``rows``."""
    from scipy.cluster.hierarchy import fcluster, linkage

    small = measured[:, grey_values.MEASURED :]
    small = small - small.mean(1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    small = np.divide(small, length, out=np.zeros_like(small), where=length > 0)
    sample = small[np.linspace(0, len(small) - 1, min(len(small), TYPICAL)).astype(int)]
    typical = float(np.median(_distances(sample)))
    if len(small) > LARGEST:
        return _linked(small, LINKED * typical)
    tree = linkage(_distances(small), "average")
    return np.asarray(fcluster(tree, CLOSER * typical, "distance")) - 1


def _distances(small: np.ndarray) -> np.ndarray:
    """1 - r of every two images, float32 (n (n - 1) / 2,)."""
    return np.maximum(1 - (small @ small.T)[np.triu_indices(len(small), 1)], 0)


def _linked(small: np.ndarray, limit: float) -> np.ndarray:
    """Groups by single linkage, without a table of all pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    near = [
        np.nonzero(1 - small[place : place + BLOCK] @ small.T < limit)
        for place in range(0, len(small), BLOCK)
    ]
    left = np.concatenate([rows + place * BLOCK for place, (rows, _) in enumerate(near)])
    right = np.concatenate([columns for _, columns in near])
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(len(small), len(small)))
    return np.asarray(connected_components(graph, directed=False)[1])
