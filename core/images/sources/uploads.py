"""Uploads that are not imported yet, on disk under generated names.

    IMPRINT_HOME/incoming/<32 hex digits>/   one folder per upload, readable by its owner only (0700)
        000001, 000002 ...                   the uploaded bytes
        manifest.json                        names of the files, and files rejected by name

The manifest is written when the upload is complete. Uploads that are not imported are deleted after a day.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core import paths
from core.errors import ImprintError, NothingToImport
from core.files import write_atomic
from core.images.sources.entries import MAX_ENTRIES, MAX_TOTAL, TWICE, fault_of
from core.images.sources.filenames import JUNK, display_name, identity
from core.images.sources.opening import expanded, is_archive, open_archive
from core.images.sources.source import MAX_FILE, Source, from_paths

DAY = 24 * 60 * 60  # seconds
CHUNK = 2**20  # bytes copied at a time
LONGEST = 1024  # characters of a file name
MANIFEST = "manifest.json"
ID = re.compile("[0-9a-f]{32}")

Upload = tuple[str, IO[bytes]]


class Incoming:
    """All uploads under a root; several sessions may use it at the same time."""

    def __init__(self, root: Path | None = None) -> None:
        self._folder = (root or paths.root()) / "incoming"

    def stage(self, uploads: Iterable[Upload]) -> str:
        """Write files to disk one after the other; returns the id of the upload.

        Raises ImprintError if they can't be written, NothingToImport if they are too many or too large;
        nothing is left on disk then.
        """
        self.tidy()
        paths.make_folder(self._folder)
        name = secrets.token_hex(16)
        folder = self._folder / name
        try:
            folder.mkdir(mode=0o700)
            staging = _Staging(folder)
            for called, file in uploads:
                staging.take(called, file)
            staging.close()
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ImprintError(f"The upload can't be written to disk: {error.strerror}.") from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return name

    @contextmanager
    def source(self, name: str) -> Iterator[Source]:
        """The content of an upload: of the archive if it is the only file. Raises NothingToImport."""
        folder = self._folder_of(name)
        try:
            raw = json.loads((folder / MANIFEST).read_text("utf-8"))
            os.utime(folder)  # still in use, so not deleted by age
        except OSError:
            raise NothingToImport(
                "The upload no longer exists: it was imported, discarded, or is older than a day."
            ) from None
        files = {called: folder / f"{number:06}" for called, number in raw["files"]}
        refused = tuple((called, reason) for called, reason in raw["refused"])
        alone = next(iter(files), "")
        if len(files) == 1 and is_archive(alone):
            with open_archive(files[alone], alone) as source:
                yield source
        else:
            with expanded(from_paths(files, refused), lambda name: files[name]) as source:
                yield source

    def discard(self, name: str) -> None:
        """Delete an upload with its file names, if it still exists."""
        shutil.rmtree(self._folder_of(name), ignore_errors=True)

    def tidy(self, age: float = DAY) -> int:
        """Delete uploads older than ``age`` seconds; returns how many were deleted."""
        expired = [path for path in self._waiting() if time.time() - path.lstat().st_mtime > age]
        for path in expired:
            shutil.rmtree(path, ignore_errors=True)
        return len(expired)

    def _waiting(self) -> list[Path]:
        try:
            return [path for path in self._folder.iterdir() if ID.fullmatch(path.name)]
        except OSError:
            return []

    def _folder_of(self, name: str) -> Path:
        if not ID.fullmatch(name):
            raise NothingToImport("There is no such upload.")
        return self._folder / name


def tidy(root: Path | None = None) -> int:
    """Delete expired uploads of all users; returns how many were deleted."""
    base = root or paths.root()
    return sum(Incoming(place).tidy() for place in (base, *(base / paths.USERS).glob("*")))


class _Staging:
    """An upload in progress."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[tuple[str, int]] = []
        self._refused: list[tuple[str, str]] = []
        self._seen: set[str] = set()
        self._bytes = 0

    def take(self, called: str, file: IO[bytes]) -> None:
        name = display_name(called)
        reason = self._fault(name)
        if reason is None and JUNK.search(name):
            return
        if reason is None:
            self._seen.add(identity(name))
            reason = self._write(name, file)
        if reason is not None:
            self._refused.append((name[:LONGEST], reason))
        if len(self._files) + len(self._refused) > MAX_ENTRIES:
            raise NothingToImport(
                f"More than {MAX_ENTRIES} files in one upload. Split it into smaller uploads."
            )

    def close(self) -> None:
        record = json.dumps({"files": self._files, "refused": self._refused})
        write_atomic(self._folder / MANIFEST, record.encode())

    def _fault(self, name: str) -> str | None:
        if len(name) > LONGEST:
            return f"a name of more than {LONGEST} characters"
        return fault_of(name, "upload") or (TWICE if identity(name) in self._seen else None)

    def _write(self, name: str, file: IO[bytes]) -> str | None:
        """The reason why a file is rejected, or None once it is written; too large a file is removed."""
        number, size, most = len(self._files) + 1, 0, MAX_TOTAL if is_archive(name) else MAX_FILE
        path = self._folder / f"{number:06}"
        with open(path, "xb", opener=_private) as target:
            while size <= most and (chunk := file.read(CHUNK)):
                size += len(chunk)
                self._count(len(chunk))
                target.write(chunk)
        if size > most:
            path.unlink()
            return f"larger than {most // 2**20} MiB"
        self._files.append((name, number))
        return None

    def _count(self, more: int) -> None:
        self._bytes += more
        if self._bytes > MAX_TOTAL:
            raise NothingToImport(
                f"The upload is larger than {MAX_TOTAL // 2**30} GiB. Split it into smaller uploads."
            )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
