"""Checkpoints of training on disk: the SHA-256, then arrays in a format that can hold no code.

A file that is damaged or does not fit the network is ignored, and training starts from the beginning.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.files import write_atomic
from core.hashing import bytes_key

DIGEST = 64  # characters before the arrays
KEPT = 30 * 86400  # seconds that an abandoned checkpoint is kept


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    data = save({name: np.asarray(value, order="C") for name, value in arrays.items()})
    write_atomic(path, bytes_key(data).encode() + data, durable=False)


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays, or None if the file is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
        if bytes_key(data[DIGEST:]).encode() != data[:DIGEST]:
            return None
        return dict(load(data[DIGEST:]))
    except (FileNotFoundError, SafetensorError):
        return None


def tidy(folder: Path, everything: bool = False) -> int:
    """Remove unfinished writes and checkpoints older than a month, or ``everything``; returns bytes freed."""
    freed, now = 0, time.time()
    for path in folder.iterdir():
        facts = path.stat()
        # Writing a checkpoint takes seconds, so a partial file that is a minute old was abandoned.
        old = now - facts.st_mtime > (60 if path.suffix == ".part" else KEPT)
        if everything or old:
            path.unlink(missing_ok=True)
            freed += facts.st_size
    return freed
