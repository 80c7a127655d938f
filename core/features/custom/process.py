"""The process that reads and runs an untrusted ONNX file: pixels come in through a pipe, features go out.

``python -m core.features.custom.process FD MEMORY THREADS``, started by ``client.py``; FD is the open file.
The libraries are loaded first; then the process isolates itself as the image decoder does
(sandbox/isolation.py) and can no longer open any file, so that file names in the model have no effect.
"""

import hashlib
import io
import os
import re
import resource
import signal
import sys
from typing import IO, Any

import numpy as np

from core.errors import WeightsRefused
from core.features.custom.client import IMAGE, READING, WIDEST
from core.features.custom.validate import EXPORT, scan
from core.features.pretrained.backbones import GRID, NORMALISATIONS
from core.inference import openvino_loader, runtime
from core.sandbox import isolation, protocol

THROUGH = ("Reshape", "Squeeze", "Unsqueeze", "Convert")  # which keep the numbers and their order
LONGEST = 100  # characters of a name
MOST = 64  # inputs or outputs that are reported
UNKNOWN = re.compile(r"No conversion rule found for operations: ([\w., :-]{1,200})")


def main(fd: int, memory: int, threads: int) -> None:
    requests, answers = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.dont_write_bytecode = True
    effort = runtime.Effort(threads=threads)
    reader = _warm(effort)
    isolation.isolate(memory)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    _time(READING, threads)
    try:
        model = _look(fd, reader, answers)
        request = protocol.read(requests)
        if request is None:
            return
        embedder, pooling, flat = _embedder(model, request[0])
        network = runtime.OpenVino(embedder, str(request[0]["precision"]), effort)
        protocol.write(answers, {"pooling": pooling, "flat": flat})
        answers.flush()
        _serve(network, requests, answers, threads)
    except WeightsRefused as error:
        protocol.write(answers, {"refused": str(error)})
    except MemoryError:
        protocol.write(
            answers,
            {
                "refused": f"The network needs more than the {memory / 2**30:.1f} GB of memory that "
                "it may use."
            },
        )
    except Exception as error:  # OpenVINO raises RuntimeError and types of its own
        protocol.write(answers, {"refused": _words(error, memory)})
    answers.flush()


def _warm(effort: runtime.Effort) -> Any:
    """Load every library file in advance by running a tiny network once."""
    openvino = openvino_loader.openvino()
    ops = openvino.opset13
    pixels = ops.parameter([1, 1, 16, 16], np.uint8)
    small = ops.reduce_mean(ops.convert(pixels, "f32"), np.array([2, 3]))
    warm = runtime.OpenVino(openvino.Model([small], [pixels], "warm"), "fp32", effort)
    list(warm.run([np.zeros((1, 1, 16, 16), np.uint8)]))
    return openvino_loader.frontend("onnx")


def _look(fd: int, reader: Any, answers: IO[bytes]) -> Any:
    """The model; its inputs and outputs are reported to the parent."""
    with os.fdopen(fd, "rb") as file:
        data = file.read()
    parameters = scan(data).parameters
    model = reader.convert(reader.load(io.BytesIO(data)))
    look = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": parameters,
        "inputs": [_port(each) for each in model.inputs[:MOST]],
        "outputs": [_port(each) for each in model.outputs[:MOST]],
    }
    protocol.write(answers, look)
    answers.flush()
    return model


def _port(port: Any) -> dict[str, Any]:
    """Name, shape (None: any) and element type; a shape of unknown rank is None."""
    shape = port.partial_shape
    dims = (
        [None if side.is_dynamic else side.get_length() for side in shape] if shape.rank.is_static else None
    )
    return {"name": _name(port), "shape": dims, "kind": port.element_type.get_type_name()}


def _name(port: Any) -> str:
    return min(port.names, default="")[:LONGEST]


def _embedder(model: Any, asked: dict[str, Any]) -> tuple[Any, str, int]:
    """A model from grey pixels uint8 (1, 1, S, S) to features float32 (1, D), how they are pooled, and how
    many numbers its maps have (0: it has none)."""
    openvino = openvino_loader.openvino()
    ops: Any = openvino.opset13
    size, channels = int(asked["size"]), int(asked["channels"])
    mean, deviation = (_by_channel(each, channels) for each in NORMALISATIONS[asked["normalisation"]])
    (image,) = model.inputs
    model.reshape({image: [1, channels, size, size]})
    pixels = ops.parameter([1, 1, size, size], np.uint8, "pixels")
    scaled = ops.divide(ops.convert(pixels, "f32"), np.float32(255))
    ready = ops.divide(ops.subtract(scaled, mean), deviation)
    if image.element_type != openvino.Type.f32:
        ready = ops.convert(ready, image.element_type.get_type_name())
    for target in image.get_target_inputs():
        target.replace_source_output(ready.output(0))
    found = next(each for each in model.outputs if _name(each) == asked["output"])
    rows = ops.convert(found.get_node().input_value(0), "f32")
    axes = _pooled(rows.output(0).partial_shape)
    maps = _maps(found.get_node().input_value(0))
    flat = _count(maps, rows)
    if asked.get("pooling") == "map":
        return openvino.Model([_directions(ops, rows, len(axes))], [pixels], "own"), "map", flat
    if asked.get("pooling") == "flatten":
        return openvino.Model([_flattened(ops, maps, flat)], [pixels], "own"), "flatten", flat
    pooled = ops.reduce_mean(rows, np.array(axes)) if axes else rows
    return openvino.Model([pooled], [pixels], "own"), "mean" if axes else "none", flat


def _maps(output: Any) -> Any:
    """The maps (1, D, H, W) that an output is, or whose average over all places it is; None if there are
    none."""
    value = output
    while not _has_places(value):
        node = value.get_node()
        if node.get_type_name() not in THROUGH and not _averages_places(node):
            return None
        value = node.input_value(0)
    return value


def _has_places(value: Any) -> bool:
    shape = value.partial_shape
    return shape.is_static and len(shape) == 4 and shape[0] == 1 and shape.to_shape()[2:] != [1, 1]


def _averages_places(node: Any) -> bool:
    """By the shapes: what is left of D maps is D numbers. With as many maps as rows it can't be told."""
    if node.get_type_name() != "ReduceMean" or not _has_places(node.input_value(0)):
        return False
    _, wide, *sides = node.input_value(0).partial_shape.to_shape()
    left = node.output(0).partial_shape
    return wide not in sides and left.is_static and int(np.prod(left.to_shape())) == wide


def _count(maps: Any, rows: Any) -> int:
    """The numbers of the maps, 0 where they can't be had or are but the output's own vector."""
    if maps is None:
        return 0
    numbers, shape = int(np.prod(maps.partial_shape.to_shape())), rows.output(0).partial_shape
    same = len(shape) < 4 and numbers == int(np.prod(shape.to_shape()))
    return 0 if same or numbers > WIDEST else numbers


def _flattened(ops: Any, maps: Any, flat: int) -> Any:
    """All numbers of the maps, map after map, as torch flattens them."""
    if not flat:
        raise WeightsRefused(
            f"The output is no maps, nor the average of maps, of at most {WIDEST:,} numbers, so it can't be "
            "flattened. Use another pooling."
        )
    return ops.reshape(ops.convert(maps, "f32"), np.array([1, -1], np.int64), special_zero=False)


def _directions(ops: Any, rows: Any, axes: int) -> Any:
    """The same as the built-in networks' maps (pretrained/torch_models.py)."""
    if axes != 2:
        raise WeightsRefused("The output has no places in the image, so there is no map of it. Use its mean.")
    places = ops.adaptive_avg_pool(rows, np.array([GRID, GRID], np.int64))
    length = ops.sqrt(ops.reduce_sum(ops.multiply(places, places), np.array([1]), keep_dims=True))
    unit = ops.divide(places, ops.multiply(ops.maximum(length, np.float32(1e-6)), np.float32(GRID)))
    return ops.reshape(unit, np.array([1, -1], np.int64), special_zero=False)


def _by_channel(values: tuple[float, ...], channels: int) -> np.ndarray:
    """For a network with one channel, the mean of the three channels."""
    chosen = values if channels == 3 else (sum(values) / 3,)
    return np.array(chosen, np.float32).reshape(1, channels, 1, 1)


def _pooled(shape: Any) -> tuple[int, ...]:
    """The axes to average: of maps (1, D, H, W) or tokens (1, T, D); none of a vector (1, D)."""
    if shape.is_dynamic:
        raise WeightsRefused(
            f"The size of the output is not known in advance: {shape}. Choose another output."
        )
    sides = tuple(shape.to_shape())
    axes = {2: (), 3: (1,), 4: (2, 3)}.get(len(sides))
    if axes is None or sides[0] != 1:
        words = "x".join(map(str, sides))
        raise WeightsRefused(f"The output gives {words}, not one vector or map per image. Choose another.")
    width = sides[2] if len(sides) == 3 else sides[1]
    if not 1 <= width <= WIDEST:
        raise WeightsRefused(f"The output has {width} dimensions per image; 1 to {WIDEST} are allowed.")
    return axes


def _time(seconds: float, threads: int) -> None:
    """Limit the computing time on all threads; after it the kernel ends the process."""
    signal.setitimer(signal.ITIMER_PROF, seconds * threads)


def _serve(network: runtime.OpenVino, requests: IO[bytes], answers: IO[bytes], threads: int) -> None:
    while (request := protocol.read(requests)) is not None:
        batch = np.frombuffer(request[1], np.uint8).reshape(request[0]["batch"])
        _time(IMAGE * len(batch), threads)
        rows = np.concatenate(list(network.run([batch])))
        protocol.write(answers, {"rows": rows.shape}, np.ascontiguousarray(rows, np.float32).tobytes())
        answers.flush()


def _words(error: Exception, memory: int) -> str:
    """OpenVINO's reason in one sentence."""
    text = str(error)
    if "alloc" in text:
        return f"The network needs more than the {memory / 2**30:.1f} GB of memory that it may use."
    if unknown := UNKNOWN.search(text):
        return (
            f"The network uses operators that OpenVINO does not support: {unknown[1].strip()}. "
            "Export it with standard ONNX operators only (opset 13 to 20)."
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Exception from", "Check '"))] or ["no reason"]
    return f"OpenVINO can't read the network ({' '.join(told)[:200]}). {EXPORT}."


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
