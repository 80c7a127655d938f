"""Files under the name .onnx: broken, foreign or made to harm, each with the reason of its refusal."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Sequence

import numpy as np
import torch

from tests.unit.features.custom.onnx_files import INT64, blob, convolution, model, node, number, tensor

IMAGE: dict[str, Sequence[int | str]] = {"image": ["n", 3, "h", "w"]}
MAPS: dict[str, Sequence[int | str]] = {"y": ["n", 3, "h", "w"]}
ONES = np.ones(3, np.float32)


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
    "nothing": (b"", "not an ONNX model, or is truncated"),
    "cut off": (convolution()[:-40], "not an ONNX model, or is truncated"),
    "random bytes": (b"\x0a" + np.random.default_rng(0).bytes(5000), "not an ONNX model, or is truncated"),
    "a text": (b"no network at all", "not an ONNX model, or is truncated"),
    "a pickle": (pickle.dumps({"a": 1}), "a pickle, which may hold code and is never opened"),
    "torch's file": (saved(), "zip archive"),
    "a zip": (zipped(), "zip archive"),
    "a gzip": (gzip.compress(bytes(10**6)), "gzip archive"),
    "OpenVINO's own": (b"<?xml version='1.0'?><net></net>", "XML or HTML text"),
    "external data": (with_tensor(external()), "are in another file"),
    "external data, absolute": (with_tensor(external(value="/etc/passwd")), "are in another file"),
    "external data, no place": (with_tensor(number(1, 3) + number(14, 1)), "are in another file"),
    "external data in a branch": (inner(external()), "are in another file"),
    "external data in a function": (in_function(external()), "are in another file"),
    "a gigantic tensor": (with_tensor(HUGE), "declares 1000000x1000000 values but holds"),
    "a negative tensor": (with_tensor(number(1, -5) + number(2, 1) + blob(9, b"")), "values but holds"),
    "nested": (deep(), "nested more than"),
    "a custom operator": (
        model([node("Magic", ["image"], ["y"], "com.acme")], IMAGE, MAPS),
        "uses operators that OpenVINO does not support: com.acme.Magic",
    ),
    "an input that is not there": (
        model([node("Relu", ["gone"], ["y"])], IMAGE, MAPS),
        "OpenVINO can't read the network",
    ),
    "two inputs": (
        model([node("Add", ["image", "b"], ["y"])], {**IMAGE, "b": ["n", 3, "h", "w"]}, MAPS),
        "has 2 inputs .*export it with a single input, the image",
    ),
    "no input": (model([node("Relu", ["w"], ["y"])], IMAGE, MAPS, [tensor("w", ONES)]), "has 0 inputs"),
    "a table": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 10]}, {"y": ["n", 10]}),
        "not a batch of images: it takes any x 10, f32",
    ),
    "channels last": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 224, 224, 3]}, MAPS),
        "Its channels seem to be last",
    ),
    "four channels": (
        model([node("Relu", ["image"], ["y"])], {"image": ["n", 4, 32, 32]}, MAPS),
        "must have 1 or 3 channels",
    ),
    "whole numbers in": (
        model([node("Identity", ["image"], ["y"])], IMAGE, MAPS, kind=INT64, output_kind=INT64),
        "must be floating-point",
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
        "No output can be used as an embedding.*i64",
    ),
    "a number for all": (
        model([node("ReduceMean", ["image"], ["y"], keepdims=0)], IMAGE, {"y": []}),
        "No output can be used as an embedding",
    ),
    "five axes": (
        model([node("Unsqueeze", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.array([0]))]),
        "No output can be used as an embedding",
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
        "needs more than|crashed",
    ),
    "a memory filled while it runs": (
        model(
            [node("GlobalMaxPool", ["image"], ["one"]), node("Expand", ["one", "w"], ["y"])],
            IMAGE,
            MAPS,
            [tensor("w", np.array([1, 3, 10**5, 10**5]))],
        ),
        "needs more than|crashed",
    ),
    "values that are not finite": (
        model([node("Div", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.zeros(1, np.float32))]),
        "values that are not finite",
    ),
    "another value each time": (
        model([node("RandomNormalLike", ["image"], ["r"]), node("Add", ["r", "image"], ["y"])], IMAGE, MAPS),
        "different values for the same image",
    ),
    "the same for all": (
        model([node("Mul", ["image", "w"], ["y"])], IMAGE, MAPS, [tensor("w", np.zeros(1, np.float32))]),
        "the same values for every image",
    ),
}
