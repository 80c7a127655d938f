"""Writes a dossier into a folder, and never over anything else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import BadChoice
from core.files import write_atomic
from core.release.dossier.document import as_text
from core.release.dossier.page import page
from core.release.dossier.reading import open_dossier

LONGEST = 80


def file_names(name: str) -> tuple[str, str]:
    """Of the page and of the JSON, for a data set of this name."""
    plain = re.sub(r"[^\w-]+", "-", name).strip("-_")[:LONGEST] or "set"
    return f"release-{plain}.html", f"release-{plain}.json"


def write_dossier(folder: Path, body: Mapping[str, Any]) -> tuple[Path, Path, bool]:
    """Paths of the page and of the JSON, and whether an earlier dossier of the same data was replaced.

    Raises BadChoice if a file of that name is anything but a dossier of the same data, OSError.
    """
    names = file_names(body["governance"]["run"]["sets"][0]["name"])
    paths = folder / names[0], folder / names[1]
    replaced = [_replaces(path, body) for path in paths]
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, (page(body), as_text(body)), strict=True):
        write_atomic(path, text.encode("utf-8"))
    return *paths, any(replaced)


def _replaces(path: Path, body: Mapping[str, Any]) -> bool:
    if not path.exists() and not path.is_symlink():
        return False
    try:
        there = open_dossier(path).body
        same = there["governance"]["run"]["sets"] == body["governance"]["run"]["sets"]
    except (BadChoice, KeyError, TypeError):
        same = False
    if not same:
        raise BadChoice(f"{path} exists, and is not a dossier of these data sets. Choose another folder.")
    return True
