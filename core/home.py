"""Where Imprint writes: ``cache/`` beside the code, or ``IMPRINT_HOME``. One layout, said here once."""

import os
from pathlib import Path


def root() -> Path:
    chosen = os.environ.get("IMPRINT_HOME")
    return Path(chosen).expanduser().resolve() if chosen else Path(__file__).parents[1] / "cache"


def folder(name: str) -> Path:
    """A folder under the root, made on first use and readable by its owner alone."""
    path = root() / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def weights_folders() -> list[Path]:
    """Where weights files are looked for: the folder of ``IMPRINT_WEIGHTS`` first, then our own."""
    chosen = os.environ.get("IMPRINT_WEIGHTS")
    own = folder("weights")
    return [Path(chosen).expanduser(), own] if chosen else [own]
