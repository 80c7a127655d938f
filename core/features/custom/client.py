"""An untrusted ONNX file, read and run by a sandboxed process (process.py), never by this one.

The child's memory limit depends on the file's size, and each step has a time limit. However the child ends,
the caller gets an error of one sentence. Its responses are checked before they are used.
"""

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.config import FeatureSpec
from core.errors import ImprintError, WeightsMissing, WeightsRefused
from core.sandbox import protocol

LARGEST = 2**30  # bytes: the largest file accepted
MEMORY, TIMES, A_THREAD = 3 * 2**30, 5, 2**27  # memory limit in bytes: base, per byte of the file, per thread
MOST_THREADS = 32
READING, IMAGE = 120, 60  # time limits in seconds: to read and compile, and per image
ROWS = 2**28  # bytes of one response
WIDEST = 100_000  # dimensions per image
READ = 2**20
KEPT = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
)  # environment variables that the child inherits
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Port:
    """An input or output. ``shape`` has None for a dynamic axis, and is None if the rank is dynamic."""

    name: str
    shape: tuple[int | None, ...] | None
    kind: str

    @property
    def words(self) -> str:
        if self.shape is None:
            return "any shape"
        return " x ".join("any" if side is None else str(side) for side in self.shape) or "scalar"


@dataclass(frozen=True)
class Look:
    """What an ONNX file declares, and its hash."""

    sha256: str
    bytes: int
    parameters: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True)
class Wanted:
    """How a file is used: exactly the settings that affect the features."""

    size: int
    channels: int
    normalisation: str
    output: str
    precision: str = "fp32"


class Worker:
    """The process. Raises WeightsRefused if it can't run the network; ``look`` is set from the start."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        threads = min(threads, MOST_THREADS)
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise WeightsMissing(f"{path} can't be read: {error.strerror}.") from None
        try:
            size = _size(file, path)
            memory = MEMORY + TIMES * size + A_THREAD * threads
            self._process = _start(file, memory, threads)
        finally:
            os.close(file)
        self._incoming = bytearray()
        try:
            self.look = _look(self._answer(READING))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.kill()
        with suppress(OSError), self._process:
            pass

    def ready(self, wanted: Wanted, pooling: str = "mean") -> str:
        """Compile the network, after which it can ``run``. Returns how its output is pooled: mean or none;
        map and flatten are asked for by ``pooling``. ``flat`` is then the length of its flattened maps, or
        0."""
        self._send({**asdict(wanted), "pooling": pooling}, b"")
        told = self._answer(READING)[0]
        flat = told.get("flat")
        self.flat = flat if isinstance(flat, int) and 0 < flat <= WIDEST else 0
        return "none" if told.get("pooling") == "none" else "mean"

    flat = 0

    def rows(self, batch: np.ndarray) -> np.ndarray:
        """Features float32 (n, D) of grey images uint8 (n, 1, S, S). Raises WeightsRefused."""
        self._send({"batch": batch.shape}, np.ascontiguousarray(batch, np.uint8).tobytes())
        header, body = self._answer(IMAGE * len(batch))
        try:
            count, width = map(int, header["rows"])
            rows = np.frombuffer(body, np.float32).reshape(count, width)
        except (KeyError, TypeError, ValueError):
            raise self._fallen() from None
        if count != len(batch):
            raise self._fallen()
        return rows

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """See ``runtime.Runtime``. The process ends after the last batch."""
        with self:
            for batch in batches:
                yield self.rows(batch)

    def _send(self, header: protocol.Header, body: bytes) -> None:
        timer = threading.Timer(READING, self._process.kill)
        timer.start()
        assert self._process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # the reason is found when the response is read
                protocol.write(self._process.stdin, header, body)
                self._process.stdin.flush()
        finally:
            timer.cancel()

    def _answer(self, seconds: float) -> tuple[protocol.Header, bytes]:
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            frame = self._frame()
        finally:
            timer.cancel()
        if frame is None:
            if late.is_set():
                raise WeightsRefused(f"The network took longer than {seconds:g} s. Use a smaller one.")
            raise self._fallen()
        if "refused" in frame[0]:
            raise WeightsRefused(_printable(frame[0]["refused"], 600))
        return frame

    def _frame(self) -> tuple[protocol.Header, bytes] | None:
        assert self._process.stdout is not None
        try:
            while (frame := protocol.take_frame(self._incoming, ROWS)) is None:
                data = os.read(self._process.stdout.fileno(), READ)
                if not data:
                    return None
                self._incoming += data
        except protocol.BadFrame:
            return None
        return frame

    def _fallen(self) -> ImprintError:
        self._process.kill()
        code = self._process.wait()
        if code == -signal.SIGPROF:
            return WeightsRefused("The network computed for too long. Use a smaller one.")
        how = "out of memory" if code == -signal.SIGKILL else "library error or out of memory"
        return WeightsRefused(f"The sandboxed process that runs the network crashed ({how}).")


def look(path: Path) -> Look:
    """What a file declares. Raises WeightsMissing, WeightsRefused."""
    with Worker(path) as worker:
        return worker.look


def _size(file: int, path: Path) -> int:
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode):
        raise WeightsMissing(f"{path} is not a file.")
    if facts.st_size > LARGEST:
        raise WeightsRefused(
            f"{path.name} has {facts.st_size / 2**20:.0f} MB; at most {LARGEST // 2**20} MB are accepted. "
            "Export it in half precision, or use a smaller network."
        )
    return facts.st_size


def _start(file: int, memory: int, threads: int) -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "core.features.custom.process", str(file), str(memory), str(threads)],
        cwd=Path(__file__).parents[3],
        env={**environment, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "4"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[file],
    )


def _look(frame: tuple[protocol.Header, bytes]) -> Look:
    """Check an untrusted response; texts are limited in length and to printable characters."""
    told = frame[0]
    try:
        if not SHA256.fullmatch(told["sha256"]):
            raise ValueError
        inputs, outputs = (tuple(map(_port, told[each])) for each in ("inputs", "outputs"))
        return Look(told["sha256"], int(told["bytes"]), int(told["parameters"]), inputs, outputs)
    except (KeyError, TypeError, ValueError):
        raise WeightsRefused(
            "The sandboxed process that reads the file returned an invalid response."
        ) from None


def _port(told: Any) -> Port:
    shape: Sequence[Any] | None = told["shape"]
    dims = None if shape is None else tuple(None if side is None else int(side) for side in shape)
    return Port(_printable(told["name"], 100), dims, _printable(told["kind"], 20))


def _printable(text: Any, most: int) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(text)[:most])


def open_worker(feature: FeatureSpec, path: Path, threads: int) -> Worker:
    """A process that runs a checked file with a spec's settings. Raises WeightsRefused."""
    worker = Worker(path, threads)
    chosen = dict(feature.options)
    wanted = Wanted(
        feature.size, int(chosen["channels"]), feature.normalisation, str(chosen["output"]), feature.precision
    )
    try:
        if f"sha256:{worker.look.sha256}" != feature.weights:
            raise WeightsRefused(f"{path.name} changed after it was checked. Start again.")
        worker.ready(wanted, feature.pooling)
    except BaseException:
        worker.close()
        raise
    return worker
