"""Duplicates and near-duplicates across classes.

Two images are near-duplicates if their perceptual hashes differ in at most 8 of 64 bits (Zauner 2010: signs
of the lowest 8 x 8 cosine frequencies relative to their median) and their thumbnails correlate by at least
0.975; or, where embeddings are available, if the cosine similarity of these is at least 0.95. All CT slices
look alike, so a hash alone is not enough: of 19,693 pairs of unrelated real slices of membership-dev, 132 are
within 8 bits, but none correlates by more than 0.915, and none has a cosine above 0.928. Of the 407 pairs of
one patient in its groups.csv, 150 are found by hash and thumbnail and 63 by embedding: slices of one scan
that are further apart are not near-duplicates in this sense. In a demo data set, 174 of 300 pairs of one
patient are found, and none of 19,600 others, which correlate by at most 0.963.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

VERSION = 1
BITS = 8  # of 64
CORRELATION = 0.975
COSINE = 0.95
KEPT = 8  # lowest frequencies that are kept, per axis
BLOCK = 512  # images compared at a time
SHOWN = 24  # the closest pairs of two classes, which are kept
HOW = ("embedding", "hash", "copy")  # by precedence: the last one that applies is reported


@dataclass(frozen=True)
class Pair:
    """Positions of two images in the data set; ``how`` they match, and the similarity: 1 for exact copies."""

    first: int
    second: int
    how: str
    likeness: float


@dataclass(frozen=True)
class CrossClassPairs:
    """Pairs between two classes: their number, and the closest of them."""

    classes: tuple[str, str]
    total: int
    pairs: tuple[Pair, ...]

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "CrossClassPairs":
        one, other = raw["classes"]
        return CrossClassPairs((one, other), raw["total"], tuple(Pair(**pair) for pair in raw["pairs"]))


@dataclass(frozen=True)
class Images:
    """What n images are compared by.

    ``identity``: int (n,), equal for equal pixels. ``bits``: signs (n, 64). ``small`` and ``embedded``: float
    (n, d), rows of length 1.
    """

    identity: np.ndarray
    bits: np.ndarray
    small: np.ndarray
    embedded: np.ndarray | None

    def alike(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every image of ``a`` against every one of ``b``: similarity, and index into HOW.

        ``a``, ``b``: positions, int. Both results are (len(a), len(b)); the similarity is 0 unless they are
        near-duplicates.
        """
        likeness = np.zeros((len(a), len(b)), np.float32)
        how = np.zeros((len(a), len(b)), np.int8)
        if self.embedded is not None:
            cosine = self.embedded[a] @ self.embedded[b].T
            likeness = np.where(cosine >= COSINE, cosine, likeness)
        correlation = self.small[a] @ self.small[b].T
        near = (correlation >= CORRELATION) & (self.bits[a] @ self.bits[b].T >= KEPT**2 - 2 * BITS)
        copies = self.identity[a][:, None] == self.identity[b]
        likeness[near], how[near] = correlation[near], HOW.index("hash")
        likeness[copies], how[copies] = 1, HOW.index("copy")
        return likeness, how


def images(ids: Sequence[str], thumbnails: np.ndarray, embeddings: np.ndarray | None) -> Images:
    """From the hashes of the pixels, thumbnails uint8 (n, 32, 32), and features (n, d) if available."""
    return Images(
        np.unique(ids, return_inverse=True)[1],
        hashes(thumbnails),
        _unit(thumbnails - thumbnails.mean((1, 2), keepdims=True)),
        None if embeddings is None else _unit(embeddings),
    )


def hashes(thumbnails: np.ndarray) -> np.ndarray:
    """Perceptual hashes as signs -1 and 1, float32 (n, 64), of thumbnails uint8 (n, 32, 32)."""
    from scipy.fft import dctn

    low = dctn(thumbnails.astype(np.float32), axes=(1, 2), norm="ortho")[:, :KEPT, :KEPT].reshape(-1, KEPT**2)
    return np.where(low > np.median(low, axis=1, keepdims=True), 1, -1).astype(np.float32)


def _unit(rows: np.ndarray) -> np.ndarray:
    flat = rows.reshape(len(rows), -1).astype(np.float32)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)


def find_cross_class_pairs(classes: Sequence[str], compared: Images) -> tuple[CrossClassPairs, ...]:
    """Near-duplicates between every two classes that have any; ``classes``: one per image."""
    names = np.array(classes)
    places = {name: np.flatnonzero(names == name) for name in sorted(set(classes))}
    found = [_crossing((one, other), places, compared) for one, other in combinations(places, 2)]
    return tuple(each for each in found if each.total)


def _crossing(
    between: tuple[str, str], places: Mapping[str, np.ndarray], compared: Images
) -> CrossClassPairs:
    first, second = (places[name] for name in between)
    total, closest = 0, list[Pair]()
    for start in range(0, len(first), BLOCK):
        rows = first[start : start + BLOCK]
        likeness, how = compared.alike(rows, second)
        total += int(np.count_nonzero(likeness))
        closest = _closest([*closest, *_pairs(rows, second, likeness, how)])
    return CrossClassPairs(between, total, tuple(closest))


def _pairs(rows: np.ndarray, columns: np.ndarray, likeness: np.ndarray, how: np.ndarray) -> list[Pair]:
    """The closest pairs of a block."""
    near = np.argwhere(likeness)
    order = np.argsort(-likeness[tuple(near.T)], kind="stable")[:SHOWN]
    return [
        Pair(int(rows[i]), int(columns[j]), HOW[how[i, j]], round(float(likeness[i, j]), 4))
        for i, j in near[order]
    ]


def _closest(pairs: list[Pair]) -> list[Pair]:
    ranked = sorted(pairs, key=lambda pair: (pair.how != "copy", -pair.likeness, pair.first, pair.second))
    return ranked[:SHOWN]
