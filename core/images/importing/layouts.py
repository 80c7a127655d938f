"""What a folder's names say about its images: generators, membership roles, or a flat list with labels.

A layout turns relative paths into (role, label); it never opens an image. The folder names are those
of the challenge's years (2023: used, not_used, generated, real_unknown_1; 2025: real_used, ...).
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import BadChoice, NothingToImport
from core.images.importing.filenames import without_image_syntax
from core.registry import Registry
from core.types import Role

ROLE_NAMES = {
    "generated": Role.GENERATED,
    "synthetic": Role.GENERATED,
    "used": Role.REAL_USED,
    "real_used": Role.REAL_USED,
    "not_used": Role.REAL_NOT_USED,
    "unused": Role.REAL_NOT_USED,
    "real_not_used": Role.REAL_NOT_USED,
    "real_unused": Role.REAL_NOT_USED,
    "real_unknown": Role.REAL_UNKNOWN,
    "real": Role.REAL_UNKNOWN,
}
FILE_COLUMNS = ("file", "filename", "image", "name", "path", "id", "image_id")
LABEL_COLUMNS = ("label", "generator", "class", "model", "role", "target")
HAND = "hand"  # the layout of a set whose folders' roles were given by hand (roles.py)
JUNK = re.compile(r"(^|/)(__MACOSX|Thumbs\.db|desktop\.ini|\.[^/]*)(/|$)")


@dataclass(frozen=True)
class Place:
    """What the layout says of one file; ``refused`` holds the reason where it has no place.

    ``out``: a person left its folder out.
    """

    role: Role = Role.GENERATED
    label: str | None = None
    refused: str | None = None
    out: bool = False


Labels = Mapping[str, str]
Rule = object


def role_of(folder: str) -> Role | None:
    """The role that a folder's name stands for: ``Real-Unknown_2`` is real_unknown."""
    plain = re.sub(r"[\s-]+", "_", folder.strip().lower())
    return ROLE_NAMES.get(plain) or ROLE_NAMES.get(re.sub(r"_?\d+$", "", plain))


def common_folder(paths: Iterable[str]) -> str:
    """The wrapping folders that all paths share and that are no class themselves ("" or "a/b/")."""
    parents = [PurePosixPath(path).parts[:-1] for path in paths]
    if not parents:
        return ""
    shared = 0
    shortest = min(len(parts) for parts in parents)
    while shared < shortest and len({parts[shared] for parts in parents}) == 1:
        shared += 1
    if shared and shared == max(len(parts) for parts in parents):
        shared -= 1  # one folder of images: its name is a class, unless a table of labels says more
    return "".join(f"{part}/" for part in parents[0][:shared])


def detect(paths: Iterable[str], has_labels: bool) -> str:
    """The layout's name for relative paths: membership before generators before flat."""
    folders = {PurePosixPath(path).parts[0] for path in paths if "/" in path}
    roles = {role_of(folder) for folder in folders} - {None}
    if roles - {Role.GENERATED}:
        return "membership"
    if has_labels:
        return "flat"
    return "generators" if folders else "flat"


def _generators(path: str, labels: Labels) -> Place:
    parts = PurePosixPath(path).parts
    if len(parts) == 1:
        return Place(refused="is outside the generators' folders, so its generator is unknown")
    return Place(Role.GENERATED, parts[0])


def _membership(path: str, labels: Labels) -> Place:
    parts = PurePosixPath(path).parts
    role = role_of(parts[0]) if len(parts) > 1 else None
    if role is None:
        known = "generated, real_used, real_not_used, real_unknown"
        return Place(refused=f"is in no folder with a known role ({known})")
    return Place(role)


def possible_names(path: str) -> tuple[str, ...]:
    """What a row of a table may call a file, its whole path first."""
    pure = PurePosixPath(path)
    return path, pure.name, pure.stem, pure.stem.removesuffix(".nii")


def _flat(path: str, labels: Labels) -> Place:
    label = next((labels[name] for name in possible_names(path) if name in labels), None)
    role = role_of(label) if label else None
    return Place(role) if role else Place(Role.GENERATED, label)


LAYOUTS: Registry = Registry("layout")
LAYOUTS.register("generators", _generators)
LAYOUTS.register("membership", _membership)
LAYOUTS.register("flat", _flat)


def arrange(layout: str, paths: Iterable[str], labels: Labels) -> dict[str, Place]:
    """The place of every path. Raises where a layout fits no path at all."""
    places = recognise(layout, paths, labels)
    check_fit(layout, places)
    return places


def recognise(layout: str, paths: Iterable[str], labels: Labels) -> dict[str, Place]:
    """The place of every path, whether it fits or not."""
    rule = LAYOUTS.get(layout)
    return {path: rule(path, labels) for path in paths}


def check_fit(layout: str, places: Mapping[str, Place]) -> None:
    """Raises NothingToImport where a layout fits no path at all."""
    if places and all(place.refused for place in places.values()):
        reason = next(iter(places.values())).refused
        raise NothingToImport(f"The layout '{layout}' does not fit: every file {reason}.")


def read_labels(text: str, source: str) -> dict[str, str]:
    """File name to label of a CSV: two columns, with or without a header, comma or semicolon or tab."""
    rows = _rows(text, source)
    if not rows or any(len(row) < 2 for row in rows):
        raise BadChoice(f"{source}: a table of labels has two columns, the file's name and its label.")
    header = [cell.strip().lower() for cell in rows[0]]
    named = [
        next((header.index(c) for c in known if c in header), None) for known in (FILE_COLUMNS, LABEL_COLUMNS)
    ]
    file_column, label_column = named[0], named[1]
    if file_column is not None and label_column is not None:
        rows = rows[1:]
    elif file_column is not None or label_column is not None:
        raise BadChoice(
            f"{source}: the header {', '.join(rows[0])} names no "
            f"{'file' if file_column is None else 'label'} column. Use 'file' and 'label'."
        )
    else:
        file_column, label_column = 0, 1
    if any(len(row) <= max(file_column, label_column) for row in rows):
        raise BadChoice(f"{source}: a row has fewer columns than the header.")
    labels: dict[str, str] = {}
    for row in rows:
        file, label = row[file_column].strip(), row[label_column].strip()
        if labels.setdefault(file, label) != label:
            raise BadChoice(f"{source}: '{file}' has two labels, '{labels[file]}' and '{label}'.")
    return {file: without_image_syntax(label) for file, label in labels.items() if label}


def read_groups(text: str) -> dict[str, str] | None:
    """File name to group of a CSV with the columns file and group; None if it is another kind of table."""
    try:
        rows = _rows(text, "")
    except BadChoice:
        return None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if set(header) & set(LABEL_COLUMNS) or "group" not in header or not set(FILE_COLUMNS) & set(header):
        return None
    file_column = next(header.index(c) for c in FILE_COLUMNS if c in header)
    group_column = header.index("group")
    return {
        row[file_column].strip(): row[group_column].strip() for row in rows[1:] if len(row) == len(header)
    }


def _rows(text: str, source: str) -> list[list[str]]:
    lines = text.lstrip("\ufeff").splitlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise BadChoice(f"{source}: not a table ({error}).") from None
