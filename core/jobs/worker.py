"""A job's process: it takes the lock, waits for its turn, computes, and records how it ended."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import IO, Any

from core import engine, paths
from core.access.users import User
from core.attribution.pipeline import Attribution
from core.config import PipelineConfig
from core.engine import Engine
from core.errors import BadChoice, ImprintError
from core.experiments import sweep
from core.experiments.grid import Listed
from core.images.library import Library
from core.inference.runtime import Effort
from core.jobs.queue import (
    ATTRIBUTE,
    MEMBERSHIP,
    RECONSTRUCT,
    RELEASE,
    SWEEP,
    UMAP,
    Job,
    read_state,
    save_state,
    state_path,
)
from core.progress import Listener, Step
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.store import Store
from core.types import ImageSet

ANSWERS = {
    ATTRIBUTE: engine.ATTRIBUTION,
    MEMBERSHIP: engine.MEMBERSHIP,
    RECONSTRUCT: engine.RECONSTRUCTION,
}
NICE = 10  # pages take precedence over background jobs


def work(job_id: str) -> int:
    """Run a job; returns the exit status. A second worker for the same job ends at once."""
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(state_path(job_id, "lock").open("w"))
        if not _take(lock):
            return 0
        signal.signal(signal.SIGTERM, _stop)
        os.nice(NICE)
        job = read_state(job_id)
        job = replace(job, state="waiting", pid=os.getpid())
        save_state(job)
        with _turn():
            return _carry_out(replace(job, state="running"))


def _take(lock: IO[str]) -> bool:
    """Take the lock unless a worker has it; processes that only check it hold it for an instant."""
    for _ in range(40):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
    return False


def _carry_out(job: Job) -> int:
    def listen(step: Step) -> None:
        save_state(replace(job, **asdict(step)))

    save_state(job)
    try:
        task = json.loads(state_path(job.id, "task").read_text("utf-8"))
        library = Library(user=User(job.owner))
        sets = [library.get(name) for name in task["sets"]]
        _compute(job.kind, sets, task["config"], library, listen)
    except ImprintError as error:
        save_state(replace(job, state="failed", error=str(error)))
        return 1
    except OSError as error:  # such as a full disk or a folder without write permission
        words = (
            f"Disk error ({error.strerror or error}). Free some space, then start again: "
            "completed steps are kept."
        )
        save_state(replace(job, state="failed", error=words))
        return 1
    except Exception as error:
        save_state(
            replace(
                job, state="failed", error=f"Internal error in Imprint ({type(error).__name__}: {error})."
            )
        )
        raise
    save_state(replace(job, state="done"))
    return 0


def _compute(
    kind: str, sets: list[ImageSet], config: dict[str, Any], library: Library, listener: Listener
) -> None:
    """Compute and store the result; pages read it from the store."""
    by = Engine(Store(), library, Effort(spread=True), listener)
    if kind == SWEEP:
        sweep.run_sweep(
            Engine(by.store, library, Effort(spread=True)), sets, Listed.from_json(config), listener
        )
    elif kind == RELEASE:
        Assessor(by.store, library, Effort(spread=True), listener).assess(
            sets, ReleaseConfig.from_json(config)
        )
    elif kind == UMAP:
        by.pipeline.map(sets[0], PipelineConfig.from_json(config), "umap")
    else:
        answer = by.answer(sets, engine.KINDS[ANSWERS[kind]].from_json(config))
        if isinstance(answer, Attribution):
            with contextlib.suppress(BadChoice):  # a map that can't be drawn doesn't affect the result
                by.pipeline.map(sets[0], answer.config, "pca")  # the first thing that the page shows


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(1)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """One job computes at a time; the others wait here."""
    with (paths.folder("jobs") / "turn.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
