"""Roles and generators set by hand for folders; they override what a layout recognises."""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import BadChoice
from core.images.importing import structure
from core.images.importing.layouts import Place
from core.images.sources.filenames import UNSAFE, display_name, without_image_syntax
from core.types import Role

LEAVE_OUT = "leave_out"
WORDS = (*Role, LEAVE_OUT)
LONGEST = 80  # characters of a generator's name
NAMED = 12  # folders listed in a sentence
FOLDER, ROLE, LABELS = "folder", "role", ("label", "generator")  # columns of a table, or keys of an object


@dataclass(frozen=True, slots=True)
class ManualRole:
    """``role``: None leaves the folder out. ``label``: None keeps the recognised one, "" is unknown.

    Raises BadChoice for an invalid label.
    """

    role: Role | None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.label and self.role is not Role.GENERATED:
            raise BadChoice(
                f"Only generated images have a generator, but '{self.label}' was given for real images."
            )
        if self.label and (
            len(self.label) > LONGEST or UNSAFE.search(self.label) or self.label in (".", "..")
        ):
            raise BadChoice(f"The name of a generator has up to {LONGEST} printable characters.")


Roles = Mapping[str, ManualRole]


def parse_manual_role(role: str, label: str | None = None) -> ManualRole:
    """A role in the words of the command line, tables and the Data page. Raises BadChoice."""
    plain = re.sub(r"[\s-]+", "_", role.strip().lower())
    if plain not in WORDS:
        raise BadChoice(f"There is no role '{display_name(role)}'. Choose one of: {', '.join(WORDS)}.")
    return ManualRole(
        None if plain == LEAVE_OUT else Role(plain),
        None if label is None else without_image_syntax(label.strip()),
    )


def parse_role(text: str) -> tuple[str, ManualRole]:
    """Folder and role from ``FOLDER=ROLE`` or ``FOLDER=generated:GENERATOR``. Raises BadChoice."""
    folder, equals, rest = text.rpartition("=") if ":" not in text else _split(text)
    if not equals:
        raise BadChoice(f"A role is written as FOLDER=ROLE or FOLDER=generated:GENERATOR; got '{text}'.")
    role, colon, label = rest.partition(":")
    return folder, parse_manual_role(role, label if colon else None)


def _split(text: str) -> tuple[str, str, str]:
    """Split before a known role that a label follows; a folder's name may contain both = and :."""
    known = re.fullmatch(f"(.*)(=)((?:{'|'.join(WORDS)})(?::.*)?)", text, re.DOTALL | re.IGNORECASE)
    return (known[1], known[2], known[3]) if known else text.partition("=")


def read_roles(path: Path) -> dict[str, ManualRole]:
    """A table (CSV: folder, role, generator) or an object (JSON: folder to role). Raises BadChoice."""
    try:
        text = path.read_text("utf-8-sig")
        return _of_object(json.loads(text)) if path.suffix.lower() == ".json" else _of_table(text)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "see --help for its format"
        raise BadChoice(f"The table of roles {path.name} can't be read: {reason}.") from None


def read_sets(path: Path) -> dict[str, str | None]:
    """Names of data sets by folder, from a JSON object; null leaves a data set out. Raises BadChoice."""
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
        if not isinstance(raw, dict) or not all(isinstance(name, str | None) for name in raw.values()):
            raise TypeError
    except (OSError, ValueError, TypeError, RecursionError) as error:
        reason = (
            error.strerror
            if isinstance(error, OSError)
            else "it must be a JSON object that maps folders to names or null"
        )
        raise BadChoice(f"The names of data sets in {path.name} can't be read: {reason}.") from None
    return {folder.strip("/"): name for folder, name in raw.items()}


def _of_object(raw: Any) -> dict[str, ManualRole]:
    """``{"folder": "real_used", "other": {"role": "generated", "label": "gan"}}``."""
    if not isinstance(raw, dict):
        raise TypeError
    rows = {folder: {ROLE: said} if isinstance(said, str) else said for folder, said in raw.items()}
    if not all(isinstance(row, dict) and isinstance(row[ROLE], str) for row in rows.values()):
        raise TypeError
    return {folder: parse_manual_role(row[ROLE], _label(row)) for folder, row in rows.items()}


def _of_table(text: str) -> dict[str, ManualRole]:
    lines = text.splitlines()
    if not lines:
        raise ValueError
    rows = csv.DictReader(lines, delimiter=max(",;\t", key=lines[0].count), restval="")
    if not {FOLDER, ROLE} <= {name.strip().lower() for name in rows.fieldnames or ()}:
        raise ValueError
    named = [{(name or "").strip().lower(): cell for name, cell in row.items()} for row in rows]
    return {row[FOLDER].strip(): parse_manual_role(row[ROLE], _label(row) or None) for row in named}


def _label(row: Mapping[str, Any]) -> str | None:
    found = next((row[name] for name in LABELS if name in row), None)
    if found is not None and not isinstance(found, str):
        raise TypeError
    return found


def folders_of(paths: Iterable[str]) -> dict[str, None]:
    """All folders that contain images, directly or not, in order; "" stands for images in no folder."""
    found: dict[str, None] = {}
    for path in paths:
        own = structure.folders_of(path)
        parents = ["/".join(own[: depth + 1]) for depth in range(len(own))]  # the outermost first
        found.update(dict.fromkeys(parents or [""]))
    return found


def apply_roles(places: Mapping[str, Place], roles: Roles, wrapper: str) -> dict[str, Place]:
    """The place of every path; the role of its innermost folder applies. Raises BadChoice."""
    said = _found(roles, folders_of(places), wrapper)
    return {path: _put(path, place, said) for path, place in places.items()}


def settled_folders(paths: Iterable[str], roles: Roles, wrapper: str) -> frozenset[str]:
    """Folders with a role set by hand, and all folders in them."""
    known = folders_of(paths)
    said = _found(roles, known, wrapper)
    return frozenset(folder for folder in known if any(each in said for each in folders_of([f"{folder}/x"])))


def _found(roles: Roles, known: Mapping[str, None], wrapper: str) -> dict[str, ManualRole]:
    """Roles by folder relative to the wrapper; a user may write folders with or without it."""
    found = {}
    for folder, said in roles.items():
        plain = "/".join(part for part in display_name(folder).split("/") if part not in ("", "."))
        inner = f"{plain}/".removeprefix(wrapper).rstrip("/") if f"{plain}/".startswith(wrapper) else plain
        if inner not in known:
            names = [name or "." for name in known]
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            raise BadChoice(
                f"There is no folder '{plain or '.'}' with images. Folders with images: "
                f"{', '.join(names[:NAMED])}{more}."
            )
        found[inner] = said
    return found


def _put(path: str, place: Place, said: Roles) -> Place:
    own = folders_of([path])
    for folder in reversed(own):
        if folder in said:
            return _after(place, said[folder])
    return place


def _after(place: Place, said: ManualRole) -> Place:
    if said.role is None:
        return replace(place, refused=None, out=True)
    recognised = place.label if said.role is Role.GENERATED and not place.refused else None
    return Place(said.role, recognised if said.label is None else said.label or None)
