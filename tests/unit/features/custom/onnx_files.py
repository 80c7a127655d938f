"""ONNX files made byte by byte, sound ones and hostile ones, with no package for it.

Field numbers are those of onnx.proto (github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import struct
from collections.abc import Mapping, Sequence

import numpy as np

Size = int | str  # of an axis; a text is a dynamic one's name
FLOAT, INT64, BOOL, DOUBLE = 1, 7, 9, 11


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def blob(field: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: np.ndarray, extra: bytes = b"") -> bytes:
    kind = {"float32": FLOAT, "int64": INT64, "float64": DOUBLE}[str(values.dtype)]
    dims = b"".join(number(1, side) for side in values.shape)
    return dims + number(2, kind) + blob(8, name) + blob(9, values.tobytes()) + extra


def attribute(name: str, value: object) -> bytes:
    if isinstance(value, float):
        return blob(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return blob(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return blob(1, name) + blob(4, value) + number(20, 3)
    if isinstance(value, bytes):  # a tensor
        return blob(1, name) + blob(5, value) + number(20, 4)
    assert isinstance(value, Sequence)
    return blob(1, name) + b"".join(number(8, each) for each in value) + number(20, 7)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **values: object) -> bytes:
    named = b"".join(blob(1, each) for each in inputs) + b"".join(blob(2, each) for each in outputs)
    attributes = b"".join(blob(5, attribute(name, value)) for name, value in values.items())
    return named + blob(4, op) + attributes + (blob(7, domain) if domain else b"")


def port(name: str, shape: Sequence[Size], kind: int = FLOAT) -> bytes:
    dims = b"".join(blob(1, number(1, d) if isinstance(d, int) else blob(2, d)) for d in shape)
    return blob(1, name) + blob(2, blob(1, number(1, kind) + blob(2, dims)))


def model(
    nodes: Sequence[bytes],
    inputs: Mapping[str, Sequence[Size]],
    outputs: Mapping[str, Sequence[Size]],
    tensors: Sequence[bytes] = (),
    *,
    kind: int = FLOAT,
    output_kind: int = FLOAT,
) -> bytes:
    graph = b"".join(blob(1, each) for each in nodes) + blob(2, "graph")
    graph += b"".join(blob(5, each) for each in tensors)
    graph += b"".join(blob(11, port(name, shape, kind)) for name, shape in inputs.items())
    graph += b"".join(blob(12, port(name, shape, output_kind)) for name, shape in outputs.items())
    return number(1, 8) + blob(8, blob(1, "") + number(2, 13)) + blob(7, graph)


def weights_of(channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Of a 3 x 3 convolution to 5 maps."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.3, (5, channels, 3, 3)).astype(np.float32), rng.normal(0, 1, 5).astype(np.float32)


def convolution(
    channels: Size = 3, side: Size = "side", batch: Size = "batch", pooled: bool = True, seed: int = 0
) -> bytes:
    """Convolution and rectification, ``maps``; and ``vector``, their mean, where ``pooled``."""
    kernel, bias = weights_of(channels if isinstance(channels, int) else 3, seed)
    nodes = [
        node("Conv", ["image", "kernel", "bias"], ["raw"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Relu", ["raw"], ["maps"]),
    ]
    outputs: dict[str, Sequence[Size]] = {"maps": [batch, 5, side, side]}
    if pooled:
        nodes += [
            node("GlobalAveragePool", ["maps"], ["mean"]),
            node("Flatten", ["mean"], ["vector"], axis=1),
        ]
        outputs["vector"] = [batch, 5]
    tensors = [tensor("kernel", kernel), tensor("bias", bias)]
    return model(nodes, {"image": [batch, channels, side, side]}, outputs, tensors)
