"""Extraction over a cluster: the numbers of one process, whatever is lost on the way."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core import cluster, embedding, features
from core.embedding import Embedder
from core.errors import ImprintError
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import Step
from core.store import Store
from tests.unit.samples import ROOT, noise

NETWORK = features.spec("efficientnet_lite0", weights=features.UNTRAINED, size=64)
SPREAD, ALONE = Effort(spread=True), Effort()


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "WORTH_A_CLUSTER", 0.0)
    monkeypatch.delenv(cluster.SCHEDULER, raising=False)
    # Streamlit's AppTest leaves a page as the main module, which a spawned worker would run again.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))


@pytest.fixture
def ids(library: Library) -> list[str]:
    return [library.add_pixels(pixels) for pixels in noise(100, 48)]


@pytest.mark.parametrize("feature", [NETWORK, features.spec("lbp")], ids=["network", "descriptor"])
def test_a_cluster_gives_the_numbers_of_one_process(
    feature: features.FeatureSpec, ids: list[str], library: Library, tmp_path: Path
) -> None:
    """Bit for bit: a request is of as many images, on one thread, wherever it runs."""
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    alone, _ = Embedder(here, library, ALONE, lambda step: None).embed(feature, ids)
    spread, cached = Embedder(there, library, SPREAD, lambda step: None).embed(feature, ids)
    assert not cached
    np.testing.assert_array_equal(alone, spread)
    here.close()
    there.close()


COUNTING = """
import hashlib, pathlib
from core import cluster
original = getattr(cluster, "original", cluster._embed)  # a preload runs twice
cluster.original = original
def counted(network, name, feature, images):
    with open(pathlib.Path("begun"), "a") as log:
        log.writelines(hashlib.sha256(image.tobytes()).hexdigest() + "\\n" for image in images)
    return original(network, name, feature, images)
cluster._embed = counted
"""  # in a worker, before its first task: each image that it begins goes into a file of its own


class Host:
    """A scheduler, or a worker that shares nothing with the others but the network: a process, a folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        folder.mkdir()
        (folder / "counting.py").write_text(COUNTING, "utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "IMPRINT_HOME": str(folder / "home")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Host]]:
    """A scheduler on a free port and two workers, each with a folder and a home of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = f"tcp://127.0.0.1:{port}"
    scheduler = ("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("dask_worker", place, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    worker += ("--preload", "counting.py")
    running = [Host(tmp_path / "scheduler", *scheduler)]
    running += [Host(tmp_path / f"worker{number}", *worker) for number in range(2)]
    monkeypatch.setenv(cluster.SCHEDULER, place)
    yield running
    for host in running:
        host.process.kill()
        host.process.wait()


def test_a_lost_worker_costs_its_tasks_and_no_number(
    hosts: list[Host], ids: list[str], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two hosts is killed with half of the images done: the rows are those of one process, only the
    client has written, and each image was begun once or, where its task was lost, twice."""
    from distributed import Client

    monkeypatch.setattr(cluster, "CHUNK", 8)
    with Client(os.environ[cluster.SCHEDULER]) as client:
        client.wait_for_workers(2, timeout=60)

    def killing(step: Step) -> None:
        if (
            step.stage.startswith("features")
            and 2 * step.done >= len(ids)
            and hosts[1].process.poll() is None
        ):
            hosts[1].process.send_signal(signal.SIGKILL)

    store, other = Store(tmp_path / "store"), Store(tmp_path / "other")
    feature = features.spec("residual_spectrum", size=512)
    spread, _ = Embedder(store, library, SPREAD, killing).embed(feature, ids)
    assert hosts[1].process.poll() is not None
    alone, _ = Embedder(other, library, ALONE, lambda step: None).embed(feature, ids)
    np.testing.assert_array_equal(alone, spread)
    assert not list((tmp_path / "worker0").rglob("*.safetensors"))
    begun = Counter(
        line for number in range(2) for line in (tmp_path / f"worker{number}/begun").read_text().split()
    )
    print(f"{len(ids)} images over two hosts, one killed half-way: begun {Counter(begun.values())} times")
    assert len(begun) == len(ids)
    assert max(begun.values()) <= 2
    assert (tmp_path / "worker1/begun").stat().st_size > 0
    store.close()
    other.close()


def test_no_scheduler_at_the_address_is_one_sentence(
    ids: list[str], store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.SCHEDULER, "tcp://127.0.0.1:1")
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    with pytest.raises(ImprintError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        Embedder(store, library, SPREAD, lambda step: None).embed(features.spec("lbp"), ids)


def test_the_local_cluster_is_closed_to_others_and_leaves_nothing() -> None:
    """TLS with its own certificates: a client without them is refused. No process is left. And it asks for no
    port that another cluster of this machine may have."""
    from distributed import Client

    before = threading.active_count()
    with _taken(8787), cluster.connected() as client:
        place = client.scheduler_info()["address"]
        assert place.startswith("tls://127.0.0.1:")
        pids = list(client.run(os.getpid).values())
        with pytest.raises((TypeError, OSError)):
            Client(place, timeout=5)
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    assert not any(_alive(pid) for pid in pids)
    assert threading.active_count() <= before + 10


@contextlib.contextmanager
def _taken(port: int) -> Iterator[None]:
    """By us, if not by others already."""
    with socket.socket() as ours:
        with contextlib.suppress(OSError):
            ours.bind(("127.0.0.1", port))
            ours.listen()
        yield


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
