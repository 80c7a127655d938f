"""The entries of an archive, before any is read: names that point nowhere else, and limits on their number.

Archives are untrusted: nothing is extracted under a name, and sizes are those of the data read, not those
declared.
"""

import re
from collections.abc import Iterable
from typing import TypeVar

from core.errors import NothingToImport
from core.images.sources.filenames import JUNK, display_name, identity
from core.images.sources.source import Refused

MAX_ENTRIES = 20_000
MAX_TOTAL = 16 * 2**30  # bytes
MAX_RATIO = 100  # bytes per compressed byte
ZIPS, TARS = (".zip",), (".tar", ".tar.gz", ".tgz")  # archives that are read
OTHERS = (".7z", ".rar", ".gz", ".bz2", ".xz", ".zst")
TWICE = "a second file with the same name, except for letter case or Unicode form"
LINK = "a link or a device, not a file"

Entry = TypeVar("Entry")


def sort_out(entries: Iterable[tuple[str, Entry, str | None]]) -> tuple[dict[str, Entry], Refused]:
    """Entries by the name under which they are shown, and rejected ones with the reason.

    ``entries``: name as stored, entry, and the reason why it is rejected whatever its name, or None.
    """
    taken: dict[str, Entry] = {}
    seen: set[str] = set()
    refused = []
    for stored, entry, fault in entries:
        name = display_name(stored)
        reason = fault_of(name, "archive") or fault or _nested(name)
        if reason is None and JUNK.search(name):
            continue
        if reason is None and identity(name) in seen:
            reason = TWICE
        if reason is None:
            seen.add(identity(name))
            taken[name] = entry
        else:
            refused.append((name, reason))
    return taken, tuple(refused)


def fault_of(name: str, whole: str) -> str | None:
    """The reason why a name (as shown) is rejected, or None; ``whole``: "archive" or "upload"."""
    if not name:
        return "a file without a name"
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return f"an absolute name, which points outside the {whole}"
    if ".." in name.split("/"):
        return f"a name that points outside the {whole}"
    return None


def _nested(name: str) -> str | None:
    low = name.lower()
    if low.endswith((*ZIPS, *TARS, *OTHERS)) and not low.endswith(".nii.gz"):
        return "an archive inside the archive: unpack it first"
    return None


def check_count(count: int) -> None:
    """Raises NothingToImport if an archive has too many entries."""
    if count > MAX_ENTRIES:
        raise NothingToImport(f"The archive has {count} entries; at most {MAX_ENTRIES} are accepted.")


def check_total(size: int) -> None:
    """Raises NothingToImport if the entries of an archive are too large together; ``size`` in bytes."""
    if size > MAX_TOTAL:
        raise NothingToImport(f"The archive unpacks to more than {MAX_TOTAL // 2**30} GiB.")
