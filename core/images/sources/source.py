"""A source of files, in a folder or in memory: relative paths in natural order, read one at a time.

Names are only used as display text. Archives in a folder are listed like folders of their name (archives.py).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableImage
from core.images.sources.filenames import JUNK, display_name

MAX_FILE = 256 * 2**20  # bytes
HEAD = 352  # bytes; enough to recognise NIfTI and DICOM

ALIKE = "a second file whose name is shown in the same way: rename one of them"

Refused = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Source:
    """Relative paths in natural order, and functions that read a file (and may raise UnreadableImage).

    ``head``: reads the first HEAD bytes only. ``refused``: name and reason of entries that are not listed.
    """

    paths: tuple[str, ...]
    read: Callable[[str], bytes]
    head: Callable[[str], bytes]
    refused: Refused = ()


def natural(path: str) -> list[tuple[int, int, str]]:
    """Sort key for natural order: img_2 comes before img_10."""
    parts = [part for part in re.split(r"([0-9]+)", path.casefold()) if part]
    return [*map(_rank, parts), (2, 0, path)]


def _rank(part: str) -> tuple[int, int, str]:
    if not part.isdecimal():
        return 1, 0, part
    digits = part.lstrip("0")
    return 0, len(digits), digits


def from_folder(folder: Path) -> Source:
    """The files in a folder and its subfolders; links that lead out of it are rejected when read."""
    names, refused = _shown(sorted(_files_below(folder)))
    return _from_paths(names, lambda name: inside(folder, names[name]), refused)


def _files_below(folder: Path) -> Iterator[str]:
    """Relative paths of all files; linked folders are not entered. Faster than ``Path.rglob``."""
    for base, _, files in os.walk(folder):
        inner = os.path.relpath(base, folder)
        for name in files:
            if os.path.isfile(os.path.join(base, name)):
                yield name if inner == "." else f"{inner}/{name}"


def _shown(names: Iterable[str]) -> tuple[dict[str, str], Refused]:
    """Names by how they are shown, and a refusal of each that is shown like another."""
    by_shown: dict[str, str] = {}
    refused = []
    for name in names:
        shown = display_name(name)
        if by_shown.setdefault(shown, name) != name:
            refused.append((shown, ALIKE))
    return by_shown, tuple(refused)


def inside(folder: Path, name: str) -> Path:
    """The file that a relative name stands for. Raises UnreadableImage if it is outside the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UnreadableImage("a link that points outside the folder")
    return path


def from_paths(files: Mapping[str, Path], refused: Refused = ()) -> Source:
    """Files anywhere on disk, by the names under which they are shown."""
    return _from_paths(files, lambda name: files[name], refused)


def _from_paths(names: Iterable[str], path_of: Callable[[str], Path], refused: Refused = ()) -> Source:
    def read(name: str) -> bytes:
        return _bytes(path_of(name), MAX_FILE)

    def head(name: str) -> bytes:
        return _bytes(path_of(name), None)

    return Source(ordered(names), read, head, refused)


def _bytes(path: Path, most: int | None) -> bytes:
    """A file's bytes if there are no more than ``most``; if ``most`` is None, its first HEAD bytes."""
    try:
        with path.open("rb") as file:
            if most is None:
                return file.read(HEAD)
            if os.fstat(file.fileno()).st_size > most:
                raise UnreadableImage(f"larger than {most // 2**20} MiB")
            return file.read()
    except OSError as error:
        raise UnreadableImage(f"can't be read ({error.strerror})") from None


def from_files(files: Mapping[str, bytes]) -> Source:
    """Files in memory, by relative path."""
    names, refused = _shown(files)
    return Source(
        ordered(names),
        lambda name: files[names[name]],
        lambda name: files[names[name]][:HEAD],
        refused,
    )


def combined(parts: Iterable[tuple[str, Source]]) -> Source:
    """Several sources as one, each below a folder; "" for none."""
    owner: dict[str, tuple[Source, str]] = {}
    refused: list[tuple[str, str]] = []
    for folder, source in parts:
        before = f"{folder}/" if folder else ""
        owner |= {before + path: (source, path) for path in source.paths}
        refused += [(before + name, reason) for name, reason in source.refused]

    def read(path: str) -> bytes:
        source, own = owner[path]
        return source.read(own)

    def head(path: str) -> bytes:
        source, own = owner[path]
        return source.head(own)

    return Source(ordered(owner), read, head, tuple(refused))


def without(source: Source, left_out: Iterable[str], refused: Refused = ()) -> Source:
    """A source without some of its paths, of which ``refused`` are reported."""
    out = frozenset(left_out)
    kept = tuple(path for path in source.paths if path not in out)
    return Source(kept, source.read, source.head, (*source.refused, *refused))


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if not JUNK.search(name)), key=natural))
