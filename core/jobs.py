"""Long work, off the page: one worker process a job, its state in a file, its result in the store.

A job's name is its user and the hash of what it does, so a double click, a second tab or a reload finds the
one that is there, and nobody finds another's. A worker holds a lock for as long as it lives, whatever ends
it; so a state that says "running" while the lock is free is that of a worker that died. Work is resumed by
starting it again: the store keeps every finished batch.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from core import engine, home, sweep
from core.engine import Engine
from core.errors import BadChoice, ImprintError
from core.files import write_atomic
from core.grid import Listed
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.pipeline import Attribution
from core.progress import Listener, Step
from core.store import Store
from core.users import LOCAL, User
from core.values import ImageSet, PipelineConfig

ATTRIBUTE, UMAP, MEMBERSHIP, RECONSTRUCT = "attribute", "umap", "membership", "reconstruct"
SWEEP = "sweep"
ANSWERS = {
    ATTRIBUTE: engine.ATTRIBUTION,
    MEMBERSHIP: engine.MEMBERSHIP,
    RECONSTRUCT: engine.RECONSTRUCTION,
}
Config = engine.Config | Listed
STARTING = 30  # seconds within which a new worker must have taken its lock
NICE = 10  # who waits for a page goes before who waits for a training
GRACE = 3  # seconds between asking a worker to stop and making it
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
        return owner(self.id)

    @property
    def active(self) -> bool:
        return self.state in ("starting", "waiting", "running")


def name(kind: str, sets: Sequence[ImageSet], config: Config, user: User = LOCAL) -> str:
    work = key("job", kind, [each.content for each in sets], config)[:24]
    return work if user.local else f"{user.id}-{work}"


def owner(job_id: str) -> str:
    """A user's id."""
    return job_id.rpartition("-")[0] or LOCAL.id


def recent(count: int = 20, user: User = LOCAL) -> list[Job]:
    """A user's latest jobs, those that are under way first."""
    prefix = "" if user.local else f"{user.id}-"
    stems = [path.stem for path in home.folder("jobs", user.id).glob("*.json")]
    found = [job for stem in stems if (job := find(f"{prefix}{stem}")) is not None]
    return sorted(found, key=lambda job: (not job.active, -job.started))[:count]


def find(job_id: str) -> Job | None:
    """The job as it is now, or None if it never was."""
    _reap()
    try:
        job = _load(job_id)
    except FileNotFoundError:
        return None
    if not job.active or _locked(_path(job_id, "lock")):
        return job
    if job.state == "starting" and time.time() - job.started < STARTING:
        return job
    ended = _load(job_id)  # it may have ended in between
    if not ended.active:
        return ended
    return replace(ended, state="died", error="The work ended unexpectedly. What was finished is kept.")


def start(kind: str, sets: Sequence[ImageSet], config: Config, user: User = LOCAL) -> Job:
    """Start a job in a process of its own, or return the one that is under way."""
    job_id = name(kind, sets, config, user)
    present = find(job_id)
    if present is not None and present.active:
        return present
    job = Job(job_id, kind, tuple(each.name for each in sets), "starting", time.time())
    task = {"sets": job.sets, "config": config.as_json()}
    write_atomic(_path(job_id, "task"), json.dumps(task).encode(), durable=False)
    _save(job)
    command = [sys.executable, "-m", "core.jobs", job_id]
    _children.append(
        subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    )
    return job


def cancel(job_id: str) -> None:
    """Stop a job and all processes it started; returns when they are gone."""
    job = find(job_id)
    if job is None or not job.active:
        return
    deadline = time.monotonic() + STARTING
    while job is not None and job.active and not job.pid and time.monotonic() < deadline:
        time.sleep(0.05)  # it has not yet said who it is
        job = find(job_id)
    if job is None or not job.active or not job.pid:
        return  # without a pid there is nobody to ask: signals to group 0 would end the server itself
    for signum, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signum)
        until = time.monotonic() + patience
        while _locked(_path(job_id, "lock")) and time.monotonic() < until:
            time.sleep(0.05)
    for child in _children:
        if child.pid == job.pid:
            child.wait(GRACE)
    _save(replace(job, state="cancelled", left=None))


# -- inside the worker -----------------------------------------------------------------------------


def work(job_id: str) -> int:
    """The worker's whole life. A second worker for the same job ends at once."""
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(_path(job_id, "lock").open("w"))
        if not _take(lock):
            return 0
        signal.signal(signal.SIGTERM, _stop)
        os.nice(NICE)
        job = _load(job_id)
        job = replace(job, state="waiting", pid=os.getpid())
        _save(job)
        with _turn():
            return _carry_out(replace(job, state="running"))


def _take(lock: IO[str]) -> bool:
    """Hold the lock, unless a worker does; those who only look hold it for an instant."""
    for _ in range(40):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
    return False


def _carry_out(job: Job) -> int:
    def listen(step: Step) -> None:
        _save(replace(job, **asdict(step)))

    _save(job)
    try:
        task = json.loads(_path(job.id, "task").read_text("utf-8"))
        library = Library(user=User(job.owner))
        sets = [library.get(name) for name in task["sets"]]
        _compute(job.kind, sets, task["config"], library, listen)
    except ImprintError as error:
        _save(replace(job, state="failed", error=str(error)))
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        words = f"The disk: {error.strerror or error}. Make room there, then go on: what is finished is kept."
        _save(replace(job, state="failed", error=words))
        return 1
    except Exception as error:
        _save(replace(job, state="failed", error=f"An error in Imprint ({type(error).__name__}: {error})."))
        raise
    _save(replace(job, state="done"))
    return 0


def _compute(
    kind: str, sets: list[ImageSet], config: dict[str, Any], library: Library, listener: Listener
) -> None:
    """The result goes into the store; who started the job looks it up there."""
    by = Engine(Store(), library, Effort(spread=True), listener)
    if kind == SWEEP:
        sweep.run(Engine(by.store, library, Effort(spread=True)), sets, Listed.from_json(config), listener)
    elif kind == UMAP:
        by.pipeline.map(sets[0], PipelineConfig.from_json(config), "umap")
    else:
        answer = by.answer(sets, engine.KINDS[ANSWERS[kind]].from_json(config))
        if isinstance(answer, Attribution):
            with contextlib.suppress(BadChoice):  # which is no reason to go without the answer
                by.pipeline.map(sets[0], answer.config, "pca")  # the page draws it first


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(1)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """One job computes at a time; the others wait here."""
    with (home.folder("jobs") / "turn.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _path(job_id: str, suffix: str) -> Path:
    return home.folder("jobs", owner(job_id)) / f"{job_id.rpartition('-')[2]}.{suffix}"


def _load(job_id: str) -> Job:
    """Its state, also as another version wrote it. Raises FileNotFoundError, also where a power cut left an
    empty file."""
    try:
        raw = json.loads(_path(job_id, "json").read_text("utf-8"))
        known = {field.name: raw[field.name] for field in fields(Job) if field.name in raw}
        return Job(**{**known, "sets": tuple(raw.get("sets", ()))})
    except (ValueError, TypeError, AttributeError):
        raise FileNotFoundError(f"{job_id} has no state that can be read") from None


def _save(job: Job) -> None:
    write_atomic(_path(job.id, "json"), json.dumps(asdict(job)).encode(), durable=False)


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


if __name__ == "__main__":
    sys.exit(work(sys.argv[1]))
