"""ONNX files that are broken, foreign or made to harm: each is refused with its reason."""

import gzip
import io
import os
import pickle
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import WeightsMissing, WeightsRefused
from core.features import adding, onnx_worker, own
from core.features.onnx_scan import scan
from tests.unit.features.onnx_files import DOUBLE, INT64, blob, convolution, model, node, number, tensor

MUTATIONS = 20  # of a sound file, each in a process of its own
IMAGE: dict[str, Sequence[int | str]] = {"image": ["n", 3, "h", "w"]}
MAPS: dict[str, Sequence[int | str]] = {"y": ["n", 3, "h", "w"]}
ONES = np.ones(3, np.float32)


class Marked:
    """Whoever unpickles this makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.marker,)


def with_tensor(body: bytes, op: str = "Add") -> bytes:
    return model([node(op, ["image", "w"], ["y"])], IMAGE, MAPS, [body])


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.onnx", bytes(10**6))
    return buffer.getvalue()


def saved() -> bytes:
    buffer = io.BytesIO()
    torch.save({"w": torch.ones(3)}, buffer)
    return buffer.getvalue()


def external(key: str = "location", value: str = "../../etc/passwd") -> bytes:
    entry = blob(13, blob(1, key) + blob(2, value))
    return number(1, 3) + number(2, 1) + blob(8, "w") + entry + number(14, 1)


def inner(body: bytes) -> bytes:
    """A tensor in a constant, in the branch of an If, in a function's node: wherever a file may hide one."""
    branch = blob(1, node("Constant", [], ["z"], value=body)) + blob(2, "branch")
    chosen = blob(1, "then_branch") + blob(6, branch) + number(20, 5)
    return model([node("If", ["image"], ["y"]) + blob(5, chosen)], IMAGE, MAPS)


def in_function(body: bytes) -> bytes:
    return convolution() + blob(25, blob(1, "f") + blob(7, node("Constant", [], ["z"], value=body)))


def deep() -> bytes:
    body = b""
    for _ in range(200):
        body = blob(1, blob(5, blob(6, body)))  # a graph in an attribute of a node of a graph
    return blob(7, body)


HUGE = number(1, 10**6) + number(1, 10**6) + number(2, 1) + blob(8, "w") + blob(9, b"1234")
CASES = {
    "nothing": (b"", "no ONNX model, or is cut off"),
    "cut off": (convolution()[:-40], "no ONNX model, or is cut off"),
    "random bytes": (b"\x0a" + np.random.default_rng(0).bytes(5000), "no ONNX model, or is cut off"),
    "a text": (b"no network at all", "no ONNX model, or is cut off"),
    "a pickle": (pickle.dumps({"a": 1}), "a pickle, which may hold code and is never opened"),
    "torch's file": (saved(), "zip archive"),
    "a zip": (zipped(), "zip archive"),
    "a gzip": (gzip.compress(bytes(10**6)), "gzip archive"),
    "OpenVINO's own": (b"<?xml version='1.0'?><net></net>", "a text in XML"),
    "external data": (with_tensor(external()), "lies in another file"),
    "external data, absolute": (with_tensor(external(value="/etc/passwd")), "lies in another file"),
    "external data, no place": (with_tensor(number(1, 3) + number(14, 1)), "lies in another file"),
    "external data in a branch": (inner(external()), "lies in another file"),
    "external data in a function": (in_function(external()), "lies in another file"),
    "a gigantic tensor": (with_tensor(HUGE), "declares 1000000x1000000 numbers and holds"),
    "a negative tensor": (with_tensor(number(1, -5) + number(2, 1) + blob(9, b"")), "numbers and holds"),
    "nested": (deep(), "nested more than"),
    "a custom operator": (
        model([node("Magic", ["image"], ["y"], "com.acme")], IMAGE, MAPS),
        "uses operators that OpenVINO does not know: com.acme.Magic",
    ),
    "an input that is not there": (
        model([node("Relu", ["gone"], ["y"])], IMAGE, MAPS),
        "OpenVINO can't read the network",
    ),
    "two inputs": (
        model([node("Add", ["image", "b"], ["y"])], {**IMAGE, "b": ["n", 3, "h", "w"]}, MAPS),
        "has 2 inputs .*it must have one",
    ),
    "no input": (model([node("Relu", ["w"], ["y"])], IMAGE, MAPS, [tensor("w", ONES)]), "has 0 inputs"),
    "a table": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 10]}, {"y": ["n", 10]}),
        "no batch of images: it takes any x 10, f32",
    ),
    "channels last": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 224, 224, 3]}, MAPS),
        "Its channels seem to stand last",
    ),
    "four channels": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 4, 32, 32]}, MAPS),
        "must have 1 or 3 channels",
    ),
    "whole numbers in": (
        model([node("Identity", ["image"], ["y"])], IMAGE, MAPS, kind=INT64, output_kind=INT64),
        "must be of floating point",
    ),
    "a batch of 8": (
        model([node("Relu", ["image"], ["y"])], {"image": [8, 3, 32, 32]}, MAPS),
        "batch of 1, or a dynamic one",
    ),
    "an oblong": (
        model([node("Relu", ["image"], ["y"])], {"image": [1, 3, 32, 64]}, MAPS),
        "must take square images",
    ),
    "whole numbers out": (
        model([node("ArgMax", ["image"], ["y"], axis=1)], IMAGE, MAPS, output_kind=INT64),
        "No output can be an embedding.*i64",
    ),
    "a number for all": (
        model([node("ReduceMean", ["image"], ["y"], keepdims=0)], IMAGE, {"y": []}),
        "No output can be an embedding",
    ),
    "five axes": (
        model([node("Unsqueeze", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.array([0]))]),
        "No output can be an embedding",
    ),
    "a memory filled by constants": (
        model(
            [
                node("ConstantOfShape", ["w"], ["big"]),
                node("GlobalMaxPool", ["image"], ["one"]),
                node("Add", ["one", "big"], ["y"]),
            ],
            IMAGE,
            MAPS,
            [tensor("w", np.array([1, 3, 10**5, 10**5]))],
        ),
        "needs more than|fell over it",
    ),
    "a memory filled while it runs": (
        model(
            [node("GlobalMaxPool", ["image"], ["one"]), node("Expand", ["one", "w"], ["y"])],
            IMAGE,
            MAPS,
            [tensor("w", np.array([1, 3, 10**5, 10**5]))],
        ),
        "needs more than|fell over it",
    ),
    "values that are not finite": (
        model([node("Div", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.zeros(1, np.float32))]),
        "values that are not finite",
    ),
    "another value each time": (
        model([node("RandomNormalLike", ["image"], ["r"]), node("Add", ["r", "image"], ["y"])], IMAGE, MAPS),
        "other values each time",
    ),
    "the same for all": (
        model([node("Mul", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.zeros(1, np.float32))]),
        "the same values for any image",
    ),
}


def taken(path: Path) -> None:
    """As the page and the command line take a file."""
    with path.open("rb") as file:
        kept = adding.keep(file)
    adding.add(kept, "mine.onnx", adding.proposed(onnx_worker.look(kept), normalisation="none"))


@pytest.mark.parametrize(("data", "reason"), CASES.values(), ids=CASES.keys())
def test_it_is_refused_with_its_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "42.zip.onnx"
    path.write_bytes(data)
    with pytest.raises(WeightsRefused, match=reason) as error:
        taken(path)
    print(str(error.value))
    assert "\n" not in str(error.value)
    assert "passwd" not in str(error.value)
    assert own.names() == []


def test_a_marked_pickle_is_not_opened_whatever_it_is_called(tmp_path: Path) -> None:
    marker, refused = tmp_path / "off", 0
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = tmp_path / f"{protocol}.onnx"
        path.write_bytes(pickle.dumps(Marked(marker), protocol))
        with pytest.raises(WeightsRefused, match="no ONNX model"):
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
                onnx_worker.look(path)
            outcomes["taken"] += 1
        except WeightsRefused:
            outcomes["refused"] += 1
    print(f"3000 mutations scanned and {MUTATIONS} read: {outcomes}")
    assert min(outcomes.values()) > 0


def test_what_is_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for name, reason in (("gone.onnx", "can't be read"), (".", "is no file"), ("pipe.onnx", "is no file")):
        with pytest.raises(WeightsMissing, match=reason):
            onnx_worker.look(tmp_path / name)
    path = tmp_path / "large.onnx"
    path.write_bytes(convolution())
    monkeypatch.setattr(onnx_worker, "LARGEST", 500)
    monkeypatch.setattr(adding, "LARGEST", 500)
    with pytest.raises(WeightsRefused, match="MB are taken"):
        onnx_worker.look(path)
    with path.open("rb") as file, pytest.raises(WeightsRefused, match="at most"):
        adding.keep(file)
    assert list((tmp_path / "home" / "weights").iterdir()) == []


def test_one_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slow.onnx"
    path.write_bytes(convolution())
    monkeypatch.setattr(onnx_worker, "READING", 0.02)
    with pytest.raises(WeightsRefused, match=r"took longer than 0\.02 s"):
        onnx_worker.look(path)


def test_the_library_that_reads_gets_no_file_even_if_the_scan_let_one_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan asked to find nothing: the process can open no file all the same."""
    code = (
        "import sys, core.features.onnx_child as c; from core.features.onnx_scan import Scanned;"
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
    monkeypatch.setattr(onnx_worker.subprocess, "Popen", without_scan)
    with pytest.raises(WeightsRefused, match="OpenVINO can't read the network"):
        onnx_worker.look(path)


def test_numbers_in_other_forms_are_counted() -> None:
    """Three floats and two doubles packed, as exporters write small tensors: 5 parameters."""
    packed = blob(1, bytes([3])) + number(2, 1) + blob(8, "w") + blob(4, ONES.tobytes())
    doubles = number(1, 2) + number(2, DOUBLE) + blob(10, np.ones(2).tobytes())
    assert scan(model([node("Add", ["image", "w"], ["y"])], IMAGE, MAPS, [packed, doubles])).parameters == 5
