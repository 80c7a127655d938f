"""Writing a file so that a reader meets the old one or the new one, and never half of either."""

import os
import uuid
from pathlib import Path
from typing import IO


def write_atomic(path: Path, data: bytes, durable: bool = True) -> None:
    """Write aside, flush (``durable``: to the disk itself), rename. Leaves nothing where it fails."""
    aside = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        with _created(aside) as file:
            file.write(data)
            if durable:
                file.flush()
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
