"""The store: entries, and on top of them rows (one vector per image) and notes (small JSON).

A row is found by its space and the image's hash, whatever batch it was stored in, so that all data sets that
contain the image share it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.hashing import key
from core.memoize import cache_per_tuple
from core.store.entries import Arrays, Entry, Verification
from core.store.matrices import Matrices

__all__ = ["Arrays", "Store", "Verification"]

ROW, NOTE, WHOLE = "row:", "note:", "whole:"
EMBEDDINGS = "embeddings"


@cache_per_tuple
def _whole_key(ids: tuple[str, ...], space: str) -> str:
    return key(space, ids)


class Store(Matrices):
    """See the module, and ``Entries`` for what is guaranteed."""

    # -- rows ------------------------------------------------------------------------------------

    def put_rows(self, space: str, ids: Sequence[str], rows: np.ndarray) -> None:
        """Store row i of ``rows`` as the vector of image ``ids[i]`` in a space (a feature spec's key)."""
        batch = key("rows", space, list(ids))
        self.put(batch, {"rows": rows}, stage=EMBEDDINGS)
        with self._index.transaction():
            for position, identity in enumerate(ids):
                self._index.set(f"{ROW}{space}:{identity}", f"{batch}:{position}")

    def rows(self, space: str, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """The stored vectors by id; each batch file is read and verified once."""
        places: dict[str, list[tuple[str, int]]] = {}
        for identity in dict.fromkeys(ids):
            place = self._index.get(f"{ROW}{space}:{identity}")
            if place is not None:
                batch, _, position = place.rpartition(":")
                places.setdefault(batch, []).append((identity, int(position)))
        found: dict[str, np.ndarray] = {}
        for batch, members in places.items():
            arrays = self.get(batch)
            if arrays is not None:
                found.update({identity: arrays["rows"][position] for identity, position in members})
        return found

    def lacking_rows(self, space: str, ids: Sequence[str]) -> list[str]:
        """The ids of the vectors that are not stored, without reading any."""
        batches: dict[str, bool] = {}
        lacking = []
        for identity in dict.fromkeys(ids):
            batch = (self._index.get(f"{ROW}{space}:{identity}") or "").rpartition(":")[0]
            if batch not in batches:
                batches[batch] = bool(batch) and self.has(batch)
            if not batches[batch]:
                lacking.append(identity)
        return lacking

    def count_rows(self, space: str, ids: Sequence[str]) -> int:
        """How many of these vectors are stored, without reading any."""
        batches: dict[str, bool] = {}
        count = 0
        for identity in ids:
            place = self._index.get(f"{ROW}{space}:{identity}")
            if place is None:
                continue
            batch = place.rpartition(":")[0]
            if batch not in batches:
                batches[batch] = self.has(batch)
            count += batches[batch]
        return count

    def has_rows(self, space: str, ids: Sequence[str]) -> bool:
        """Whether all are stored."""
        return self.count_lacking(space, ids) == 0

    def count_lacking(self, space: str, ids: Sequence[str]) -> int:
        """How many of these vectors are not stored. A result of 0 is remembered until rows are lost, since
        every change of a setting asks again."""
        name = f"{WHOLE}{_whole_key(ids, space) if isinstance(ids, tuple) else key(space, list(ids))}"
        if self._index.get(name) is not None:
            return 0
        lacking = len(ids) - self.count_rows(space, ids)
        if not lacking:
            self._index.set(name, "")
        return lacking

    def _lost(self, entry: Entry) -> None:
        if entry.stage == EMBEDDINGS:
            for name in self._index.keys(WHOLE):
                self._index.delete(name)

    # -- notes -----------------------------------------------------------------------------------

    def note(self, name: str) -> dict[str, Any] | None:
        text = self._index.get(NOTE + name)
        return None if text is None else json.loads(text)

    def put_note(self, name: str, value: Mapping[str, Any]) -> None:
        self._index.set(NOTE + name, json.dumps(value))

    def add_to_note(self, name: str, field: str, value: object) -> None:
        """Set one field of a note, safely beside other writers."""
        with self._index.transaction():
            self.put_note(name, {**(self.note(name) or {}), field: value})
