"""Repair of a store that a crash, a full disk or a bad one has hurt: what is sound stays, the rest goes.

May run beside readers and writers, and twice: the second time there is nothing to do.
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
    """``entries`` and ``bytes`` are intact; the others count what was done.

    ``damaged`` were quarantined, ``missing`` had an entry and no file, ``leftovers`` were files of dead
    writers, ``rows`` other lines of the index that led nowhere. ``index_replaced``: it could not be read.
    """

    entries: int
    bytes: int
    damaged: int
    missing: int
    leftovers: int
    rows: int
    index_replaced: bool = False


def opened(folder: Path | None = None) -> tuple[Store, bool]:
    """The store; an index that is not a database any more is quarantined and replaced by an empty one."""
    try:
        store = Store(folder)
        if store.sound():
            return store, False
        store.close()
    except sqlite3.DatabaseError:
        pass
    place = folder or paths.folder("store")
    log.warning("the index of the cache can't be read: quarantined, everything is recomputed")
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
    """Drop what leads nowhere: entries that are none, rows whose batch is gone, notes that are no JSON."""
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
