"""Where Imprint writes: ``cache/`` beside the code, or ``IMPRINT_HOME``. One layout, said here once."""

import functools
import os
from pathlib import Path

from core.errors import ImprintError

LOCAL, USERS = "local", "users"


def root() -> Path:
    chosen = os.environ.get("IMPRINT_HOME")
    return _resolved(chosen) if chosen else Path(__file__).parents[1] / "cache"


@functools.cache
def _resolved(chosen: str) -> Path:
    """Called some sixty times per rerun; uncached, each call would stat every parent folder."""
    return Path(chosen).expanduser().resolve()


def base(user_id: str, under: Path | None = None) -> Path:
    """Where a user's own things lie: the root itself for the local user, else a folder below it."""
    place = under or root()
    return place if user_id == LOCAL else place / USERS / user_id


def folder(name: str, user_id: str = LOCAL) -> Path:
    """A folder of a user's, made on first use and readable by its owner alone."""
    path = base(user_id) / name
    make_folder(path)
    return path


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone. Raises ImprintError where that can't be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImprintError(
            f"Can't write to {path} ({error.strerror}). Set IMPRINT_HOME to a folder that you can write to."
        ) from None


def weights_folders() -> list[Path]:
    """Where weights files are looked for: the folder of ``IMPRINT_WEIGHTS`` first, then our own."""
    chosen = os.environ.get("IMPRINT_WEIGHTS")
    own = folder("weights")
    return [Path(chosen).expanduser(), own] if chosen else [own]
