"""Tar archives, also compressed with gzip; WebDataset shards are such.

A compressed archive is unpacked to a nameless file in IMPRINT_HOME first, which is gone when it is closed:
entries are read in natural order, and gzip can only be read from its beginning.
"""

import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from core import paths
from core.errors import NothingToImport, UnreadableImage
from core.images.formats.signatures import is_gzip
from core.images.sources import entries
from core.images.sources.entries import MAX_ENTRIES, MAX_RATIO, MAX_TOTAL
from core.images.sources.source import HEAD, MAX_FILE, Source, ordered

CHUNK = 2**20  # bytes unpacked at a time
LONGEST = 2**20  # bytes of one header, with its extensions


@contextmanager
def open_tar(path: Path, name: str) -> Iterator[Source]:
    """The entries of an archive; ``name`` is used in errors.

    Raises NothingToImport if it is damaged, cut off, or has too many or too large entries.
    """
    with path.open("rb") as file, _plain(file, name) as plain:
        bounded = _Bounded(plain)
        try:
            with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r:", errors="replace") as archive:
                members = list(_members(archive))
                bounded.most = None
                _check_end(plain, archive.offset)
                yield _source(archive, members)
        except tarfile.TarError:
            raise NothingToImport(
                f"{name} is not a tar archive, or is damaged or cut off: copy or download it again."
            ) from None


def is_tar(path: Path) -> bool:
    """By the name: tar has no first bytes of its own, and its compressed form is any gzip file."""
    return path.name.lower().endswith(entries.TARS)


@contextmanager
def _plain(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    if not is_gzip(file.read(2)):
        file.seek(0)
        yield file
        return
    size = file.seek(0, 2)
    file.seek(0)
    paths.make_folder(paths.root())
    with tempfile.TemporaryFile(dir=paths.root()) as plain:
        _unzip(file, plain, min(MAX_TOTAL, max(size, 1024) * MAX_RATIO), name)
        plain.seek(0)
        yield plain


def _unzip(file: IO[bytes], plain: IO[bytes], most: int, name: str) -> None:
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while not unzip.eof:
            packed = unzip.unconsumed_tail or file.read(CHUNK)
            if not packed:
                raise NothingToImport(f"{name} is cut off: copy or download it again.")
            plain.write(unzip.decompress(packed, CHUNK))
            if plain.tell() > most:
                raise NothingToImport(f"{name} unpacks to far more than its size ({MAX_RATIO}:1).")
    except zlib.error:
        raise NothingToImport(f"{name} is damaged: copy or download it again.") from None


class _Bounded:
    """A file of which no more than ``most`` bytes are read at once: a header may declare any length."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.most: int | None = LONGEST
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and not 0 <= size <= self.most:
            raise tarfile.ReadError
        return self._file.read(size)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(archive, 1):
        if number > MAX_ENTRIES:
            raise NothingToImport(f"The archive has more than {MAX_ENTRIES} entries.")
        if not member.isdir():
            yield member


def _check_end(file: IO[bytes], at: int) -> None:
    """The block after the last entry is empty; without it, further entries may be missing."""
    file.seek(at)
    if len(file.read(1)) == 0 and at > 0:
        file.seek(max(0, at - tarfile.BLOCKSIZE))
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError


def _source(archive: tarfile.TarFile, members: list[tarfile.TarInfo]) -> Source:
    entries.check_total(sum(member.size for member in members))
    by_name, refused = entries.sort_out((member.name, member, _fault(member)) for member in members)

    def read(name: str) -> bytes:
        if by_name[name].size > MAX_FILE:
            raise UnreadableImage(f"larger than {MAX_FILE // 2**20} MiB")
        return _read(archive, by_name[name], MAX_FILE)

    def head(name: str) -> bytes:
        return _read(archive, by_name[name], HEAD)

    return Source(ordered(by_name), read, head, refused)


def _fault(member: tarfile.TarInfo) -> str | None:
    return None if member.isreg() and not member.issparse() else entries.LINK


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    file = archive.extractfile(member)
    data = file.read(most) if file else b""
    if len(data) < min(most, member.size):
        raise UnreadableImage("damaged in the archive")
    return data
