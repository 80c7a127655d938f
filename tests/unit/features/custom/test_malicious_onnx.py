"""ONNX files that are broken, foreign or made to harm: each is refused with its reason."""

import os
import pickle
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import WeightsMissing, WeightsRefused
from core.features.custom import add, client, registry
from core.features.custom.validate import scan
from tests.unit.features.custom.onnx_cases import CASES, IMAGE, MAPS, ONES, external, with_tensor
from tests.unit.features.custom.onnx_files import (
    BOOL,
    DOUBLE,
    INT64,
    blob,
    convolution,
    model,
    node,
    number,
    port,
    tensor,
)

MUTATIONS = 10  # of a sound file, each in a process of its own


class Marked:
    """Whoever unpickles this makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.marker,)


def taken(path: Path) -> None:
    """As the page and the command line take a file."""
    with path.open("rb") as file:
        kept = add.keep_file(file)
    add.add(kept, "mine.onnx", add.propose(client.look(kept), normalisation="none"))


@pytest.mark.parametrize(("data", "reason"), CASES.values(), ids=CASES.keys())
def test_it_is_refused_with_its_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "42.zip.onnx"
    path.write_bytes(data)
    with pytest.raises(WeightsRefused, match=reason) as error:
        taken(path)
    print(str(error.value))
    assert "\n" not in str(error.value)
    assert "passwd" not in str(error.value)
    assert registry.names() == []


def test_a_marked_pickle_is_not_opened_whatever_it_is_called(tmp_path: Path) -> None:
    marker, refused = tmp_path / "off", 0
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = tmp_path / f"{protocol}.onnx"
        path.write_bytes(pickle.dumps(Marked(marker), protocol))
        with pytest.raises(WeightsRefused, match="not an ONNX model"):
            taken(path)
        refused += 1
    print(f"pickles of every protocol renamed to .onnx: {refused} of {pickle.HIGHEST_PROTOCOL + 1} refused")
    assert not marker.exists()


def test_mutations_of_a_sound_file_are_taken_or_refused(tmp_path: Path) -> None:
    """Bits flipped, bytes doubled or dropped at seeded places; nothing but a Look or a reason comes of it."""
    rng, sound = np.random.default_rng(0), convolution()
    outcomes = {"taken": 0, "refused": 0}
    for number_ in range(3000 + MUTATIONS):
        data = bytearray(sound)
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.integers(len(data) // 3))  # the numbers of the kernel come later
            kind = int(rng.integers(3))
            if kind == 0:
                data[place] ^= 1 << int(rng.integers(8))
            elif kind == 1:
                data[place:place] = rng.bytes(3)
            else:
                del data[place : place + 2]
        path = tmp_path / "mutated.onnx"
        try:
            if number_ < 3000:
                scan(bytes(data))
            else:
                path.write_bytes(data)
                client.look(path)
            outcomes["taken"] += 1
        except WeightsRefused:
            outcomes["refused"] += 1
    print(f"3000 mutations scanned and {MUTATIONS} read: {outcomes}")
    assert min(outcomes.values()) > 0


def test_what_is_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for name, reason in (
        ("gone.onnx", "can't be read"),
        (".", "is not a file"),
        ("pipe.onnx", "is not a file"),
    ):
        with pytest.raises(WeightsMissing, match=reason):
            client.look(tmp_path / name)
    path = tmp_path / "large.onnx"
    path.write_bytes(convolution())
    monkeypatch.setattr(client, "LARGEST", 500)
    monkeypatch.setattr(add, "LARGEST", 500)
    with pytest.raises(WeightsRefused, match="MB are accepted"):
        client.look(path)
    with path.open("rb") as file, pytest.raises(WeightsRefused, match="at most"):
        add.keep_file(file)
    assert list((tmp_path / "home" / "weights").iterdir()) == []


def test_one_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slow.onnx"
    path.write_bytes(convolution())
    monkeypatch.setattr(client, "READING", 0.02)
    with pytest.raises(WeightsRefused, match=r"took longer than 0\.02 s"):
        client.look(path)


def test_a_loop_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """10^15 rounds of adding 1, where an image gets 1 s."""
    body = blob(1, node("Identity", ["go"], ["on"])) + blob(1, node("Add", ["x", "one"], ["more"]))
    body += blob(2, "body") + blob(11, port("round", [], INT64)) + blob(11, port("go", [], BOOL))
    body += blob(11, port("x", ["n", 3, 32, 32])) + blob(12, port("on", [], BOOL))
    body += blob(12, port("more", ["n", 3, 32, 32]))
    loop = node("Loop", ["rounds", "", "image"], ["y"]) + blob(
        5, blob(1, "body") + blob(6, body) + number(20, 5)
    )
    tensors = [tensor("rounds", np.array(10**15)), tensor("one", np.ones(1, np.float32))]
    path = tmp_path / "loop.onnx"
    shape = ["n", 3, 32, 32]
    path.write_bytes(model([loop], {"image": shape}, {"y": shape}, tensors))
    monkeypatch.setattr(client, "IMAGE", 1)
    with client.Worker(path) as worker:
        worker.ready(client.Wanted(32, 3, "none", "y"))
        with pytest.raises(WeightsRefused, match="took longer than 1 s"):
            worker.rows(np.zeros((1, 1, 32, 32), np.uint8))
        assert worker._process.wait(5) == -signal.SIGKILL


def test_the_library_that_reads_gets_no_file_even_if_the_scan_let_one_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan asked to find nothing: the process can open no file all the same."""
    code = (
        "import sys, core.features.custom.process as c; from core.features.custom.validate import Scanned;"
        "c.scan = lambda data: Scanned(0); c.main(*map(int, sys.argv[1:4]))"
    )
    start = subprocess.Popen

    def without_scan(command: list[str], **options: Any) -> Any:
        return start([command[0], "-c", code, *command[3:]], **options)

    secret = tmp_path / "secret"
    secret.write_bytes(ONES.tobytes())
    path = tmp_path / "outside.onnx"
    path.write_bytes(
        with_tensor(external(value=str(secret)).replace(number(14, 1), blob(7, "")) + number(14, 1))
    )
    monkeypatch.setattr(client.subprocess, "Popen", without_scan)
    with pytest.raises(WeightsRefused, match="OpenVINO can't read the network"):
        client.look(path)


def test_numbers_in_other_forms_are_counted() -> None:
    """Three floats and two doubles packed, as exporters write small tensors: 5 parameters."""
    packed = blob(1, bytes([3])) + number(2, 1) + blob(8, "w") + blob(4, ONES.tobytes())
    doubles = number(1, 2) + number(2, DOUBLE) + blob(10, np.ones(2).tobytes())
    assert scan(model([node("Add", ["image", "w"], ["y"])], IMAGE, MAPS, [packed, doubles])).parameters == 5
