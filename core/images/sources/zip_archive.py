"""Zip archives, within limits on number, size and compression of their entries."""

import stat
import struct
import zipfile
from pathlib import Path
from typing import IO

from core.errors import NothingToImport, UnreadableImage
from core.images.sources import entries
from core.images.sources.entries import MAX_RATIO, MAX_TOTAL
from core.images.sources.source import HEAD, MAX_FILE, Source, ordered

MAX_CONTENTS = 16 * 2**20  # bytes of an archive's table of contents; 20,000 entries take 2 or 3 MB
END, END_SIZE = b"PK\5\6", 22  # last record of a zip file, followed by a comment of up to 65,535 bytes
SIZE_AT = 12  # offset of the size of the table of contents in that record


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


def from_zip(archive: zipfile.ZipFile) -> Source:
    """The entries of an open archive. Raises NothingToImport if there are too many or too large ones."""
    files = [info for info in archive.infolist() if not info.filename.endswith("/")]
    entries.check_count(len(files))
    entries.check_total(sum(info.file_size for info in files))
    by_name, refused = entries.sort_out((info.filename, info, _fault(info)) for info in files)
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

    return Source(ordered(by_name), read, head, refused)


def _fault(info: zipfile.ZipInfo) -> str | None:
    """The reason why an entry is rejected unread, or None."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return entries.LINK
    if info.flag_bits & 1:
        return "encrypted in the archive"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed with an unsupported method: only deflate is read"
    return None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(info) as entry:
            return entry.read(most)
    except Exception:  # BadZipFile, zlib.error, EOFError ...; messages may quote the name
        raise UnreadableImage("damaged in the archive") from None
