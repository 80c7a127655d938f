"""Checks an ONNX file before a library opens it: that it is ONNX, complete, and a single file.

Reads protobuf's wire format (protobuf.dev/programming-guides/encoding), and of onnx.proto every message that
can hold a tensor. Refused are tensors whose values are in another file, tensors that declare more values than
they hold, and whatever is not ONNX.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import WeightsRefused

DEEPEST = 64  # messages within messages; protobuf itself stops at 100
VARINT, FIXED64, MESSAGE, FIXED32 = 0, 1, 2, 5

# For each message, its fields that hold another message.
HOLDS: Mapping[str, Mapping[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
}
DIMS, EXTERNAL_DATA, DATA_LOCATION = 1, 13, 14  # of a Tensor
GRAPH = 7  # of a Model

# Other kinds of file that are found under the name .onnx, by their first bytes.
OTHERS = {
    b"PK\x03\x04": "a zip archive (such as PyTorch's .pt and .pth)",
    b"PK\x05\x06": "a zip archive",
    b"\x80": "a pickle, which may hold code and is never opened",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
    b"<": "XML or HTML text",
    b"{": "JSON text",
}
EXPORT = "Export it again as a single file, for example with torch.onnx.export"


@dataclass(frozen=True)
class Scanned:
    """``parameters``: total number of values in tensors."""

    parameters: int


class _Broken(Exception):
    pass


def scan(data: bytes) -> Scanned:
    """Raises WeightsRefused with the reason."""
    for first, what in OTHERS.items():
        if data.startswith(first):
            raise WeightsRefused(f"The file is {what}, not an ONNX model. {EXPORT}.")
    try:
        return Scanned(_walk(memoryview(data)))
    except _Broken:
        raise WeightsRefused(f"The file is not an ONNX model, or is truncated. {EXPORT}.") from None


def _walk(data: memoryview) -> int:
    waiting: list[tuple[str, memoryview, int]] = [("Model", data, 0)]
    parameters, graphs = 0, 0
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > DEEPEST:
            raise WeightsRefused(f"The model is nested more than {DEEPEST} deep. {EXPORT}.")
        if kind == "Tensor":
            parameters += _tensor(message)
            continue
        holds = HOLDS[kind]
        for field, wire, value in _fields(message):
            if field in holds and wire == MESSAGE:
                assert isinstance(value, memoryview)
                graphs += kind == "Model" and field == GRAPH
                waiting.append((holds[field], value, depth + 1))
    if not graphs:
        raise _Broken
    return parameters


def _tensor(message: memoryview) -> int:
    """The number of values that it declares."""
    dims: list[int] = []
    for field, _, value in _fields(message):
        if field == EXTERNAL_DATA or (field == DATA_LOCATION and value != 0):
            raise WeightsRefused(
                "Some of the model's weights are in another file (external data), which is not read. "
                f"{EXPORT}, with external_data=False."
            )
        if field == DIMS:
            dims += [value] if isinstance(value, int) else list(_packed(value))
    declared = math.prod(dims)
    if any(side >= 2**63 for side in dims) or declared > 2 * len(message):  # the smallest type has 4 bits
        raise WeightsRefused(
            f"A tensor declares {'x'.join(map(str, dims[:8]))} values but holds {len(message)} bytes: "
            "the file is damaged, or made to exhaust memory."
        )
    return declared


def _packed(data: memoryview) -> Iterator[int]:
    place = 0
    while place < len(data):
        value, place = _varint(data, place)
        yield value


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """(number, wire type, value) of a message's fields, in order."""
    place, end = 0, len(data)
    while place < end:
        tag, place = _varint(data, place)
        field, wire = tag >> 3, tag & 7
        if field == 0:
            raise _Broken
        if wire == VARINT:
            value, place = _varint(data, place)
            yield field, wire, value
            continue
        if wire == MESSAGE:
            size, place = _varint(data, place)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:  # groups were never part of ONNX
            raise _Broken
        if size > end - place:
            raise _Broken
        yield field, wire, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise _Broken
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise _Broken
