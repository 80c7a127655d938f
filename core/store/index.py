"""The index: diskcache, restricted to text.

diskcache 5.6.3 unpickles any row that is marked as a pickle (CVE-2025-69872), so this Disk reads and writes
only short text kept in the table itself; a planted pickle is refused unread.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diskcache

REFUSED = ""  # replaces a key that is not text, which is never unpickled; matches nothing


class NotText(Exception):
    """The index holds, or was given, something other than text."""


class TextDisk(diskcache.Disk):
    def put(self, key: Any) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise NotText(f"index keys are text, got {type(key).__name__}")
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        return key if raw and isinstance(key, str) else REFUSED

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, None, str]:
        if not isinstance(value, str):
            raise NotText(f"index values are text, got {type(value).__name__}")
        return 0, diskcache.core.MODE_RAW, None, value

    def remove(self, file_path: str) -> None:
        """Does nothing: our values have no files, so a file name here was planted."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> str:
        if mode != diskcache.core.MODE_RAW or not isinstance(value, str):
            raise NotText("an index value is not text")
        return value


class Index:
    """A mapping of text to text, shared by threads and processes; evicts nothing by itself."""

    def __init__(self, folder: Path) -> None:
        self._cache = diskcache.Cache(
            str(folder),
            disk=TextDisk,
            eviction_policy="none",
            cull_limit=0,
            size_limit=2**62,
            statistics=0,
            tag_index=0,
            timeout=30,
        )

    def get(self, key: str) -> str | None:
        """The text under a key, or None; an entry that is not text is deleted."""
        try:
            value: str | None = self._cache.get(key)
        except NotText:
            self.delete(key)
            return None
        return value

    def set(self, key: str, text: str) -> None:
        self._cache.set(key, text)

    def delete(self, key: str) -> None:
        self._cache.delete(key)

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self._cache.iterkeys() if key is not REFUSED and key.startswith(prefix)]

    def purge(self) -> int:
        """Delete rows that are not text, without reading them; returns how many there were."""
        plain = "typeof(key) = 'text' AND raw = 1 AND mode = ? AND typeof(value) = 'text'"
        found = self._cache._sql(f"DELETE FROM Cache WHERE NOT ({plain})", (diskcache.core.MODE_RAW,))
        return int(found.rowcount)

    def sound(self) -> bool:
        try:
            return list(self._cache._sql("PRAGMA quick_check(1)")) == [("ok",)]
        except sqlite3.DatabaseError:
            return False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """An atomic, exclusive transaction."""
        with self._cache.transact(retry=True):
            yield

    def close(self) -> None:
        self._cache.close()
