"""Sources of an import: a folder, a zip file, or files in memory, all read in the same way.

Archives are untrusted: their names are only used as display text, nothing is extracted to disk, and sizes are
those of the data read, not those declared.
"""

import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import NothingToImport, UnreadableImage
from core.images.importing.filenames import display_name, identity
from core.images.importing.layouts import JUNK

MAX_ENTRIES = 20_000
MAX_FILE = 256 * 2**20  # bytes
MAX_TOTAL = 16 * 2**30  # bytes
MAX_RATIO = 100  # bytes per compressed byte
MAX_CONTENTS = 16 * 2**20  # bytes of an archive's table of contents; 20,000 entries take 2 or 3 MB
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")
END, END_SIZE = b"PK\5\6", 22  # last record of a zip file, followed by a comment of up to 65,535 bytes
SIZE_AT = 12  # offset of the size of the table of contents in that record

HEAD = 132  # bytes; enough to recognise DICOM

TWICE = "a second file with the same name, except for letter case or Unicode form"

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


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The source at a path, a folder or a zip file. Raises NothingToImport for anything else."""
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
    """Open an archive; ``name`` is used in errors. Raises NothingToImport if its contents can't be listed."""
    if _size_of_contents(file) > MAX_CONTENTS:
        raise NothingToImport(f"{name} has a table of contents of more than {MAX_CONTENTS // 2**20} MiB.")
    try:
        return zipfile.ZipFile(file)
    except Exception:  # BadZipFile, OSError, struct.error, UnicodeDecodeError ...
        raise NothingToImport(f"{name} is not a zip archive, or is damaged or truncated.") from None


def _size_of_contents(archive: Path | IO[bytes]) -> int:
    """Size in bytes as declared in the last record; zipfile reads all of it at once. 0 if unknown."""
    if isinstance(archive, Path):
        with archive.open("rb") as file:
            return _size_of_contents(file)
    end = archive.seek(0, 2)
    archive.seek(max(0, end - END_SIZE - 0xFFFF))
    tail = archive.read()
    at = tail.rfind(END)
    size: int = struct.unpack_from("<I", tail, at + SIZE_AT)[0] if 0 <= at <= len(tail) - END_SIZE else 0
    return 0 if size == 0xFFFFFFFF else size  # zip64 stores it elsewhere


def from_folder(folder: Path) -> Source:
    """The files in a folder and its subfolders; links that lead out of it are rejected when read."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = {display_name(name): name for name in sorted(found)}
    root = folder.resolve()

    def inside(name: str) -> Path:
        path = (folder / names[name]).resolve()
        if not path.is_relative_to(root):
            raise UnreadableImage("a link that points outside the folder")
        return path

    return _from_paths(names, inside)


def from_paths(files: Mapping[str, Path], refused: Refused = ()) -> Source:
    """Files anywhere on disk, by the names under which they are shown."""
    return _from_paths(files, lambda name: files[name], refused)


def _from_paths(names: Iterable[str], path_of: Callable[[str], Path], refused: Refused = ()) -> Source:
    def read(name: str) -> bytes:
        return _bytes(path_of(name), MAX_FILE)

    def head(name: str) -> bytes:
        return _bytes(path_of(name), None)

    return Source(_ordered(names), read, head, refused)


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


def from_zip(archive: zipfile.ZipFile) -> Source:
    """The entries of an open archive, within limits on number, size and compression.

    Raises NothingToImport if there are too many or too large entries.
    """
    entries = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if len(entries) > MAX_ENTRIES:
        raise NothingToImport(f"The archive has {len(entries)} entries; at most {MAX_ENTRIES} are accepted.")
    if sum(info.file_size for info in entries) > MAX_TOTAL:
        raise NothingToImport(f"The archive unpacks to more than {MAX_TOTAL // 2**30} GiB.")
    by_name, refused = _sorted_out(entries)
    unpacked = 0

    def read(name: str) -> bytes:
        nonlocal unpacked
        info = by_name[name]
        packed = min(info.compress_size, archive.start_dir)  # as declared, but no more than there is
        limit = min(MAX_FILE, max(packed, 1024) * MAX_RATIO)
        data = _unpacked(archive, info, limit + 1)
        unpacked += len(data)
        if len(data) > limit:
            raise UnreadableImage(f"unpacks to far more than its size in the archive ({MAX_RATIO}:1)")
        if unpacked > MAX_TOTAL:
            raise UnreadableImage(f"the archive has unpacked to more than {MAX_TOTAL // 2**30} GiB")
        return data

    def head(name: str) -> bytes:
        return _unpacked(archive, by_name[name], HEAD)

    return Source(_ordered(by_name), read, head, refused)


def _sorted_out(entries: Iterable[zipfile.ZipInfo]) -> tuple[dict[str, zipfile.ZipInfo], Refused]:
    """Entries by the name under which they are shown, and rejected ones with the reason."""
    taken: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    refused = []
    for info in entries:
        name = display_name(info.filename)
        reason = _fault(info, name)
        if reason is None and JUNK.search(name):
            continue
        if reason is None and identity(name) in seen:
            reason = TWICE
        if reason is None:
            seen.add(identity(name))
            taken[name] = info
        else:
            refused.append((name, reason))
    return taken, tuple(refused)


def _fault(info: zipfile.ZipInfo, name: str) -> str | None:
    """The reason why an entry is rejected unread, or None."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    bad = fault_of(name, "archive")
    if bad:
        return bad
    if kind not in (0, stat.S_IFREG):
        return "a link or a device, not a file"
    if info.flag_bits & 1:
        return "encrypted in the archive"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed with an unsupported method: only deflate is read"
    if name.lower().endswith(ARCHIVES) and not name.lower().endswith(".nii.gz"):
        return "an archive inside the archive: unpack it first"
    return None


def fault_of(name: str, whole: str) -> str | None:
    """The reason why a name (as shown) is rejected, or None; ``whole``: "archive" or "upload"."""
    if not name:
        return "a file without a name"
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return f"an absolute name, which points outside the {whole}"
    if ".." in name.split("/"):
        return f"a name that points outside the {whole}"
    return None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(info) as entry:
            return entry.read(most)
    except Exception:  # BadZipFile, zlib.error, EOFError ...; messages may quote the name
        raise UnreadableImage("damaged in the archive") from None


def from_files(files: Mapping[str, bytes]) -> Source:
    """Files in memory, by relative path."""
    names = {display_name(name): name for name in files}
    return Source(_ordered(names), lambda name: files[names[name]], lambda name: files[names[name]][:HEAD])


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if not JUNK.search(name)), key=natural))
