"""Features of a set: an array, or a matrix on disk that is read in pieces and never mapped whole."""

import os
import weakref
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

    It is read, not mapped: what was looked at once does not count as this process's memory. The file stays
    open, and locked by a shared lock, as long as the matrix is used, so that the store evicts it from under
    nobody.
    """

    path: Path
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    offset: int
    file: int  # descriptor, which the matrix closes

    def __post_init__(self) -> None:
        weakref.finalize(self, os.close, self.file)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, chosen: slice | np.ndarray) -> np.ndarray:
        if isinstance(chosen, slice):
            first, last, step = chosen.indices(len(self))
            if step == 1:
                return self._slice(first, last)
        return self._take(np.arange(len(self))[chosen])

    def _slice(self, first: int, last: int) -> np.ndarray:
        found = np.empty((max(0, last - first), self.shape[1]), self.dtype)
        self._read(found, first)
        return found

    def _take(self, places: np.ndarray) -> np.ndarray:
        found = np.empty((len(places), self.shape[1]), self.dtype)
        for row, place in zip(found, places.tolist(), strict=True):
            self._read(row, place)
        return found

    def _read(self, rows: np.ndarray, place: int) -> None:
        """Fill ``rows`` with those from a place on."""
        into, start = rows.data.cast("B") if rows.size else memoryview(b""), 0
        while start < len(into):
            count = os.preadv(self.file, [into[start:]], self.offset + place * self._width + start)
            if not count:
                raise OSError(f"{self.path} ends too early")
            start += count

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
