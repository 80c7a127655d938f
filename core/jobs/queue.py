"""Background jobs: one worker process each, its state in a file, its result in the store.

A job's id is its user and a hash of its task (the images with all that is known of them, and the
configuration), so a double click, a second tab or a reload finds the existing
job, and no user finds another's. A worker holds a lock for as long as it lives, so the state "running" with a
free lock means that the worker died. A job is resumed by starting it again: the store keeps every finished
batch.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO

from core import engine, paths
from core.access.users import LOCAL, User
from core.experiments.grid import Listed
from core.files import write_atomic
from core.hashing import key
from core.release.config import ReleaseConfig
from core.types import ImageSet

ATTRIBUTE, UMAP, MEMBERSHIP, RECONSTRUCT = "attribute", "umap", "membership", "reconstruct"
SWEEP, RELEASE = "sweep", "release"
Config = engine.Config | Listed | ReleaseConfig
STARTING = 30  # seconds within which a new worker must take its lock
GRACE = 3  # seconds between SIGTERM and SIGKILL
_children: list["subprocess.Popen[bytes]"] = []


@dataclass(frozen=True)
class Job:
    """``state``: starting, waiting (for another job), running, done, failed, cancelled or died."""

    id: str
    kind: str
    sets: tuple[str, ...]
    state: str
    started: float
    pid: int = 0
    stage: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    left: float | None = None
    error: str = ""

    @property
    def owner(self) -> str:
        """A user's id."""
        return owner_of(self.id)

    @property
    def active(self) -> bool:
        return self.state in ("starting", "waiting", "running")


def id_of(kind: str, sets: Sequence[ImageSet], config: Config, user: User = LOCAL) -> str:
    work = key("job", kind, [each.truth for each in sets], config)[:24]
    return work if user.local else f"{user.id}-{work}"


def owner_of(job_id: str) -> str:
    """A user's id."""
    return job_id.rpartition("-")[0] or LOCAL.id


def recent(count: int = 20, user: User = LOCAL) -> list[Job]:
    """A user's latest jobs, active ones first."""
    prefix = "" if user.local else f"{user.id}-"
    stems = [path.stem for path in paths.folder("jobs", user.id).glob("*.json")]
    found = [job for stem in stems if (job := find(f"{prefix}{stem}")) is not None]
    return sorted(found, key=lambda job: (not job.active, -job.started))[:count]


def find(job_id: str) -> Job | None:
    """The job in its present state, or None if there is none."""
    _reap()
    try:
        job = read_state(job_id)
    except FileNotFoundError:
        return None
    if not job.active or _locked(state_path(job_id, "lock")):
        return job
    if job.state == "starting" and time.time() - job.started < STARTING:
        return job
    ended = read_state(job_id)  # it may have finished in between
    if not ended.active:
        return ended
    return replace(ended, state="died", error="The job ended unexpectedly. Completed steps are kept.")


def start(kind: str, sets: Sequence[ImageSet], config: Config, user: User = LOCAL) -> Job:
    """Start a job in a process of its own, or return it if it is already active."""
    job_id = id_of(kind, sets, config, user)
    present = find(job_id)
    if present is not None and present.active:
        return present
    job = Job(job_id, kind, tuple(each.name for each in sets), "starting", time.time())
    task = {"sets": job.sets, "config": config.as_json()}
    write_atomic(state_path(job_id, "task"), json.dumps(task).encode(), durable=False)
    save_state(job)
    command = [sys.executable, "-m", "core.jobs", job_id]
    _children.append(
        subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    )
    return job


def cancel(job_id: str) -> None:
    """Stop a job and all processes that it started; returns when they have ended."""
    job = find(job_id)
    if job is None or not job.active:
        return
    deadline = time.monotonic() + STARTING
    while job is not None and job.active and not job.pid and time.monotonic() < deadline:
        time.sleep(0.05)  # it has not yet written its pid
        job = find(job_id)
    if job is None or not job.active or not job.pid:
        return  # signals to process group 0 would end the server itself
    for signum, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signum)
        until = time.monotonic() + patience
        while _locked(state_path(job_id, "lock")) and time.monotonic() < until:
            time.sleep(0.05)
    for child in _children:
        if child.pid == job.pid:
            child.wait(GRACE)
    save_state(replace(job, state="cancelled", left=None))


def state_path(job_id: str, suffix: str) -> Path:
    return paths.folder("jobs", owner_of(job_id)) / f"{job_id.rpartition('-')[2]}.{suffix}"


def read_state(job_id: str) -> Job:
    """A job's state, also if another version wrote it. Raises FileNotFoundError, also for an empty file
    left by a power cut."""
    try:
        raw = json.loads(state_path(job_id, "json").read_text("utf-8"))
        known = {field.name: raw[field.name] for field in fields(Job) if field.name in raw}
        return Job(**{**known, "sets": tuple(raw.get("sets", ()))})
    except (ValueError, TypeError, AttributeError):
        raise FileNotFoundError(f"{job_id} has no readable state") from None


def save_state(job: Job) -> None:
    write_atomic(state_path(job.id, "json"), json.dumps(asdict(job)).encode(), durable=False)


def _locked(path: Path) -> bool:
    try:
        file: IO[str] = path.open("r")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]
