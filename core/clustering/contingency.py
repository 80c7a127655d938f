"""Contingency tables: images counted by generator and cluster, all of them or each distinct one once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownGenerators:
    """The generators by name, which images are of a known one, and that one's place among the names."""

    names: tuple[str, ...]
    images: np.ndarray
    rows: np.ndarray

    @staticmethod
    def of(truth: Sequence[str | None]) -> "KnownGenerators":
        images = np.array([label is not None for label in truth], bool)
        names, rows = np.unique([label for label in truth if label is not None], return_inverse=True)
        return KnownGenerators(tuple(str(name) for name in names), images, rows)

    def table(self, clusters: np.ndarray) -> np.ndarray:
        """int64 (generators, clusters) counts of images."""
        table = np.zeros((len(self.names), int(clusters.max()) + 1), np.int64)
        np.add.at(table, (self.rows, clusters[self.images]), 1)
        return table

    def evidence(self, clusters: np.ndarray, alike: np.ndarray) -> np.ndarray:
        """The same, but images that are equal in ``alike`` (n,), generator and cluster count once."""
        if len(np.unique(alike)) == len(alike):
            return self.table(clusters)
        kinds = np.stack([alike[self.images], self.rows, clusters[self.images]])
        _, rows, columns = np.unique(kinds, axis=1)
        table = np.zeros((len(self.names), int(clusters.max()) + 1), np.int64)
        np.add.at(table, (rows, columns), 1)
        return table


def contingency_table(
    truth: Sequence[str | None], clusters: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the generators and int64 (generators, clusters) counts, over images of a known generator."""
    known = KnownGenerators.of(truth)
    return known.names, known.table(clusters)
