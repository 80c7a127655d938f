"""The child: what it may not do, how it ends, and that the import goes on.

``spoilt`` puts a decoder into the child that does what a file's bytes say, as one that a stranger's file took
over might; ``libc`` calls go past Python's audit hook, to what the kernel forbids.
"""

import io
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImprintError, UnreadableImage
from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.importing import decoder
from core.images.importing.decoder import Decoder, names_of
from core.types import Origin
from tests.support.samples import encoded, noise
from tests.unit.images.scans import decoded, reason

SPOILT = """
import ctypes, os, socket, subprocess, sys, time
from core.errors import UnreadableImage
from core.images.formats import detect
from core.images.importing import decoder_process
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, WRITE, CREATE = -100, os.O_WRONLY, os.O_CREAT
honest = detect.decode
def allowed(done):
    return f"done: {done}" if done is not None and done != -1 else "refused by the kernel"
def spoilt(data, view, secret):
    if not data.startswith(b"#"):
        return honest(data, view, secret)
    try:
        raise UnreadableImage(allowed(eval(data[1:].decode())))
    except PermissionError:
        raise UnreadableImage("refused by the hook") from None
detect.decode = spoilt
decoder_process.SECONDS = 1
decoder_process.main()
"""
GOOD = encoded(noise(1)[0])


def pages(*images: np.ndarray) -> bytes:
    """One TIFF file of several pages."""
    buffer = io.BytesIO()
    first, *others = map(Image.fromarray, images)
    first.save(buffer, "TIFF", save_all=True, append_images=others)
    return buffer.getvalue()


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "COMMAND", (sys.executable, "-c", SPOILT))
    monkeypatch.setattr(decoder, "SECONDS", 5)


def test_whole_files_come_with_all_their_images() -> None:
    """Two pages, no image, one: names are numbered where there are several. The check is told of the images
    so far; 2 and then 3, for the middle file has none."""
    one, two, three = noise(3)
    told: list[tuple[int, int]] = []
    files = [("a", pages(one, two)), ("b", b"no image"), ("c", encoded(three))]
    with Decoder(View()) as opened:
        found = list(opened.whole_files(files, lambda images, pixels: told.append((images, pixels))))
    assert [(name, len(images)) for name, images, _ in found] == [("a", 2), ("b", 0), ("c", 1)]
    assert isinstance(found[1][2], UnreadableImage)
    assert told == [(count, count * one.size) for count in (1, 2, 3)]
    assert [names_of(name, images) for name, images, _ in found] == [["a 1", "a 2"], ["b"], ["c"]]


def test_pixels_and_facts_come_back() -> None:
    (pixels, facts) = decoded({"a": GOOD})["a"]
    assert np.array_equal(pixels, noise(1)[0])  # type: ignore[arg-type]
    assert facts == Facts(Origin("PNG", len(GOOD), 8))


def test_files_keep_their_order_beyond_what_is_on_its_way() -> None:
    """70 files, 16 at once, one of them refused before it is sent."""
    pixels = noise(70, 16)
    files: list[tuple[str, bytes | UnreadableImage]] = [(f"{i}", encoded(p)) for i, p in enumerate(pixels)]
    files[20] = ("20", UnreadableImage("gone"))
    with Decoder(View()) as by:
        found = list(by.decode(files))
    images = {name: event for name, event in found if isinstance(event, np.ndarray)}
    assert [name for name, event in found if not isinstance(event, np.ndarray)] == [f"{i}" for i in range(70)]
    assert all(np.array_equal(image, pixels[int(name)]) for name, image in images.items())
    assert len(images) == 69


def test_files_larger_than_the_pipes() -> None:
    """12 MB out and 4 MB back for each of four, more than both pipes hold: nobody waits for ever."""
    image = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)
    data = encoded(image, "PNG", compress_level=0)
    found = decoded({str(i): data for i in range(4)})
    assert all(len(events) == 2 for events in found.values())


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize(
    "act",
    [
        "open('{0}', 'w')",
        "os.open('{0}', os.O_CREAT)",
        "os.remove('{1}')",
        "os.rename('{1}', '{0}')",
        "os.mkdir('{0}')",
        "os.symlink('{1}', '{0}')",
        "os.chmod('{1}', 0)",
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "libc.socket(2, 1, 0)",
        "libc.open(b'{0}', CREATE | WRITE, 0o600)",
        "libc.open(b'{1}', WRITE)",
        "libc.openat(AT_FDCWD, b'{0}', CREATE | WRITE, 0o600)",
        "libc.creat(b'{0}', 0o600)",
        "libc.unlink(b'{1}')",
        "libc.rename(b'{1}', b'{0}')",
        "libc.mkdir(b'{0}', 0o700)",
        "libc.truncate(b'{1}', 0)",
        "libc.execv(b'/bin/true', 0)",
        "libc.kill(os.getppid(), 0)",
    ],
)
def test_what_is_given_up(act: str, tmp_path: Path) -> None:
    """Nothing is made, changed, removed, sent or started, by Python or past it."""
    there = tmp_path / "there"
    there.write_text("whole")
    act = act.format(tmp_path / "new", there)
    by = "kernel" if act.startswith("libc") else "hook"
    assert reason(decoded({"a": f"#{act}".encode()})["a"]) == f"refused by the {by}"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert there.read_text() == "whole"


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("os.abort()", "crashed"),
        ("os._exit(0)", "crashed"),
        ("ctypes.string_at(0)", "crashed"),
        ("bytearray(3 * 2**30)", "more than the 2 GB of memory"),
        ("[1 for _ in iter(int, 1)]", "took longer than"),
        ("time.sleep(60)", "took longer than 5 s"),
        ("os.write(3, b'nonsense' * 9) and os.write(4, b'nonsense' * 9)", "crashed"),
        ("int('x')", "damaged or truncated (ValueError)"),
    ],
)
def test_a_child_that_falls_costs_one_file(act: str, why: str) -> None:
    """Those on their way with it go to the next child. An endless loop ends by the kernel's clock of 1 s."""
    found = decoded({"a": GOOD, "bad": f"#{act}".encode(), **{f"b{i}": GOOD for i in range(20)}})
    assert why in reason(found.pop("bad"))
    assert all(isinstance(facts, Facts) for _, facts in found.values())


@pytest.mark.usefixtures("spoilt")
def test_an_endless_loop_is_ended_by_the_kernel_before_we_lose_patience() -> None:
    begun = time.monotonic()
    decoded({"a": b"#[1 for _ in iter(int, 1)]"})
    assert time.monotonic() - begun < 5


def test_a_child_that_cannot_start_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "COMMAND", (sys.executable, "-c", ""))
    with pytest.raises(ImprintError, match="can't be started on this system"):
        decoded({"a": GOOD})


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ({}, b""),
        ({"image": [2, 3]}, b"12345"),
        ({"image": [2]}, b"12"),
        ({"facts": {}}, b""),
        ({"facts": {"origin": 1}}, b""),
        ({"facts": 1}, b""),
    ],
)
def test_answers_are_checked(header: dict, body: bytes) -> None:
    with pytest.raises(decoder.Crashed):
        decoder._event(header, body)


def test_no_keyword_carries_a_value_and_no_reason_a_control_character() -> None:
    facts = asdict(Facts(Origin("DICOM", 1, 16), True, ("PatientName",), patient="0123456789ab"))
    assert isinstance(decoder._event({"facts": facts}, b""), Facts)
    for lie in (
        {"dropped": ["Doe^John"]},
        {"scaled": "Doe^John"},
        {"notes": ["Doe^John"]},
        {"patient": "Doe^John"},
        {"series": "Doe^John"},
    ):
        with pytest.raises(decoder.Crashed):
            decoder._event({"facts": {**facts, **lie}}, b"")
    assert str(decoder._event({"refused": "a\x1b[2J"}, b"")) == "a?[2J"


def test_the_child_is_gone_afterwards() -> None:
    with Decoder(View()) as by:
        pid = by.child.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
