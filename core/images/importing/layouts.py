"""Layouts of folders: generators, membership roles, or a flat list with a table of labels.

A layout turns relative paths, and what their folders' names say (structure.py), into roles and labels. It
never opens an image.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import BadChoice, NothingToImport
from core.images.importing import structure
from core.images.importing.filenames import without_image_syntax
from core.images.importing.folder_names import role_of
from core.images.importing.structure import Found
from core.registry import Registry
from core.types import Role

FILE_COLUMNS = (
    "file",
    "filename",
    "file_name",
    "filepath",
    "image_path",
    "image",
    "name",
    "path",
    "id",
    "image_id",
)
GROUP_COLUMNS = ("group", "patient", "patient_id", "patientid", "subject", "subject_id")
LABEL_COLUMNS = ("label", "generator", "class", "model", "role", "target")
HAND = "hand"  # the layout of a set whose folders' roles were given by hand (roles.py)
MIXED = "mixed"  # of several data sets with different layouts
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


def detect(found: Mapping[str, Found], has_labels: bool) -> str:
    """The layout's name: membership before a table of labels before generators before flat."""
    roles = {each.role for each in found.values()}
    if roles - {None, Role.GENERATED}:
        return "membership"
    if has_labels:
        return "flat"
    if any(each.label for each in found.values()):
        return "generators"
    return "membership" if Role.GENERATED in roles else "flat"


def _generators(path: str, found: Found, labels: Labels) -> Place:
    if "/" not in path or (found.role is None and not found.label and _beside(path, found)):
        return Place(refused="is outside the generators' folders, so its generator is unknown")
    return Place(Role.GENERATED, found.label)


def _beside(path: str, found: Found) -> bool:
    return len(PurePosixPath(path).parts) - 1 == len(found.container) > 0


def _membership(path: str, found: Found, labels: Labels) -> Place:
    if found.role is None:
        known = "generated, real_used, real_not_used, real_unknown"
        return Place(refused=f"is in no folder with a known role ({known})")
    return Place(found.role, found.label)


def possible_names(path: str) -> tuple[str, ...]:
    """What a row of a table may call a file, its whole path first."""
    pure = PurePosixPath(path)
    return path, pure.name, pure.stem, pure.stem.removesuffix(".nii")


def _flat(path: str, found: Found, labels: Labels) -> Place:
    label = next((labels[name] for name in possible_names(path) if name in labels), None)
    role = role_of(label) if label else None
    return Place(role) if role else Place(Role.GENERATED, label)


LAYOUTS: Registry = Registry("layout")
LAYOUTS.register("generators", _generators)
LAYOUTS.register("membership", _membership)
LAYOUTS.register("flat", _flat)


def arrange(layout: str, paths: Iterable[str], labels: Labels) -> dict[str, Place]:
    """The place of every path. Raises where a layout fits no path at all."""
    places = recognise(layout, structure.read(list(paths)), labels)
    check_fit(layout, places)
    return places


def recognise(layout: str, found: Mapping[str, Found], labels: Labels) -> dict[str, Place]:
    """The place of every path, whether it fits or not."""
    rule = LAYOUTS.get(layout)
    return {path: rule(path, said, labels) for path, said in found.items()}


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
    """File name to patient group of a CSV with a column file and a column group or patient; else None."""
    try:
        rows = _rows(text, "")
    except BadChoice:
        return None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    groups = [name for name in GROUP_COLUMNS if name in header]
    if set(header) & set(LABEL_COLUMNS) or not groups or not set(FILE_COLUMNS) & set(header):
        return None
    file_column = next(header.index(c) for c in FILE_COLUMNS if c in header)
    group_column = header.index(groups[0])
    return {
        row[file_column].strip(): row[group_column].strip() for row in rows[1:] if len(row) == len(header)
    }


def resolve(table: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    """The value of every path that a table names, by its whole path before its bare name.

    Raises BadChoice where a bare name is that of several images.
    """
    named = Counter(name for path in paths for name in possible_names(path)[1:2])
    found = {}
    for path in paths:
        name = next((each for each in possible_names(path) if each in table), None)
        if name is None:
            continue
        if name != path and named[PurePosixPath(path).name] > 1:
            raise BadChoice(
                f"The table of patient groups names '{name}', but {named[PurePosixPath(path).name]} images "
                f"are called so. Write paths into the table, such as '{path}'."
            )
        found[path] = table[name]
    return found


def decoded(data: bytes) -> str:
    """The text of a table, as spreadsheets write it: UTF-8, UTF-16 with its mark, or Windows' cp1252.

    Raises UnicodeDecodeError.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _rows(text: str, source: str) -> list[list[str]]:
    lines = text.lstrip("\ufeff").splitlines()
    if lines and lines[0].strip().strip('"').lower().startswith("sep="):  # a line for Excel alone
        lines = lines[1:]
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise BadChoice(f"{source}: not a table ({error}).") from None
