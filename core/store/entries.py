"""Arrays by key on disk, shared between processes; a read returns what was written, or nothing.

An entry is one safetensors file. It is written to a temporary file, fsynced, renamed, and only then
indexed (the order of joblib's `_store_backends.py`), so that no reader sees a partial value. Its SHA-256
and byte count are in the index and are checked on every read. After a mismatch the file is quarantined
and the entry counts as absent, so that the value is computed again.
"""

import contextlib
import errno
import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as decode
from safetensors.numpy import save as encode

from core import paths
from core.errors import StoreFull
from core.files import remove_parts, write_atomic
from core.hashing import bytes_key, file_key
from core.store.index import Index
from core.store.locks import Writers, in_use
from core.store.quota import default_quota

Arrays = dict[str, np.ndarray]
log = logging.getLogger(__name__)

FILE = re.compile(r"[0-9A-Za-z_-]{1,2}/[0-9A-Za-z_-]+\.safetensors")
ENTRY, TOTAL = "entry:", "total"


@dataclass(frozen=True)
class Entry:
    """The index row of one file; ``stage`` names the computation, ``pinned`` entries are never evicted."""

    file: str
    bytes: int
    sha256: str
    stage: str
    pinned: bool


@dataclass(frozen=True)
class Verification:
    """The result of ``verify``: damaged files are quarantined, leftovers of killed writers removed."""

    entries: int
    bytes: int
    damaged: int
    leftovers: int


def whole(path: Path, entry: Entry) -> bool:
    """Whether the file matches its index row. Files of any size are read in pieces."""
    try:
        return path.stat().st_size == entry.bytes and file_key(path) == entry.sha256
    except OSError:
        return False


class Entries:
    """See the module. ``quota`` in bytes counts the array files, not the small index."""

    def __init__(self, folder: Path | None = None, quota: int | None = None) -> None:
        self.folder = folder or paths.folder("store")
        self.quota = default_quota() if quota is None else quota
        self._arrays = self.folder / "arrays"
        self._quarantine = self.folder / "quarantine"
        self._coming = self.folder / "coming"  # matrices that are being written; their bytes are reserved
        for path in (self.folder, self._arrays, self._quarantine, self._coming):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._index = Index(self.folder / "index")
        self._writers = Writers(self.folder)

    # -- entries ---------------------------------------------------------------------------------

    def get(self, name: str) -> Arrays | None:
        """The arrays under a key, verified, or None."""
        while (entry := self._entry(name)) is not None:
            path = self._arrays / entry.file
            arrays = self._read(path, entry)
            if arrays is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.utime(
                        path
                    )  # the modification time is the time of last use, by which entries are evicted
                return arrays
            if self._condemn(name, entry):
                break  # otherwise another process has just written it again
        return None

    def has(self, name: str) -> bool:
        entry = self._entry(name)
        return entry is not None and (self._arrays / entry.file).exists()

    def put(self, name: str, arrays: Mapping[str, np.ndarray], stage: str = "", pinned: bool = False) -> None:
        """Store arrays under a key. Raises StoreFull, leaving no partial file."""
        data = encode({field: np.asarray(array, order="C") for field, array in arrays.items()})
        digest = bytes_key(data)
        # A unique file name: two processes that compute the same key never touch each other's file.
        file = f"{name[:2]}/{name}-{uuid.uuid4().hex[:12]}.safetensors"
        with self._writers.one():
            self._put(name, Entry(file, len(data), digest, stage, pinned), data)

    def _put(self, name: str, entry: Entry, data: bytes) -> None:
        self._reserve(entry.bytes)
        try:
            self._write(self._arrays / entry.file, data)
        except BaseException:
            self._release(entry.bytes)
            raise
        self._enter(name, entry)

    def compute(self, name: str, make: Callable[[], Arrays], stage: str = "") -> tuple[Arrays, bool]:
        """The stored arrays and True, or else what ``make`` returns, which is stored, and False."""
        found = self.get(name)
        if found is not None:
            return found, True
        made = make()
        self.put(name, made, stage)
        return made, False

    # -- maintenance ------------------------------------------------------------------------------------

    def stats(self) -> dict[str, Any]:
        stages: dict[str, dict[str, int]] = {}
        for _, entry in self._entries():
            stage = stages.setdefault(entry.stage or "other", {"entries": 0, "bytes": 0})
            stage["entries"] += 1
            stage["bytes"] += entry.bytes
        return {
            "folder": str(self.folder),
            "entries": sum(stage["entries"] for stage in stages.values()),
            "bytes": sum(stage["bytes"] for stage in stages.values()),
            "quota_bytes": self.quota,
            "quarantined": sum(1 for _ in self._quarantine.iterdir()),
            "stages": stages,
        }

    def verify(self) -> Verification:
        """Check every entry, remove files without an entry, and recount the bytes."""
        damaged = 0
        for name, entry in self._entries():
            if not whole(self._arrays / entry.file, entry):
                damaged += self._condemn(name, entry)
        with self._writers.nobody():
            return self._tidied(damaged)

    def _tidied(self, damaged: int) -> Verification:
        """Remove files without an entry and recount; the only writers now are those that reserved bytes."""
        entries = [entry for _, entry in self._entries()]
        kept, total = {self._arrays / entry.file for entry in entries}, sum(e.bytes for e in entries)
        leftovers = [p for p in self._arrays.rglob("*") if p.is_file() and p not in kept]
        for path in leftovers:
            path.unlink(missing_ok=True)
        removed = len(leftovers) + remove_parts(self._coming)
        coming = sum(path.stat().st_size for path in self._coming.iterdir())
        self._index.set(TOTAL, str(total + coming))
        return Verification(len(entries), total, damaged, removed)

    def sound(self) -> bool:
        """Whether the index is an intact database."""
        return self._index.sound()

    def clear(self) -> int:
        """Delete all entries; returns the bytes freed. Data sets are kept."""
        freed = int(self._index.get(TOTAL) or 0)
        with self._index.transaction():
            for name in self._index.keys(""):
                self._index.delete(name)
        for path in [*self._arrays.rglob("*"), *self._quarantine.iterdir()]:
            if path.is_file():
                path.unlink(missing_ok=True)
        return freed

    def close(self) -> None:
        self._index.close()

    # -- internals ----------------------------------------------------------------------------------

    def _enter(self, name: str, entry: Entry) -> None:
        """Index a file that is written, and delete the previous one of this key."""
        with self._index.transaction():
            previous = self._entry(name)
            self._index.set(ENTRY + name, json.dumps(asdict(entry)))
        if previous is not None:
            self._release(previous.bytes)
            (self._arrays / previous.file).unlink(missing_ok=True)

    def _entry(self, name: str) -> Entry | None:
        """The index row, or None if it is invalid or names a file outside the folder."""
        text = self._index.get(ENTRY + name)
        if text is None:
            return None
        try:
            entry = Entry(**json.loads(text))
        except (ValueError, TypeError):
            return None
        return entry if FILE.fullmatch(entry.file) else None

    def _entries(self) -> Iterator[tuple[str, Entry]]:
        for indexed in self._index.keys(ENTRY):
            name = indexed.removeprefix(ENTRY)
            entry = self._entry(name)
            if entry is not None:
                yield name, entry

    @staticmethod
    def _read(path: Path, entry: Entry) -> Arrays | None:
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if len(data) != entry.bytes or bytes_key(data) != entry.sha256:
            return None
        try:
            return decode(data)
        except SafetensorError:
            return None

    def _condemn(self, name: str, entry: Entry) -> bool:
        """Quarantine a damaged entry; False if the index meanwhile names another file, which is kept."""
        with self._index.transaction():
            if self._entry(name) != entry:
                return False
            self._index.delete(ENTRY + name)
            self._release(entry.bytes)
        log.warning("stored %s %s is damaged: quarantined, to be recomputed", entry.stage, name[:12])
        self._lost(entry)
        with contextlib.suppress(OSError):
            os.replace(self._arrays / entry.file, self._quarantine / Path(entry.file).name)
        return True

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        try:
            write_atomic(path, data)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise StoreFull(
                    f"The disk is full: no room for {len(data) / 1e6:.1f} MB in {path.parent}. "
                    "Free some space, then start again: completed steps are kept."
                ) from error
            raise

    def _reserve(self, size: int) -> None:
        """Reserve bytes under the quota, evicting the least recently used entries. Raises StoreFull."""
        with self._index.transaction():
            total = int(self._index.get(TOTAL) or 0) + size
            if total > self.quota:
                entries = list(self._entries())
                evictable = sum(entry.bytes for _, entry in entries if not entry.pinned)
                if total - evictable <= self.quota:
                    total -= self._evict(entries, total - self.quota)
            if total > self.quota:
                raise StoreFull(
                    f"A result of {size / 1e6:.0f} MB does not fit into the cache quota of "
                    f"{self.quota / 1e6:.0f} MB. Increase IMPRINT_QUOTA_GB."
                )
            self._index.set(TOTAL, str(total))

    def _release(self, size: int) -> None:
        with self._index.transaction():
            self._index.set(TOTAL, str(max(0, int(self._index.get(TOTAL) or 0) - size)))

    def _evict(self, entries: list[tuple[str, Entry]], needed: int) -> int:
        def last_use(item: tuple[str, Entry]) -> float:
            try:
                return (self._arrays / item[1].file).stat().st_mtime
            except OSError:
                return 0.0

        freed = 0
        for name, entry in sorted(entries, key=last_use):
            if freed >= needed:
                break
            if entry.pinned or in_use(self._arrays / entry.file):
                continue
            log.warning("cache quota: evicting %s %s (%d bytes)", entry.stage, name[:12], entry.bytes)
            self._index.delete(ENTRY + name)
            self._lost(entry)
            (self._arrays / entry.file).unlink(missing_ok=True)
            freed += entry.bytes
        return freed

    def _lost(self, entry: Entry) -> None:
        """Called with every entry that is damaged or evicted; for subclasses."""
