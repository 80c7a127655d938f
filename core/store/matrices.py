"""Matrices larger than memory: entries that are written in blocks of rows and read in pieces.

The file is safetensors with one tensor, ``rows``. Its bytes are streamed and checked against the index once
per process, before the first read.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import StoreFull
from core.numeric.blocks import Matrix
from core.store.entries import Entries, Entry, whole

DTYPE = np.dtype("<f4")
TENSOR = "rows"


class Matrices(Entries):
    """See the module, and ``Entries`` for what is guaranteed."""

    def __init__(self, folder: Path | None = None, quota: int | None = None) -> None:
        super().__init__(folder, quota)
        self._checked: set[str] = set()

    def put_matrix(
        self, name: str, shape: tuple[int, int], blocks: Iterable[np.ndarray], stage: str = ""
    ) -> None:
        """Store float32 (n, d) rows given in blocks. Raises StoreFull, leaving no partial file."""
        header = _header(shape)
        size = len(header) + DTYPE.itemsize * shape[0] * shape[1]
        file = f"{name[:2]}/{name}-{uuid.uuid4().hex[:12]}.safetensors"
        aside = self._coming / f"{uuid.uuid4().hex}.part"
        self._reserve(size)
        try:
            with open(aside, "xb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH)  # until it is indexed: shows that the writer is alive
                stream.truncate(size)  # so that a recount sees the reserved bytes
                digest = _write(stream, header, blocks)
                if stream.tell() != size:
                    raise ValueError(f"{stream.tell()} bytes of rows received, {size} expected")
                with self._writers.one():
                    path = self._arrays / file
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    os.replace(aside, path)
                    self._enter(name, Entry(file, size, digest, stage, False))
        except OSError as error:
            self._release(size)
            if error.errno != errno.ENOSPC:
                raise
            raise StoreFull(f"The disk is full: no room for {size / 1e9:.1f} GB in {self.folder}.") from error
        except BaseException:
            self._release(size)
            raise
        finally:
            aside.unlink(missing_ok=True)
        self._checked.add(file)

    def matrix(self, name: str) -> Matrix | None:
        """The rows under a key, to be read in pieces; None if they are absent or damaged."""
        entry = self._entry(name)
        if entry is None:
            return None
        path = self._arrays / entry.file
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._condemn(name, entry)
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH)  # as long as it is read: in use (entries.py)
            if self._whole(path, entry):
                with contextlib.suppress(FileNotFoundError):
                    os.utime(path)
                length = int.from_bytes(os.pread(file, 8, 0), "little")
                shape = json.loads(os.pread(file, length, 8))[TENSOR]["shape"]
                return Matrix(path, (int(shape[0]), int(shape[1])), DTYPE, 8 + length, os.dup(file))
        finally:
            os.close(file)
        self._condemn(name, entry)
        return None

    def _whole(self, path: Path, entry: Entry) -> bool:
        """Hashed once per process; after that only the size is checked."""
        if entry.file in self._checked:
            return path.exists() and path.stat().st_size == entry.bytes
        if whole(path, entry):
            self._checked.add(entry.file)
            return True
        return False


def _header(shape: tuple[int, int]) -> bytes:
    size = DTYPE.itemsize * shape[0] * shape[1]
    text = json.dumps({TENSOR: {"dtype": "F32", "shape": list(shape), "data_offsets": [0, size]}}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write(stream: IO[bytes], header: bytes, blocks: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256(header)
    stream.write(header)
    for block in blocks:
        data = np.ascontiguousarray(block, DTYPE).data.cast("B")
        digest.update(data)
        stream.write(data)
    stream.flush()
    os.fsync(stream.fileno())
    return digest.hexdigest()
