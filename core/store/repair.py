"""Repair of a store after a crash, a full disk or a disk error: intact entries are kept, the rest is removed.

Safe to run beside readers and writers, and repeatedly.
"""

import json
import logging
import os
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.store.entries import ENTRY, TOTAL, whole
from core.store.store import NOTE, ROW, WHOLE, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Repaired:
    """``entries`` and ``bytes`` are intact; the other fields count repairs.

    ``damaged`` files were quarantined, ``missing`` entries had no file, ``leftovers`` were files of dead
    writers, ``rows`` other invalid index rows. ``index_replaced``: the index could not be read.
    """

    entries: int
    bytes: int
    damaged: int
    missing: int
    leftovers: int
    rows: int
    index_replaced: bool = False


def opened(folder: Path | None = None) -> tuple[Store, bool]:
    """The store, and whether its unreadable index was quarantined and replaced by an empty one."""
    try:
        store = Store(folder)
        if store.sound():
            return store, False
        store.close()
    except sqlite3.DatabaseError:
        pass
    place = folder or paths.folder("store")
    log.warning("the cache index can't be read: quarantined, results will be recomputed")
    os.replace(place / "index", place / "quarantine" / f"index-{uuid.uuid4().hex[:12]}")
    return Store(folder), True


def repair(store: Store, index_replaced: bool = False) -> Repaired:
    damaged = missing = 0
    for name, entry in store._entries():
        path = store._arrays / entry.file
        gone = not path.exists()
        if not whole(path, entry) and store._condemn(name, entry):
            missing += gone
            damaged += not gone
    with store._writers.nobody():
        rows = store._index.purge() + _rows(store)
        tidied = store._tidied(damaged)
    return Repaired(tidied.entries, tidied.bytes, damaged, missing, tidied.leftovers, rows, index_replaced)


def _rows(store: Store) -> int:
    """Delete invalid entries, rows whose batch is gone, and notes that are not JSON."""
    index, here = store._index, {name for name, _ in store._entries()}
    doomed = [name for name in index.keys(ENTRY) if name.removeprefix(ENTRY) not in here]
    lost = [name for name in index.keys(ROW) if not _leads(index.get(name) or "", here)]
    if lost:
        lost += index.keys(WHOLE)
    doomed += lost + [name for name in index.keys(NOTE) if not _is_note(index.get(name) or "")]
    if not (index.get(TOTAL) or "0").isdecimal():
        doomed.append(TOTAL)
    for name in doomed:
        index.delete(name)
    return len(doomed)


def _leads(place: str, here: set[str]) -> bool:
    batch, _, position = place.rpartition(":")
    return batch in here and position.isdecimal()


def _is_note(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
