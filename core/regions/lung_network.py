"""The lung UNet (Ronneberger et al. 2015) as an OpenVINO model, put together from its weights file.

No torch is needed to run it: a few kinds of layer, batch normalisation folded into the convolutions.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file

from core.errors import ImprintError
from core.hashing import bytes_key
from core.inference import openvino_loader

if TYPE_CHECKING:
    import openvino

WEIGHTS = Path(__file__).parent / "lungs.safetensors"
SIDE = 128  # px at which the network sees an image
EPSILON = 1e-5  # of batch normalisation

Weights = dict[str, np.ndarray]


def require(path: Path) -> Path:
    """The weights file. Raises ImprintError."""
    if not path.exists():
        raise ImprintError(
            f"The lung network is missing at {path}, so only the full image can be used. "
            "It is part of Imprint: reinstall Imprint."
        )
    return path


def build(path: Path = WEIGHTS) -> "openvino.Model":
    """uint8 (1, 1, 128, 128) grey pixels to float32 (1, 1, 128, 128) logits of being lung."""
    openvino = openvino_loader.openvino()
    layers = _Layers({name: value.astype(np.float32) for name, value in load_file(require(path)).items()})
    pixels = layers.ops.parameter([1, 1, SIDE, SIDE], np.uint8, "pixels")
    x = layers.ops.multiply(layers.ops.convert(pixels, "f32"), np.float32(1 / 255))
    depth = 1 + max(int(name.split(".")[1]) for name in layers.weights if name.startswith("down."))
    beside: list[Any] = []
    for level in range(depth):
        x = layers.block(f"down.{level}", layers.halved(x) if level else x)
        beside.append(x)
    for level in reversed(range(depth - 1)):
        x = layers.block(f"up.{level}", layers.ops.concat([layers.doubled(x), beside[level]], 1))
    return openvino.Model([layers.convolution(x, "out")], [pixels], "lungs")


@functools.cache
def identity() -> str:
    """SHA-256 of the shipped weights."""
    return bytes_key(require(WEIGHTS).read_bytes())


class _Layers:
    """The network's layers by the names that torch gave them."""

    def __init__(self, weights: Weights) -> None:
        self.ops: Any = openvino_loader.openvino().opset13
        self.weights = weights

    def block(self, name: str, x: Any) -> Any:
        """Twice a convolution of 3 x 3, batch normalisation and rectification."""
        for place in (0, 3):
            x = self.ops.relu(self.convolution(x, f"{name}.{place}", f"{name}.{place + 1}"))
        return x

    def convolution(self, x: Any, name: str, normalisation: str | None = None) -> Any:
        kernel = self.weights[f"{name}.weight"]
        bias = self.weights.get(f"{name}.bias", np.zeros(len(kernel), np.float32))
        if normalisation:
            mean, variance, gain, shift = (
                self.weights[f"{normalisation}.{part}"]
                for part in ("running_mean", "running_var", "weight", "bias")
            )
            scale = gain / np.sqrt(variance + np.float32(EPSILON))
            kernel, bias = kernel * scale[:, None, None, None], (bias - mean) * scale + shift
        pad = [kernel.shape[2] // 2] * 2
        made = self.ops.convolution(x, np.ascontiguousarray(kernel), [1, 1], pad, pad, [1, 1])
        return self.ops.add(made, bias.reshape(1, -1, 1, 1))

    def halved(self, x: Any) -> Any:
        return openvino_loader.openvino().opset1.max_pool(x, [2, 2], [0, 0], [0, 0], [2, 2])

    def doubled(self, x: Any) -> Any:
        """Bilinear, as torch's interpolate with align_corners=False."""
        scales, axes = np.array([2, 2], np.float32), np.array([2, 3], np.int64)
        return self.ops.interpolate(
            x, scales, "linear_onnx", "scales", axes=axes, coordinate_transformation_mode="half_pixel"
        )
