"""Work in a process of its own: found again, cancelled without a trace, resumed after a kill."""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from core import paths
from core.attribution.pipeline import Pipeline
from core.config import AutoencoderSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.features import catalog
from core.images.library import Library
from core.jobs import queue
from core.membership.cluster_distance import ClusterDistanceAttack
from core.membership.reconstruction.attack import ReconstructionAttack
from core.store import Store
from core.types import ImageSet, Role
from tests.support.samples import make_set, noise
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

QUICK = PipelineConfig(catalog.spec("lbp"))
SLOW = PipelineConfig(catalog.spec("residual_spectrum", size=1024))  # a few images a second
PATIENCE = 120  # seconds
POLL = threading.Event()  # never set: a pause between two looks


@pytest.fixture
def large(library: Library) -> ImageSet:
    return make_set(library, "large", {"a": noise(150, seed=1), "b": noise(150, seed=2)})


@pytest.fixture(autouse=True)
def _no_job_outlives_its_test(home: object) -> Iterator[None]:
    yield
    for path in paths.folder("jobs").glob("*.json"):
        queue.cancel(path.stem)


def until(job_id: str, reached: Callable[[queue.Job], bool]) -> queue.Job:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        job = queue.find(job_id)
        assert job is not None
        if reached(job):
            return job
        POLL.wait(0.05)
    raise AssertionError(f"not in time: {job}")


def ended(job: queue.Job) -> bool:
    return not job.active


def under_way(job: queue.Job) -> bool:
    return job.done > 0


def test_a_job_leaves_its_result_in_the_store(library: Library, store: Store) -> None:
    image_set = make_set(library)
    job = queue.start(queue.ATTRIBUTE, [image_set], QUICK)
    assert until(job.id, ended).state == "done"
    assert Pipeline(store, library).attribute(image_set, QUICK).cached


def test_a_job_of_two_sets_leaves_the_verdict_in_the_store(library: Library, store: Store) -> None:
    dev, test = leaky(library, "dev", 1), leaky(library, "test", 1)
    config = MembershipConfig(PIXELS)
    for sets in ([dev, test], [dev]):
        job = queue.start(queue.MEMBERSHIP, sets, config)
        assert until(job.id, ended).state == "done"
        assert ClusterDistanceAttack(store, library).run(*sets, *[None] * (2 - len(sets)), config).cached


def test_recent_work_is_listed_with_what_is_under_way_first(
    library: Library, store: Store, large: ImageSet
) -> None:
    done = queue.start(queue.ATTRIBUTE, [make_set(library)], QUICK)
    until(done.id, ended)
    running = until(queue.start(queue.ATTRIBUTE, [large], SLOW).id, under_way)
    later = queue.start(queue.UMAP, [make_set(library)], QUICK)
    listed = [job.id for job in queue.recent()]
    assert set(listed[:2]) == {running.id, later.id}
    assert listed[2] == done.id
    assert queue.recent()[2].sets == ("set",)


def test_a_training_is_killed_and_goes_on(library: Library, store: Store) -> None:
    """Killed in the middle, it loses an epoch at most, and ends as an undisturbed one."""
    dev = leaky(library, "dev", 1)
    config = ReconstructionConfig(AutoencoderSpec(size=128, bottleneck=8, epochs=12))
    job = until(queue.start(queue.RECONSTRUCT, [dev], config).id, lambda job: job.done >= 3)
    os.killpg(job.pid, signal.SIGKILL)
    assert until(job.id, ended).state == "died"
    done = len(ReconstructionAttack(store, library).history(dev, config))
    assert done >= job.done - 1
    again = queue.start(queue.RECONSTRUCT, [dev], config)
    assert until(again.id, ended).state == "done"
    found = ReconstructionAttack(store, library).run(dev, None, config)
    assert found.cached
    store.clear()
    whole = ReconstructionAttack(store, library).run(dev, None, config)
    np.testing.assert_array_equal(found.dev.distance, whole.dev.distance)


def test_the_same_work_is_one_job(large: ImageSet) -> None:
    """A double click, or a second tab: the id is the hash of what is done."""
    first = queue.start(queue.ATTRIBUTE, [large], SLOW)
    running = until(first.id, under_way)
    again = queue.start(queue.ATTRIBUTE, [large], SLOW)
    assert (again.id, again.pid) == (first.id, running.pid)


def test_cancel_leaves_no_process_and_keeps_what_is_finished(
    large: ImageSet, store: Store, library: Library
) -> None:
    job = until(queue.start(queue.ATTRIBUTE, [large], SLOW).id, under_way)
    start = time.monotonic()
    queue.cancel(job.id)
    assert time.monotonic() - start < 2 * queue.GRACE
    found = queue.find(job.id)
    assert found is not None
    assert found.state == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.killpg(job.pid, 0)
    assert not list(store.folder.rglob("*.part"))
    assert Pipeline(store, library).plan(large, SLOW).missing < len(large)


def test_a_killed_worker_is_known_and_its_work_goes_on(
    large: ImageSet, store: Store, library: Library
) -> None:
    job = until(queue.start(queue.ATTRIBUTE, [large], SLOW).id, under_way)
    os.killpg(job.pid, signal.SIGKILL)
    assert until(job.id, ended).state == "died"
    left = Pipeline(store, library).plan(large, SLOW).missing
    assert left <= len(large) - job.done
    assert until(queue.start(queue.ATTRIBUTE, [large], SLOW).id, under_way).total == left


def test_a_mistake_is_the_jobs_error(library: Library) -> None:
    """ResNet50 without its weights: the sentence that the command line prints."""
    config = PipelineConfig(catalog.spec("resnet50"))
    job = queue.start(queue.ATTRIBUTE, [make_set(library)], config)
    failed = until(job.id, ended)
    assert failed.state == "failed"
    assert failed.error.startswith("ResNet50 needs its ImageNet weights")


def test_a_job_that_never_said_who_it_is_is_asked_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock is held and its pid unknown: a signal to group 0 would end the server that sends it."""
    image_set = make_set(library)
    job = queue.Job(queue.id_of(queue.UMAP, [image_set], QUICK), queue.UMAP, ("set",), "starting", 0.0)
    queue.save_state(job)
    sent: list[int] = []
    monkeypatch.setattr(queue, "STARTING", 0.1)
    monkeypatch.setattr(queue.os, "killpg", lambda pid, signum: sent.append(pid))
    with queue.state_path(job.id, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        queue.cancel(job.id)
    assert sent == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}'])
def test_a_state_that_can_not_be_read_is_no_job(text: str, library: Library) -> None:
    """As a power cut may leave it: the list of work goes on without."""
    path = queue.state_path("f" * 24, "json")
    path.write_text(text)
    assert queue.find("f" * 24) is None
    assert queue.recent() == []


def test_who_never_was_is_none_and_can_be_cancelled(home: object) -> None:
    assert queue.find("0" * 24) is None
    queue.cancel("0" * 24)


def test_the_same_pixels_with_other_roles_are_another_job(library: Library) -> None:
    """Two people sort the same slices differently: each has a job, and the numbers of their own truth.
    Another name or order of the same truth is the same job."""
    first = leaky(library, "dev", 1)
    other = {Role.REAL_USED: Role.REAL_NOT_USED, Role.REAL_NOT_USED: Role.REAL_USED}
    files = tuple(replace(file, role=other.get(file.role, file.role)) for file in first.files)
    config = MembershipConfig(PIXELS)
    names = [
        queue.id_of(queue.MEMBERSHIP, [each], config)
        for each in (first, replace(first, files=files), replace(first, name="x", files=first.files[::-1]))
    ]
    assert names[0] != names[1]
    assert names[0] == names[2]
