"""Locks that distinguish live writers from dead ones: a writer holds a shared lock until its file is indexed.

The kernel releases a dead process's lock, so the holder of the exclusive lock knows that a file without an
entry was left by a dead writer. Whoever waits for it holds the gate, so that new writers queue behind it.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


class Writers:
    """Locks in a folder; each use opens the files anew, so that threads exclude each other like processes."""

    def __init__(self, folder: Path) -> None:
        self._gate, self._lock = folder / "gate.lock", folder / "writers.lock"

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Hold while a value is written and indexed. Not re-entrant."""
        with open(self._lock, "a") as lock:
            with open(self._gate, "a") as gate:
                fcntl.flock(gate, fcntl.LOCK_SH)
                fcntl.flock(lock, fcntl.LOCK_SH)
            yield

    @contextlib.contextmanager
    def nobody(self) -> Iterator[None]:
        """Hold while no value is between its file and the index; new writers wait."""
        with open(self._gate, "a") as gate, open(self._lock, "a") as lock:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def in_use(path: Path) -> bool:
    """Whether a process reads the file in pieces, for which it holds a shared lock."""
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
