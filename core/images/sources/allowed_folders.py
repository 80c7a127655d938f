"""Folders on this machine that the Data page may read: those listed in ``IMPRINT_FOLDERS``, if it is set.

This applies to people who use a browser. On the command line, the permissions of the system apply.
"""

import os
from pathlib import Path

from core import paths
from core.errors import BadChoice

VARIABLE = "IMPRINT_FOLDERS"  # folders, separated like those in PATH (by colons on Linux)
OFFERED = 200  # entries in the list on the page


def listed_folders() -> tuple[Path, ...]:
    """The folders listed by the administrator, resolved; those that do not exist are left out."""
    named = (Path(part).expanduser() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part)
    return tuple(dict.fromkeys(path.resolve() for path in named if path.is_absolute() and path.is_dir()))


def offered_folders() -> list[Path]:
    """What the page lists: each listed folder, and the folders and zip files directly in it."""
    found: list[Path] = []
    for folder in listed_folders():
        below = (path for path in _entries(folder) if path.is_dir() or path.suffix.lower() == ".zip")
        found += [folder, *(path for path in below if not path.name.startswith(".") and _inside(path))]
    return found[:OFFERED]


def allowed_folder(path: Path, strict: bool) -> Path:
    """The path with all links resolved, if the page may read it. Raises BadChoice.

    ``strict``: only listed folders may be read; without it, any path may be read if no folder is listed.
    """
    try:
        real = path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, an unknown home, a NUL
        raise BadChoice("That is not a path on this machine.") from None
    if not os.environ.get(VARIABLE) and not strict:
        return real
    if not listed_folders():
        raise BadChoice(
            f"No folder of the server may be imported. The administrator can list folders in {VARIABLE}."
        )
    if not _inside(real):
        raise BadChoice(
            f"That path is not in a folder that may be imported ({VARIABLE}). Choose one from the list."
        )
    return real


def _inside(path: Path) -> bool:
    """Whether a path, with links resolved, is in a listed folder and not where Imprint stores its data."""
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in listed_folders()) and not real.is_relative_to(
        paths.root().resolve()
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
