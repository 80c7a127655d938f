"""Layouts: one folder per generator, folders by membership role, or a flat list with a table of labels.

A layout assigns a role and a label to every path, from the meaning of the folder names (structure.py) and a
table. It never opens an image.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import BadChoice, NothingToImport
from core.images.importing import structure
from core.images.importing.folder_names import role_of
from core.images.importing.structure import Found
from core.images.sources.filenames import without_image_syntax
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
HAND = "hand"  # roles of folders were set by hand (roles.py)
MIXED = "mixed"  # several data sets with different layouts


@dataclass(frozen=True)
class Place:
    """Role and label of one file. ``refused``: the reason why it fits nowhere; ``out``: left out by hand."""

    role: Role = Role.GENERATED
    label: str | None = None
    refused: str | None = None
    out: bool = False


Labels = Mapping[str, str]
Rule = object


def detect(found: Mapping[str, Found], has_labels: bool) -> str:
    """The name of the layout, by precedence: membership, a table of labels (flat), generators, flat."""
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
        return Place(refused=f"is outside the folders with a known role ({known})")
    return Place(found.role, found.label)


def possible_names(path: str) -> tuple[str, ...]:
    """The names by which a table may refer to a file, the full path first."""
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
    """The place of every path. Raises NothingToImport if the layout fits none of them."""
    places = recognise(layout, structure.read(list(paths)), labels)
    check_fit(layout, places)
    return places


def recognise(layout: str, found: Mapping[str, Found], labels: Labels) -> dict[str, Place]:
    """The place of every path; those that do not fit are refused."""
    rule = LAYOUTS.get(layout)
    return {path: rule(path, said, labels) for path, said in found.items()}


def check_fit(layout: str, places: Mapping[str, Place]) -> None:
    """Raises NothingToImport if a layout fits no path at all."""
    if places and all(place.refused for place in places.values()):
        reason = next(iter(places.values())).refused
        raise NothingToImport(f"The layout '{layout}' does not fit: every file {reason}.")


def read_labels(text: str, source: str) -> dict[str, str]:
    """File name to label, from a CSV with or without a header, separated by comma, semicolon or tab.

    ``source``: name of the table in errors. Raises BadChoice.
    """
    rows = _rows(text, source)
    if not rows or any(len(row) < 2 for row in rows):
        raise BadChoice(f"{source}: a table of labels needs two columns, file name and label.")
    header = [cell.strip().lower() for cell in rows[0]]
    named = [
        next((header.index(c) for c in known if c in header), None) for known in (FILE_COLUMNS, LABEL_COLUMNS)
    ]
    file_column, label_column = named[0], named[1]
    if file_column is not None and label_column is not None:
        rows = rows[1:]
    elif file_column is not None or label_column is not None:
        raise BadChoice(
            f"{source}: the header ({', '.join(rows[0])}) has no "
            f"{'file' if file_column is None else 'label'} column. Name the columns 'file' and 'label'."
        )
    else:
        file_column, label_column = 0, 1
    if any(len(row) <= max(file_column, label_column) for row in rows):
        raise BadChoice(f"{source}: a row has fewer columns than the header.")
    labels: dict[str, str] = {}
    for row in rows:
        file, label = row[file_column].strip(), row[label_column].strip()
        if labels.setdefault(file, label) != label:
            raise BadChoice(f"{source}: '{file}' has two labels, '{labels[file]}' and '{label}'. Keep one.")
    return {file: without_image_syntax(label) for file, label in labels.items() if label}


def read_groups(text: str) -> dict[str, str] | None:
    """File name to patient group, from a CSV with a file and a group or patient column; None for others."""
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
    """The table's value for every path it contains, by the full path or, failing that, by the file name.

    Raises BadChoice if a file name without folder matches several images.
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
                f"have this name. Use paths in the table, such as '{path}'."
            )
        found[path] = table[name]
    return found


def decoded(data: bytes) -> str:
    """The text of a table in an encoding of spreadsheets: UTF-8, UTF-16 with byte order mark, or cp1252.

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
    if lines and lines[0].strip().strip('"').lower().startswith("sep="):  # a hint for Excel
        lines = lines[1:]
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise BadChoice(f"{source}: not a table ({error}).") from None
