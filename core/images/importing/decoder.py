"""Decodes untrusted files in a sandboxed child process, which may crash or hang without ending the import.

One child decodes many files; several are sent ahead, so that neither side waits for the other. It has
``limits.SECONDS`` per file, ``isolation.MEMORY``, and only what ``sandbox.isolation`` allows. A file that
crashes it is rejected with the reason, and a new child decodes the following ones. Its responses are checked,
as a malicious file may have taken control of it.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ImprintError, UnreadableImage
from core.images.formats.decoded import BURNED_IN, NOTES, UNSAID, Facts
from core.images.formats.grey_levels import RANGES
from core.images.formats.limits import MAX_PIXELS, MAX_SLICES, SECONDS
from core.images.formats.windowing import View
from core.sandbox import protocol
from core.sandbox.isolation import MEMORY
from core.types import Origin

AHEAD = 16  # files sent ahead
AHEAD_BYTES = 64 * 2**20
PIPE = 2**20  # bytes; the maximum on Linux without privileges
READ = 2**17  # bytes per read; larger reads cost more in copying than they save
TOGETHER = 32  # headers and files per system call
COMMAND = (sys.executable, "-m", "core.images.importing.decoder_process")
KEYWORD = re.compile(r"[A-Za-z0-9]{1,64}")
HASHED = re.compile(r"[0-9a-f]{0,64}")
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")  # environment variables of the child

File = tuple[str, bytes | UnreadableImage]
Event = np.ndarray | Facts | UnreadableImage


class Crashed(Exception):
    """The child ended, hung or sent an invalid response; ``str(error)`` is the reason that is shown."""


class Child:
    """The process and its pipes; no call blocks for longer than a file's time limit."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._process = subprocess.Popen(
            COMMAND,
            cwd=Path(__file__).parents[3],
            env={**environment, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pipesize=PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self._left = float(SECONDS)  # for the first file sent

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, header: protocol.Header, data: bytes) -> None:
        """Queue a file; the next ``push`` sends it."""
        self._outgoing += [memoryview(protocol.frame_header(header, len(data))), memoryview(data)]

    def next_file(self) -> None:
        """Restart the time limit for the next file. Only time spent waiting for the child counts."""
        self._left = float(SECONDS)

    def answer(self) -> tuple[protocol.Header, bytes]:
        """The next frame from the child. Raises Crashed."""
        while True:
            try:
                frame = protocol.take_frame(self._incoming, MAX_PIXELS)
            except protocol.BadFrame:
                raise Crashed("the decoder crashed") from None
            if frame is not None:
                return frame
            self._wait()

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if self._outgoing:
            poll.register(self._to, select.POLLOUT)
        before = time.monotonic()
        ready = dict(poll.poll(max(0, self._left) * 1000))
        self._left -= time.monotonic() - before
        if not ready:
            raise Crashed(f"took longer than {SECONDS} s to decode")
        if self._to in ready:
            self.push()
        if self._from in ready:
            data = os.read(self._from, READ)
            if not data:
                raise Crashed(self._reason())
            self._incoming += data

    def push(self) -> None:
        """Send as much as the pipe accepts; a child that has ended is noticed when its response is read."""
        try:
            while self._outgoing:
                sent = os.writev(self._to, list(islice(self._outgoing, TOGETHER)))
                while self._outgoing and sent >= len(self._outgoing[0]):
                    sent -= len(self._outgoing.popleft())
                if sent:
                    self._outgoing[0] = self._outgoing[0][sent:]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outgoing.clear()

    def _reason(self) -> str:
        if self._process.wait() == -signal.SIGPROF:
            return f"took longer than {SECONDS} s to decode"
        return f"the decoder crashed (library error, or more than {MEMORY / 2**30:g} GB of memory needed)"

    def end(self) -> None:
        self._process.kill()
        with self._process:  # closes the pipes, and waits
            self._outgoing.clear()


class Decoder:
    """Decodes files in order, in a child that is started immediately and replaced when it crashes."""

    def __init__(self, view: View, secret: bytes = b"") -> None:
        """``secret``: key of the hashes of patients and series; b"" if they are not wanted."""
        self._asked = {"view": asdict(view), "secret": secret.hex()}
        self._ahead: deque[File] = deque()
        self.child = Child()

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *error: object) -> None:
        self.child.end()

    def decode(self, files: Iterable[File]) -> Iterator[tuple[str, Event]]:
        """For each file, by name: its images, uint8 (H, W), then its facts; or the reason why it is rejected.

        Raises ImprintError if the child can't be started.
        """
        coming = iter(files)
        self._fill(coming)
        self._wait_until_ready()
        while self._fill(coming):
            name, data = self._ahead[0]
            if isinstance(data, UnreadableImage):
                yield name, data
            else:
                self.child.next_file()
                for event in self._events():
                    yield name, event
            self._ahead.popleft()

    def whole_files(
        self, files: Iterable[File], check: Callable[[int, int], None] = lambda images, pixels: None
    ) -> Iterator[tuple[str, list[np.ndarray], Facts | UnreadableImage]]:
        """Each file once, with all its images, and its facts or the reason why it is rejected.

        ``check`` is told how many images and pixels there are so far, without those of rejected files, and
        raises where they are too many to hold.
        """
        images: list[np.ndarray] = []
        count = pixels = size = 0
        for name, event in self.decode(files):
            if isinstance(event, np.ndarray):
                images.append(event)
                size += event.size
                check(count + len(images), pixels + size)
                continue
            if not isinstance(event, UnreadableImage):
                count, pixels = count + len(images), pixels + size
            yield name, images, event
            images, size = [], 0

    def _fill(self, coming: Iterator[File]) -> bool:
        """Send as many files ahead as allowed; False when all files are done."""
        while len(self._ahead) < AHEAD and sum(_size(file) for file in self._ahead) < AHEAD_BYTES:
            file = next(coming, None)
            if file is None:
                break
            self._ahead.append(file)
            self._send(file)
        self.child.push()
        return bool(self._ahead)

    def _send(self, file: File) -> None:
        if isinstance(file[1], bytes):
            self.child.send(self._asked, file[1])

    def _events(self) -> Iterator[Event]:
        """The events of the first file sent."""
        try:
            for _ in range(MAX_SLICES + 1):
                event = _event(*self.child.answer())
                yield event
                if not isinstance(event, np.ndarray):
                    return
            raise Crashed("the decoder crashed")
        except Crashed as error:
            self._replace()
            yield UnreadableImage(str(error))

    def _replace(self) -> None:
        self.child.end()
        self.child = Child()
        self._wait_until_ready()
        for file in list(self._ahead)[1:]:
            self._send(file)
        self.child.push()

    def _wait_until_ready(self) -> None:
        try:
            header, _ = self.child.answer()
        except Crashed:
            header = {}
        if "ready" not in header:
            raise ImprintError("The sandboxed process that decodes images can't be started on this system.")


def names_of(name: str, images: Sequence[np.ndarray]) -> list[str]:
    """Of a file's images: its own name, or where it has several, with their numbers."""
    return [f"{name} {number}" for number in range(1, len(images) + 1)] if len(images) > 1 else [name]


def _size(file: File) -> int:
    return len(file[1]) if isinstance(file[1], bytes) else 0


def _event(header: protocol.Header, body: bytes) -> Event:
    """The event in a frame. Raises Crashed if the frame is invalid."""
    try:
        if "image" in header:
            height, width = map(int, header["image"])
            return np.frombuffer(body, np.uint8).reshape(height, width)
        if "refused" in header:
            return UnreadableImage(_printable(header["refused"]))
        return _facts(header["facts"])
    except (KeyError, TypeError, ValueError):
        raise Crashed("the decoder crashed") from None


def _facts(raw: Mapping[str, Any]) -> Facts:
    """Raises KeyError, TypeError or ValueError if anything but the known words is said."""
    origin, dropped, notes = raw["origin"], tuple(map(str, raw["dropped"])), tuple(map(str, raw["notes"]))
    patient, series, burned_in, scaled = (
        str(raw[each]) for each in ("patient", "series", "burned_in", "scaled")
    )
    known = (
        all(map(KEYWORD.fullmatch, dropped))
        and all(map(HASHED.fullmatch, (patient, series)))
        and set(notes) <= set(NOTES)
        and burned_in in ("", BURNED_IN, UNSAID)
        and scaled in ("", *RANGES)
    )
    if not known:
        raise ValueError
    made = Origin(_printable(origin["format"]), int(origin["bytes"]), int(origin["bits"]))
    labels = tuple(map(_printable, raw["labels"]))
    return Facts(
        *(made, bool(raw["windowed"]), dropped, int(raw["private"]), burned_in, scaled, notes),
        *(patient, series, labels),
    )


def _printable(text: Any) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(text)[:300])
