"""Locks that tell live writers from dead ones: a writer holds a shared lock until its file is in the index.

The kernel releases a dead process's lock, so whoever gets the exclusive one knows that a file without an
entry was left by a dead writer. Whoever waits for it holds the gate, so that new writers queue up behind.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


class Writers:
    """Locks in a folder; each use opens the files anew, so threads count as processes do."""

    def __init__(self, folder: Path) -> None:
        self._gate, self._lock = folder / "gate.lock", folder / "writers.lock"

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """While a value is written and indexed. Not to be entered twice by one thread."""
        with open(self._lock, "a") as lock:
            with open(self._gate, "a") as gate:
                fcntl.flock(gate, fcntl.LOCK_SH)
                fcntl.flock(lock, fcntl.LOCK_SH)
            yield

    @contextlib.contextmanager
    def nobody(self) -> Iterator[None]:
        """While no value is between its file and the index; those that come wait."""
        with open(self._gate, "a") as gate, open(self._lock, "a") as lock:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
