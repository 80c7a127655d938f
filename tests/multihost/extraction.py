"""Two extractions over three hosts, each of which loses one: ``python -m tests.hosts.extraction FOLDER WAY``.

Of the images in FOLDER/images.npy it leaves the rows in FOLDER/rows.npy, and tells in JSON what the hosts saw
of each other and what the losses took in time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.extraction import dask_cluster
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import Step
from core.store import Store
from tests.multihost.network import CLIENT, WAYS, WORKERS, seen

ROOT = Path(__file__).parents[2]
FEATURE = catalog.spec("residual_spectrum", size=512)  # slow enough for a host to be lost at work
CHUNK = 4  # images a task
KILLED, CUT_OFF, _ = WORKERS
PATIENCE = {
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1s",  # with a silent host: Dask makes 5 s of it; else 5 min
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",  # with a lost one whose rows are asked for; else 30 s
}


class Hosts:
    """A scheduler on the client's host, and a worker on each of the others."""

    def __init__(self, folder: Path, way: str) -> None:
        self.folder, self.network = folder, WAYS[way](folder)
        self.running: dict[str, subprocess.Popen] = {}
        with socket.socket() as free:
            free.bind((self.network.address(CLIENT), 0))
            port = free.getsockname()[1]
        self.scheduler = f"tcp://{self.network.address(CLIENT)}:{port}"
        self._start(CLIENT, "scheduler", "--port", str(port))
        one = (
            "--nthreads",
            "1",
            "--no-nanny",
            "--local-directory",
            ".",
            "--preload",
            "tests.multihost.counting",
        )
        for name in WORKERS:
            self._start(name, "worker", self.scheduler, *one)

    def _start(self, name: str, role: str, *arguments: str) -> None:
        own = self.folder / name
        own.mkdir()
        program = (
            sys.executable,
            "-m",
            f"distributed.cli.dask_{role}",
            *arguments,
            "--dashboard-address",
            ":0",
        )
        with (own / "log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [*self.network.inside(name), *program, "--host", self.network.address(name)],
                cwd=own,
                env={**os.environ, **PATIENCE, "PYTHONPATH": str(ROOT), "IMPRINT_HOME": "home"},
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait()

    def cut_off(self, name: str) -> None:
        self.network.cut_off(name, self.running[name])

    def seen(self) -> dict[str, Any]:
        """By the client, and by the workers in the order of their addresses."""
        from distributed import Client

        with Client(self.scheduler) as client, socket.create_server(("127.0.0.1", 0)) as loopback:
            client.wait_for_workers(len(WORKERS), timeout=60)
            look = (str(self.folder), loopback.getsockname()[1])
            views = client.run(seen, *look)
            workers = [{"address": place, **views[place]} for place in sorted(views)]
            return {"client": seen(*look), "workers": workers}


@contextmanager
def started(folder: Path, way: str) -> Iterator[Hosts]:
    hosts = Hosts(folder, way)
    try:
        yield hosts
    finally:
        for name in hosts.running:
            hosts.kill(name)


class Loss:
    """Listens to an extraction, and takes a host from it that is at work when half of the images are done."""

    def __init__(self, hosts: Hosts, name: str, lose: Callable[[str], None]) -> None:
        self.begun = hosts.folder / name / "begun"
        self.name, self.lose, self.at = name, lose, 0.0

    def __call__(self, step: Step) -> None:
        half = step.stage.startswith("features") and 2 * step.done >= step.total
        if half and not self.at and self.begun.exists():
            self.lose(self.name)
            self.at = time.monotonic()


def extract(hosts: Hosts) -> dict[str, float]:
    """Half of the images with one host killed, the others with another cut off; seconds from loss to end."""
    dask_cluster.CHUNK = CHUNK
    library, store, rows, seconds = Library(), Store(), [], {}
    ids = [library.add_pixels(pixels) for pixels in np.load(hosts.folder / "images.npy")]
    halves = np.array_split(ids, 2)
    for half, name, lose in zip(halves, (KILLED, CUT_OFF), (hosts.kill, hosts.cut_off), strict=True):
        loss = Loss(hosts, name, lose)
        rows.append(Embedder(store, library, Effort(spread=True), loss).embed(FEATURE, half.tolist())[0])
        assert loss.at, f"{name} was not lost"
        seconds[name] = round(time.monotonic() - loss.at, 1)
    np.save(hosts.folder / "rows.npy", np.concatenate(rows))
    store.close()
    return seconds


@contextmanager
def running(folder: Path, way: str) -> Iterator[subprocess.Popen]:
    """This module as a program of its own, of which nothing is left behind."""
    program = [*WAYS[way].entered, sys.executable, "-m", "tests.multihost.extraction", str(folder), way]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    os.environ["IMPRINT_HOME"] = str(place / CLIENT / "home")
    with started(place, sys.argv[2]) as found:
        os.environ[dask_cluster.SCHEDULER] = found.scheduler
        told = {**found.seen(), "seconds": extract(found), "runs on": found.running[CUT_OFF].poll() is None}
    print(json.dumps(told))
