"""The SHA-256 of weights files that were checked, and when: ``weights.json`` under IMPRINT_HOME.

A file that has not changed since (by size and time) is not read again to show its state; before it is used,
it is hashed whatever stands here.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import paths
from core.files import write_atomic

FILE = "weights.json"
FOUND, DOWNLOADED, TAKEN, ADDED = "found", "downloaded", "taken", "added"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Checked:
    """``since`` and ``checked`` are when it was first and last hashed; ``source`` is how it came."""

    sha256: str
    bytes: int
    changed: int
    source: str
    since: str
    checked: str


def hashed(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def known(path: Path) -> Checked | None:
    """What was noted of the file as it is now."""
    noted = _entry(_read().get(str(path)))
    try:
        facts = path.stat()
    except OSError:
        return None
    same = noted is not None and (noted.bytes, noted.changed) == (facts.st_size, facts.st_mtime_ns)
    return noted if same else None


def note(path: Path, sha256: str, source: str = FOUND) -> Checked:
    """Keep what was just hashed; how and when a file came is kept while its content stays."""
    facts, now = path.stat(), datetime.now(UTC).isoformat(timespec="seconds")

    def change(files: dict[str, Any]) -> None:
        nonlocal source
        before, since = _entry(files.get(str(path))), now
        if before is not None and before.sha256 == sha256:
            since, source = before.since, before.source if source == FOUND else source
        files[str(path)] = asdict(Checked(sha256, facts.st_size, facts.st_mtime_ns, source, since, now))

    return Checked(**_update(change)[str(path)])


def forget(path: Path) -> None:
    _update(lambda files: files.pop(str(path), None))


def _update(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    paths.make_folder(paths.root())
    with open(paths.root() / f"{FILE}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the page and a job may check at once
        files = dict(_read())
        change(files)
        write_atomic(paths.root() / FILE, json.dumps(files, indent=1).encode(), durable=False)
    return files


def _read() -> Mapping[str, Any]:
    """A manifest that can't be read counts as empty: all is then checked anew."""
    try:
        files = json.loads((paths.root() / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return files if isinstance(files, dict) else {}


def _entry(raw: Any) -> Checked | None:
    try:
        return Checked(**raw)
    except TypeError:
        return None
