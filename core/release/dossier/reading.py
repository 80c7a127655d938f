"""Opens a dossier from anywhere. It is parsed as JSON and nothing else: no part of it is rendered or run."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from core.errors import BadChoice
from core.release.dossier.document import SCHEMA

LARGEST = 16 * 2**20  # bytes; one with 5,000 names takes 1 MB
OPENING, CLOSING = '<pre id="imprint-dossier" hidden>', "</pre>"
HASH = re.compile(r"[0-9a-f]{64}")
SHOWN = 80  # characters of what a stranger wrote, in one line of an error


@dataclass(frozen=True)
class Opened:
    """``body``: the object. ``page``: the whole page, where the file is one."""

    body: dict[str, Any]
    page: str | None


def open_dossier(path: Path) -> Opened:
    """Raises BadChoice with one sentence for whatever is not a dossier."""
    text = _read(path)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{":
        return Opened(_checked(path, text), None)
    if start == "<":
        return Opened(_checked(path, _data_of(path, text)), text)
    raise BadChoice(f"{path} is not a dossier: it is neither JSON nor a page.")


def plain(text: object) -> str:
    """A stranger's text in one line that moves no cursor."""
    line = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise BadChoice(f"{path} is not a file." if path.exists() else f"There is no file {path}.")
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadChoice(f"{path} can't be read: {error.strerror}.") from None
    except ValueError:  # a null byte in the path
        raise BadChoice(f"There is no file {plain(path)}.") from None
    if len(data) > LARGEST:
        raise BadChoice(f"{path} is larger than {LARGEST // 2**20} MB, so it is not a dossier.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadChoice(f"{path} is not a dossier: it is not text in UTF-8.") from None


def _data_of(path: Path, page: str) -> str:
    parts = page.split(OPENING)
    if len(parts) != 2 or CLOSING not in parts[1]:
        raise BadChoice(f"{path} is not a dossier: the page does not hold the data of exactly one.")
    return html.unescape(parts[1].split(CLOSING, 1)[0])


def _checked(path: Path, text: str) -> dict[str, Any]:
    try:
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise BadChoice(f"{path} is damaged: it does not hold valid JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("schema"), str):
        raise BadChoice(f"{path} is not a dossier: it has no schema.")
    if body["schema"] != SCHEMA:
        raise BadChoice(f"{path} is of the schema {plain(body['schema'])}; only {SCHEMA} can be verified.")
    if not isinstance(body.get("sha256"), str) or not HASH.fullmatch(body["sha256"]):
        raise BadChoice(f"{path} is damaged: it has no SHA-256.")
    return body


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """A key that is there twice could show one reader this and another that."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
