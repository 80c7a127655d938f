"""A crowd on one server: 20 sessions turn knobs while an autoencoder trains, and 200 come and go.

A session is a WebSocket that speaks Streamlit's protocol, as a browser does
but without the drawing: 20 browsers on the server's own cores would measure themselves.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from core.config import AutoencoderSpec, ReconstructionConfig
from core.images.library import Library
from core.jobs import queue
from tests.browser.conftest import ROOT, Server, install

SET = "Demo generators development"
TRAINED = "Demo membership DB1 development, dial 1"
KS = ("2", "3", "4", "5", "6")
LIMIT = 60  # seconds
FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass(frozen=True)
class Crowd:
    """``reruns``: seconds of each; ``health``: seconds of each answer; bytes of resident memory."""

    sessions: int
    reruns: tuple[float, ...]
    health: tuple[float, ...]
    refused: int
    training: bool
    visits: int
    pause: float
    before: int
    after: int

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        p50, p95 = (np.percentile(self.reruns, q) for q in (50, 95))
        state = "while an autoencoder trained" if self.training else "with nothing else"
        return "\n".join(
            [
                f"A CROWD: {self.sessions} sessions, {len(self.reruns)} turns of a knob, "
                f"{self.pause:g} s apart, {state}",
                f"  rerun, median {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms, "
                f"slowest {max(self.reruns):.2f} s",
                f"  health endpoint: {len(self.health)} answers, {self.refused} refused, "
                f"slowest {1000 * max(self.health):.0f} ms",
                f"  memory of the server: {self.before / 1e6:.0f} MB, after {self.visits} sessions opened "
                f"and closed {self.after / 1e6:.0f} MB ({100 * (self.after / self.before - 1):+.0f}%)",
            ]
        )


class Session:
    """One person on the page Generators."""

    def __init__(self, server: Server) -> None:
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        self._open = ExitStack()
        self._socket: ClientConnection = self._open.enter_context(
            connect(address, subprotocols=["streamlit"], origin=server.url, max_size=None)
        )
        self._widgets: dict[str, str] = {}
        self._fragment = ""
        self._page = ""
        self.open()

    def open(self) -> None:
        message = BackMsg()
        message.rerun_script.page_name = "Generators"
        message.rerun_script.query_string = f"set={SET}"
        self._socket.send(message.SerializeToString())
        self._until_finished()

    def turn(self, k: str) -> float:
        """Seconds until the server has said all there is to say about another k."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.page_script_hash, rerun.fragment_id = self._page, self._fragment
        rerun.widget_states.widgets.append(WidgetState(id=self._widgets["k"], string_value=k))
        start = time.perf_counter()
        self._socket.send(message.SerializeToString())
        self._until_finished()
        return time.perf_counter() - start

    def close(self) -> None:
        self._open.close()

    def _until_finished(self) -> None:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=LIMIT))  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash or self._page
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "selectbox":
                box = message.delta.new_element.selectbox
                self._widgets[box.label] = box.id
                self._fragment = message.delta.fragment_id or self._fragment
            elif kind == "script_finished" and message.script_finished in FINISHED:
                return


def measure(
    sessions: int = 20,
    seconds: float = 40,
    visits: int = 200,
    training: bool = True,
    pause: float = 2.0,
) -> Crowd:
    """``seconds`` of turning knobs; each session looks at an answer for ``pause`` seconds, half to one and a
    half of it, before it turns the next."""
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        home = Path(folder)
        os.environ["IMPRINT_HOME"] = folder  # the job is started by this process, as a page would
        install(home)
        command = [sys.executable, "-m", "core", "attribute", SET]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        server = Server(home)
        try:
            return _crowded(server, home, sessions, seconds, visits, training, pause)
        finally:
            server.stop()


def _crowded(
    server: Server,
    home: Path,
    sessions: int,
    seconds: float,
    visits: int,
    training: bool,
    pause: float,
) -> Crowd:
    people = [Session(server) for _ in range(sessions)]
    for k in KS:
        people[0].turn(k)  # every answer is there: what is measured is the page
    job = _train(home) if training else None
    reruns: list[float] = []
    health: list[float] = []
    refused: list[str] = []
    over = threading.Event()
    threads = [
        threading.Thread(target=_stroll, args=(person, place, pause, over, reruns))
        for place, person in enumerate(people)
    ]
    threads.append(threading.Thread(target=_ask, args=(server.url, over, health, refused)))
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    if job is not None:
        queue.cancel(job)
    for person in people:
        person.close()
    before = _memory(server)
    for _ in range(visits):
        Session(server).close()
    time.sleep(5)
    return Crowd(
        sessions, tuple(reruns), tuple(health), len(refused), training, visits, pause, before, _memory(server)
    )


def _stroll(person: Session, place: int, pause: float, over: threading.Event, reruns: list[float]) -> None:
    draw = np.random.default_rng(place)
    while not over.wait(pause * float(draw.uniform(0.5, 1.5))):
        reruns.append(person.turn(str(draw.choice(KS))))


def _ask(url: str, over: threading.Event, health: list[float], refused: list[str]) -> None:
    while not over.wait(0.2):
        start = time.perf_counter()
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=10).close()
            health.append(time.perf_counter() - start)
        except OSError as error:
            refused.append(str(error))


def _train(home: Path) -> str:
    """The job of a training as the page starts it, once it has begun; it outlasts the measurement."""
    config = ReconstructionConfig(AutoencoderSpec(128, 64, 10_000, "fp32", 0), "mse", "own")
    job = queue.start(queue.RECONSTRUCT, [Library(home).get(TRAINED)], config)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        found = queue.find(job.id)
        if found is not None and found.stage.startswith("epoch"):
            return job.id
        time.sleep(0.2)
    raise RuntimeError("the training did not start")


def _memory(server: Server) -> int:
    return psutil.Process(server.pid).memory_info().rss
