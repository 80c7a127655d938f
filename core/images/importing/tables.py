"""Tables that give images a label or a patient: CSV, StyleGAN's ``dataset.json``, and ``metadata.jsonl``.

A table names images by path or by file name. Where none fits exactly, another letter case, ending or folder
(``C:\\scans\\IMG_1.PNG`` for ``img_1.jpg``) is accepted, with a note; a name that fits several images is not.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import BadChoice
from core.images.sources.filenames import without_image_syntax
from core.wording import counted, verb

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

Table = dict[str, str]


@dataclass(frozen=True)
class Matched:
    """``values``: by path. ``unmatched``: names in the table that fit no image. ``loose``: paths that fit
    only by another letter case, folder or ending.
    """

    values: Table
    unmatched: tuple[str, ...] = ()
    loose: int = 0

    def remarks(self, what: str, quote: bool) -> list[str]:
        """``what``: the table's content, as in "the table of labels"; ``quote``: names may be shown."""
        said = []
        if self.unmatched:
            count = len(self.unmatched)
            first = f" (first: '{self.unmatched[0]}')" if quote else ""
            said.append(
                f"{counted(count, 'row')} of the table of {what} {verb(count, 'matches', 'match')} no "
                f"image{first}."
            )
        if self.loose:
            said.append(
                f"{counted(self.loose, 'image')} of the table of {what} {verb(self.loose, 'was', 'were')} "
                "matched by another letter case, folder or ending of the name."
            )
        return said


def match(table: Mapping[str, str], paths: Sequence[str], what: str) -> Matched:
    """The value of every path that a table names; ``what``: the table's content, in errors.

    Raises BadChoice if a file name without folder fits several images.
    """
    if not table:
        return Matched({})
    values, used = {}, set()
    same_name = Counter(PurePosixPath(path).name for path in paths)
    for path in paths:
        name = next((each for each in _names(path) if each in table), None)
        if name is None:
            continue
        if name != path and same_name[PurePosixPath(path).name] > 1:
            raise BadChoice(
                f"The table of {what} names '{name}', but {same_name[PurePosixPath(path).name]} images have "
                f"this name. Use paths in the table, such as '{path}'."
            )
        values[path] = table[name]
        used.add(name)
    loose = _match_loosely(table, [path for path in paths if path not in values], used)
    values |= {path: table[name] for path, name in loose.items()}
    used.update(loose.values())
    return Matched(values, tuple(name for name in table if name not in used), len(loose))


def _names(path: str) -> tuple[str, ...]:
    """The names by which a table may refer to a file, the full path first."""
    pure = PurePosixPath(path)
    return path, pure.name, pure.stem, pure.stem.removesuffix(".nii")


def _match_loosely(table: Mapping[str, str], paths: Sequence[str], used: set[str]) -> Table:
    """Name in the table by path, for names that fit one path only, with its folder or without."""
    left = [name for name in table if name not in used]
    found: Table = {}
    for parts in (2, 1):
        keys = {name: _plain(name, parts) for name in left}
        of_path = {path: _plain(path, parts) for path in paths if path not in found}
        once = {key for key, count in Counter(keys.values()).items() if count == 1}
        alone = {key for key, count in Counter(of_path.values()).items() if count == 1}
        by_key = {key: name for name, key in keys.items() if key in once & alone}
        found |= {path: by_key[key] for path, key in of_path.items() if key in by_key}
        left = [name for name in left if name not in found.values()]
    return found


def _plain(name: str, parts: int) -> str:
    pure = PurePosixPath(name.replace("\\", "/").casefold())
    return "/".join((*pure.parts[-parts:-1], pure.stem.removesuffix(".nii")))


# -- reading --------------------------------------------------------------------------------------------


def read_file(path: Path) -> Table:
    """The table of labels in a file: file name to label. Raises BadChoice."""
    try:
        return read_labels(decoded(path.read_bytes()), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadChoice(f"The table of labels {path.name} can't be read: {error}.") from None


def read_labels(text: str, source: str) -> Table:
    """File name to label, from a CSV with or without a header, separated by comma, semicolon or tab; or from
    StyleGAN's or Hugging Face's JSON.

    ``source``: name of the table in errors. Raises BadChoice.
    """
    if _is_json(text):
        return _once(_labels_of_json(_json(text, source)), source)
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
    return _once(((row[file_column].strip(), row[label_column].strip()) for row in rows), source)


def _once(rows: Iterator[tuple[str, str]], source: str) -> Table:
    """The rows as a table, without empty values. Raises BadChoice if a file has two different ones."""
    table: Table = {}
    for file, label in rows:
        if table.setdefault(file, label) != label:
            raise BadChoice(f"{source}: '{file}' has two labels, '{table[file]}' and '{label}'. Keep one.")
    return {file: without_image_syntax(label) for file, label in table.items() if label}


def _labels_of_json(raw: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Of ``{"labels": [[file, label], ...]}`` (StyleGAN), or one object per line with a file and a label."""
    if len(raw) == 1 and isinstance(raw[0], dict) and "labels" in raw[0]:
        listed = raw[0]["labels"] if isinstance(raw[0]["labels"], list) else []  # nnU-Net's is an object
        pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]
        return ((str(file), _word(label)) for file, label in pairs)
    return _json_rows(raw, LABEL_COLUMNS)


def _is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def _json(text: str, source: str) -> list[Any]:
    """One object, or one per line. Raises BadChoice."""
    plain = text.lstrip("\ufeff")
    for parts in (plain.splitlines(), [plain]):
        with suppress(ValueError, RecursionError):
            return [json.loads(part) for part in parts if part.strip()]
    raise BadChoice(f"{source}: not valid JSON.")


def _json_rows(raw: Sequence[Any], columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    for row in (each for each in raw if isinstance(each, dict)):
        file = next((row[name] for name in FILE_COLUMNS if isinstance(row.get(name), str)), None)
        value = next((row[name] for name in columns if row.get(name) is not None), None)
        if file is not None and value is not None:
            yield file, _word(value)


def _word(label: Any) -> str:
    return label if isinstance(label, str) else json.dumps(label)


def read_groups(text: str) -> Table | None:
    """File name to patient group, from a table with a file and a group or patient column; None for others."""
    try:
        if _is_json(text):
            return dict(_json_rows(_json(text, ""), GROUP_COLUMNS)) or None
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
