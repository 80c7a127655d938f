"""Where a training is, on disk: arrays without code in them, behind their SHA-256.

A file that is not whole, or is not what the network expects, is no checkpoint: the training starts anew.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.files import write_atomic
from core.hashing import bytes_key

DIGEST = 64  # characters before the arrays
KEPT = 30 * 86400  # seconds that an abandoned training is kept


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    data = save({name: np.asarray(value, order="C") for name, value in arrays.items()})
    write_atomic(path, bytes_key(data).encode() + data, durable=False)


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays, if there is a whole file."""
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
    """Remove what killed writers left and what was abandoned a month ago, or ``everything``; bytes freed."""
    freed, now = 0, time.time()
    for path in folder.iterdir():
        facts = path.stat()
        # A part that is a minute old is nobody's any more: a whole checkpoint takes seconds.
        old = now - facts.st_mtime > (60 if path.suffix == ".part" else KEPT)
        if everything or old:
            path.unlink(missing_ok=True)
            freed += facts.st_size
    return freed
