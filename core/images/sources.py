"""Where an import comes from: a folder, a zip, or files in memory, all read the same way.

An archive is a stranger's: its names are only ever display text, nothing is extracted to disk, bytes
are counted as they come and not as the archive says.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import NothingToImport, UnreadableImage
from core.images.layouts import JUNK

MAX_ENTRIES = 20_000
MAX_FILE = 256 * 2**20
MAX_TOTAL = 16 * 2**30
MAX_RATIO = 100
UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Source:
    """Relative paths in natural order, and a way to their bytes (which may raise UnreadableImage)."""

    paths: tuple[str, ...]
    read: Callable[[str], bytes]


def natural(path: str) -> list[tuple[int, int, str]]:
    """Sort key under which img_2 comes before img_10: numbers by length, then digits."""
    parts = [part for part in re.split(r"([0-9]+)", path.casefold()) if part]
    return [*map(_rank, parts), (2, 0, path)]


def _rank(part: str) -> tuple[int, int, str]:
    if not part.isdecimal():
        return 1, 0, part
    digits = part.lstrip("0")
    return 0, len(digits), digits


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The source at a path. Raises NothingToImport where there is none."""
    if path.is_dir():
        yield from_folder(path)
    elif not path.exists():
        raise NothingToImport(f"There is no file or folder {path}.")
    elif zipfile.is_zipfile(path):
        with open_zip(path, path.name) as archive:
            yield from_zip(archive)
    else:
        raise NothingToImport(f"{path.name} is neither a folder nor a zip archive.")


def open_zip(file: Path | IO[bytes], name: str) -> zipfile.ZipFile:
    """An archive whose table of contents can be read. Raises NothingToImport."""
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise NothingToImport(f"{name} is not a zip archive, or is cut off ({error}).") from None


def from_folder(folder: Path) -> Source:
    """Files below a folder; links that lead out of it are refused when read."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    root = folder.resolve()

    def read(name: str) -> bytes:
        path = (folder / name).resolve()
        if not path.is_relative_to(root):
            raise UnreadableImage("a link that leads out of the folder")
        if path.stat().st_size > MAX_FILE:
            raise UnreadableImage(f"larger than {MAX_FILE // 2**20} MiB")
        try:
            return path.read_bytes()
        except OSError as error:
            raise UnreadableImage(f"can't be read ({error.strerror})") from None

    return Source(_ordered(names), read)


def from_zip(archive: zipfile.ZipFile) -> Source:
    """Entries of an open archive, within limits on count, size and compression."""
    entries = [info for info in archive.infolist() if not info.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise NothingToImport(f"The archive has {len(entries)} entries; {MAX_ENTRIES} are the most taken.")
    if sum(info.file_size for info in entries) > MAX_TOTAL:
        raise NothingToImport(f"The archive unpacks to more than {MAX_TOTAL // 2**30} GiB.")
    by_name = {UNSAFE.sub("?", info.filename.replace("\\", "/")).lstrip("/"): info for info in entries}

    def read(name: str) -> bytes:
        info = by_name[name]
        if info.flag_bits & 1:
            raise UnreadableImage("encrypted in the archive")
        limit = min(MAX_FILE, max(info.compress_size, 1024) * MAX_RATIO)
        try:
            with archive.open(info) as entry:
                data = entry.read(limit + 1)
        except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
            raise UnreadableImage(f"damaged in the archive ({error})") from None
        except Exception:  # zlib.error and its like in other codecs
            raise UnreadableImage("damaged in the archive") from None
        if len(data) > limit:
            raise UnreadableImage("unpacks to far more than its size in the archive")
        return data

    return Source(_ordered(by_name), read)


def from_files(files: Mapping[str, bytes]) -> Source:
    """Files that a browser sent, by their relative paths."""
    return Source(_ordered(files), lambda name: files[name])


def _ordered(names: Iterator[str] | Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if not JUNK.search(name)), key=natural))
