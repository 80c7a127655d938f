"""Features of a set: an array, or a matrix on disk that is read in pieces and never mapped whole."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

BLOCK = 8192  # rows that are read at a time


@dataclass(frozen=True)
class Matrix:
    """(n, d) numbers, row after row from ``offset`` in a file. Read like an array: by slices, by places or
    by a mask.

    It is read, not mapped: what was looked at once does not count as this process's memory.
    """

    path: Path
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    offset: int

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, chosen: slice | np.ndarray) -> np.ndarray:
        if isinstance(chosen, slice):
            first, last, step = chosen.indices(len(self))
            if step == 1:
                return self._slice(first, last)
        return self._take(np.arange(len(self))[chosen])

    def _slice(self, first: int, last: int) -> np.ndarray:
        count = max(0, last - first) * self.shape[1]
        start = self.offset + first * self._width
        return np.fromfile(self.path, self.dtype, count, offset=start).reshape(-1, self.shape[1])

    def _take(self, places: np.ndarray) -> np.ndarray:
        found = np.empty((len(places), self.shape[1]), self.dtype)
        with open(self.path, "rb") as file:
            for row, place in zip(found, places.tolist(), strict=True):
                row[:] = np.frombuffer(
                    os.pread(file.fileno(), self._width, self.offset + place * self._width), self.dtype
                )
        return found

    @property
    def _width(self) -> int:
        return self.shape[1] * self.dtype.itemsize


@dataclass(frozen=True)
class Prepared:
    """Rows as ``prepare`` makes them of those that are read."""

    rows: np.ndarray | Matrix
    prepare: Callable[[np.ndarray], np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.rows.shape

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: slice | np.ndarray) -> np.ndarray:
        return self.prepare(self.rows[chosen])


Rows: TypeAlias = np.ndarray | Matrix | Prepared


def blocks(rows: Rows, size: int = BLOCK) -> Iterator[tuple[int, np.ndarray]]:
    """The first place of each block, and the block."""
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]


T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
