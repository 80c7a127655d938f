"""Extraction over a cluster: the numbers of one process, whatever is lost on the way."""

import contextlib
import json
import os
import socket
import sys
import threading
import time
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

from core.errors import ImprintError
from core.extraction import dask_cluster, embedder
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from tests.multihost import extraction, network
from tests.support.samples import noise

NETWORK = catalog.spec("efficientnet_lite0", weights=catalog.UNTRAINED, size=64)
SPREAD, ALONE = Effort(spread=True), Effort()


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "WORTH_A_CLUSTER", 0.0)
    monkeypatch.delenv(dask_cluster.SCHEDULER, raising=False)
    # Streamlit's AppTest leaves a page as the main module, which a spawned worker would run again.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))


@pytest.fixture
def ids(library: Library) -> list[str]:
    return [library.add_pixels(pixels) for pixels in noise(100, 48)]


@pytest.mark.parametrize("feature", [NETWORK, catalog.spec("lbp")], ids=["network", "descriptor"])
def test_a_cluster_gives_the_numbers_of_one_process(
    feature: catalog.FeatureSpec, ids: list[str], library: Library, tmp_path: Path
) -> None:
    """Bit for bit: a request is of as many images, on one thread, wherever it runs."""
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    alone, _ = Embedder(here, library, ALONE, lambda step: None).embed(feature, ids)
    spread, cached = Embedder(there, library, SPREAD, lambda step: None).embed(feature, ids)
    assert not cached
    np.testing.assert_array_equal(alone, spread)
    here.close()
    there.close()


@pytest.fixture
def apart() -> bool:
    """Whether hosts have a network each, or are processes of this machine's."""
    return network.way() == "apart"


def test_a_lost_worker_costs_its_tasks_and_no_number(
    apart: bool, store: Store, library: Library, tmp_path: Path
) -> None:
    """Of three hosts one is killed and, in a second extraction, another cut off, each with half of the images
    done: the rows are those of one process, only the client has written, and each image was begun once or,
    where its task was lost, twice."""
    folder, images = tmp_path / "hosts", noise(80, 48)
    folder.mkdir()
    np.save(folder / "images.npy", images)
    with extraction.running(folder, network.way()) as program:
        ids = [library.add_pixels(pixels) for pixels in images]
        alone, _ = Embedder(store, library, ALONE, lambda step: None).embed(extraction.FEATURE, ids)
        told = json.loads(program.communicate(timeout=120)[0])
    _separate(told, apart)
    np.testing.assert_array_equal(alone, np.load(folder / "rows.npy"))
    begun = {name: (folder / name / "begun").read_text().split() for name in network.WORKERS}
    times = Counter(line for lines in begun.values() for line in lines)
    print(
        f"hosts {network.way()}: {len(ids)} images, begun {dict(Counter(times.values()))} times,"
        f" seconds from loss to end {told['seconds']}"
    )
    assert all(begun.values())
    assert len(times) == len(ids)
    assert max(times.values()) <= 2
    assert told["runs on"]  # the host that was cut off: nothing but its silence told that it is lost
    written = {path.relative_to(folder).parts[0] for path in folder.rglob("*.safetensors")}
    assert written == {network.CLIENT}


def _separate(told: dict[str, Any], apart: bool) -> None:
    """A host apart has an address, and sees neither the client's loopback nor another's folder nor a way out.
    The client sees the first two: the look is a look."""
    client, workers = told["client"], told["workers"]
    everywhere = (True, list(network.NAMES))
    assert (client["loopback"], client["folders"]) == everywhere
    if not apart:
        assert all((each["loopback"], each["folders"]) == everywhere for each in workers)
        return
    places = [f"tcp://{network.ADDRESSES[name]}" for name in network.WORKERS]
    assert [each["address"].rpartition(":")[0] for each in workers] == places
    for each in workers:
        assert (each["loopback"], each["folders"], each["elsewhere"]) == (False, [], False)
    own = [each["namespaces"] for each in (client, *workers)] + [network.namespaces()]
    # three kinds, for the client, three workers and this process: not one is shared
    assert len({inode for inodes in own for inode in inodes}) == 3 * 5


def test_no_scheduler_at_the_address_is_one_sentence(
    ids: list[str], store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(dask_cluster.SCHEDULER, "tcp://127.0.0.1:1")
    monkeypatch.setattr(dask_cluster, "PATIENCE", 2)
    with pytest.raises(ImprintError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        Embedder(store, library, SPREAD, lambda step: None).embed(catalog.spec("lbp"), ids)


def test_the_local_cluster_is_closed_to_others_and_leaves_nothing() -> None:
    """TLS with its own certificates: a client without them is refused, and what Dask serves by plain HTTP is
    nothing. No process is left. And it asks for no port that another cluster of this machine may have."""
    from distributed import Client

    before = threading.active_count()
    with _taken(8787), dask_cluster.connected() as client:
        place = client.scheduler_info()["address"]
        assert place.startswith("tls://127.0.0.1:")
        pids = list(client.run(os.getpid).values())
        with pytest.raises((TypeError, OSError)):
            Client(place, timeout=5)
        for port in [client.run_on_scheduler(_http), *client.run(_http).values()]:
            for page in ("info/main/workers.html", "json/identity.json", "health", "metrics"):
                with pytest.raises(HTTPError, match="404"):
                    urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    assert not any(_alive(pid) for pid in pids)
    assert threading.active_count() <= before + 10


def _http(dask_scheduler: Any = None, dask_worker: Any = None) -> int:
    return (dask_scheduler or dask_worker).http_server.port


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
