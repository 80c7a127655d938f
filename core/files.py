"""Atomic writes: a reader sees the old file or the new one, never a part."""

import fcntl
import os
import time
import uuid
from pathlib import Path
from typing import IO

ABANDONED = 60  # seconds without a byte


def write_atomic(path: Path, data: bytes, durable: bool = True) -> None:
    """Write aside, flush (``durable``: to the disk itself), rename. Leaves nothing where it fails."""
    aside = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        with _created(aside) as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # until it has its name: it is no dead writer's
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _created(path: Path) -> IO[bytes]:
    try:
        return open(path, "xb")
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(path, "xb")


def remove_parts(folder: Path) -> int:
    """Remove what killed writers left in a folder and those below; what a live one is at is left alone."""
    return sum(_removed(path) for path in folder.rglob("*.part"))


def _removed(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            # Between making a file and locking it there is an instant, in which it is young.
            if time.time() - os.fstat(file.fileno()).st_mtime < ABANDONED:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return True
    except OSError:  # locked, gone, or not ours
        return False
