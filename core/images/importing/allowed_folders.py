"""Which folders of this machine the page may read: those of ``IMPRINT_FOLDERS``, where it is set.

The rule is for people behind a browser. Whoever has the command line may read what the system lets them read.
"""

import os
from pathlib import Path

from core import paths
from core.errors import BadChoice

VARIABLE = "IMPRINT_FOLDERS"  # folders, between them what stands between those of PATH (a colon on Linux)
OFFERED = 200  # entries of a list that a person looks through


def listed_folders() -> tuple[Path, ...]:
    """The folders that the server's keeper named, resolved; those that aren't there are left out."""
    named = (Path(part).expanduser() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part)
    return tuple(dict.fromkeys(path.resolve() for path in named if path.is_absolute() and path.is_dir()))


def offered_folders() -> list[Path]:
    """What a page lists: each named folder, and the folders and zips right below it."""
    found: list[Path] = []
    for folder in listed_folders():
        below = (path for path in _entries(folder) if path.is_dir() or path.suffix.lower() == ".zip")
        found += [folder, *(path for path in below if not path.name.startswith(".") and _inside(path))]
    return found[:OFFERED]


def allowed_folder(path: Path, strict: bool) -> Path:
    """The path with all links followed, if a person at the page may read it. Raises BadChoice.

    ``strict``: nothing but what is listed, also where nothing is. Not strict: any path, where none is listed.
    """
    try:
        real = path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a home of nobody, a NUL
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
    """Below a listed folder once links are followed, and not where Imprint keeps everyone's images."""
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in listed_folders()) and not real.is_relative_to(
        paths.root().resolve()
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
