"""The rows of a user's own network against numpy's computation in double precision.

The networks are a convolution of known weights, written byte by byte (onnx_files.py).
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import WeightsRefused
from core.features.custom.client import Wanted, Worker
from core.features.pretrained.backbones import NORMALISATIONS
from core.features.pretrained.torch_models import Embedder
from tests.support.samples import noise
from tests.unit.features.custom import onnx_files


def by_hand(pixels: np.ndarray, channels: int, normalisation: str) -> np.ndarray:
    """The convolution's maps, rectified, in double precision: uint8 (S, S) to (5, S, S)."""
    mean, deviation = (np.array(each) for each in NORMALISATIONS[normalisation])
    if channels == 1:
        mean, deviation = mean.mean(keepdims=True), deviation.mean(keepdims=True)
    image = (pixels[None] / 255 - mean[:, None, None]) / deviation[:, None, None]
    kernel, bias = onnx_files.weights_of(channels)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    maps = np.einsum("chwij,ocij->ohw", windows, kernel.astype(np.float64)) + bias[:, None, None]
    return np.maximum(maps, 0)


@pytest.mark.parametrize("normalisation", list(NORMALISATIONS))
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("output", ["maps", "vector"])
def test_rows_are_numpys_own(tmp_path: Path, normalisation: str, channels: int, output: str) -> None:
    """Maps are averaged, and the vector is the same average, taken as it is: both are the maps' mean."""
    path = tmp_path / "n.onnx"
    path.write_bytes(onnx_files.convolution(channels))
    images = noise(3)
    with Worker(path, 2) as worker:
        pooling = worker.ready(Wanted(32, channels, normalisation, output))
        rows = worker.rows(np.stack(images)[:, None])
    expected = np.stack([by_hand(image, channels, normalisation).mean((1, 2)) for image in images])
    assert pooling == {"maps": "mean", "vector": "none"}[output]
    np.testing.assert_allclose(rows, expected, rtol=1e-4)


def test_maps_are_taken_place_by_place(tmp_path: Path) -> None:
    """torch's adaptive average over 7 x 7 places, each made a vector of length 1/7."""
    path = tmp_path / "n.onnx"
    path.write_bytes(onnx_files.convolution(3))
    images = noise(2)
    with Worker(path, 2) as worker:
        worker.ready(Wanted(32, 3, "none", "maps"), "map")
        rows = worker.rows(np.stack(images)[:, None])
    maps = torch.from_numpy(np.stack([by_hand(image, 3, "none") for image in images]))
    places = torch.nn.functional.adaptive_avg_pool2d(maps, 7)
    expected = (places / places.norm(dim=1, keepdim=True) / 7).flatten(1).numpy()
    np.testing.assert_allclose(rows, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("output", ["maps", "vector"])
def test_maps_are_flattened_also_those_behind_a_vector(tmp_path: Path, output: str) -> None:
    """5 maps of 32 x 32 are 5,120 numbers, map after map; the vector is their average, found in the graph."""
    path = tmp_path / "n.onnx"
    path.write_bytes(onnx_files.convolution(3))
    images = noise(2)
    with Worker(path, 2) as worker:
        worker.ready(Wanted(32, 3, "caffe", output), "flatten")
        rows = worker.rows(np.stack(images)[:, None])
        assert worker.flat == 5 * 32 * 32
    expected = np.stack([by_hand(image, 3, "caffe").ravel() for image in images])
    np.testing.assert_allclose(rows, expected, rtol=1e-3, atol=1e-3)


def test_what_is_no_average_of_maps_has_none_to_flatten(tmp_path: Path) -> None:
    """The largest value of each map tells nothing of the others, so that there is no way back to the maps; a
    vector of all maps' numbers is flattened already."""
    kernel, bias = onnx_files.weights_of(3)
    tensors = [onnx_files.tensor("kernel", kernel), onnx_files.tensor("bias", bias)]
    convolved = onnx_files.node("Conv", ["image", "kernel", "bias"], ["raw"], pads=[1, 1, 1, 1])
    endings = {
        "largest": [
            onnx_files.node("GlobalMaxPool", ["raw"], ["one"]),
            onnx_files.node("Flatten", ["one"], ["y"]),
        ],
        "all": [onnx_files.node("Flatten", ["raw"], ["y"])],
    }
    for name, ending in endings.items():
        path = tmp_path / f"{name}.onnx"
        shape = {"image": ["n", 3, 32, 32]}
        path.write_bytes(onnx_files.model([convolved, *ending], shape, {"y": ["n", "d"]}, tensors))
        with Worker(path, 1) as worker:
            worker.ready(Wanted(32, 3, "none", "y"))
            assert worker.flat == 0
        with Worker(path, 1) as worker, pytest.raises(WeightsRefused, match="can't be flattened"):
            worker.ready(Wanted(32, 3, "none", "y"), "flatten")


def test_caffe_takes_the_means_off_in_the_order_of_blue_green_red() -> None:
    """Keras's imagenet_utils: x[..., ::-1] less [103.939, 116.779, 123.68], so grey 128 gives 24.061, 11.221,
    4.32. torch's way is the same as an own network's."""
    mean, deviation = (np.array(each) for each in NORMALISATIONS["caffe"])
    np.testing.assert_allclose((128 / 255 - mean) / deviation, [24.061, 11.221, 4.32], atol=1e-9)
    grey = torch.full((1, 1, 4, 4), 128, dtype=torch.uint8)
    rows = Embedder(torch.nn.Identity(), "caffe", "mean")(grey)
    np.testing.assert_allclose(rows.numpy(), [[24.061, 11.221, 4.32]], atol=1e-4)


def test_a_vector_has_no_map(tmp_path: Path) -> None:
    path = tmp_path / "n.onnx"
    path.write_bytes(onnx_files.convolution(3))
    with Worker(path, 1) as worker, pytest.raises(WeightsRefused, match="no places in the image"):
        worker.ready(Wanted(32, 3, "none", "vector"), "map")


def test_tokens_are_averaged(tmp_path: Path) -> None:
    """(N, T, D): the maps, transposed and flattened to a token a pixel, have the maps' mean."""
    kernel, bias = onnx_files.weights_of(3)
    nodes = [
        onnx_files.node("Conv", ["image", "kernel", "bias"], ["raw"], pads=[1, 1, 1, 1]),
        onnx_files.node("Relu", ["raw"], ["maps"]),
        onnx_files.node("Transpose", ["maps"], ["last"], perm=[0, 2, 3, 1]),
        onnx_files.node("Reshape", ["last", "shape"], ["tokens"]),
    ]
    tensors = [onnx_files.tensor("kernel", kernel), onnx_files.tensor("bias", bias)]
    tensors += [onnx_files.tensor("shape", np.array([0, -1, 5]))]
    path = tmp_path / "n.onnx"
    shape = ["n", 3, "h", "w"]
    path.write_bytes(onnx_files.model(nodes, {"image": shape}, {"tokens": ["n", "t", 5]}, tensors))
    image = noise(1)[0]
    with Worker(path) as worker:
        assert worker.ready(Wanted(32, 3, "none", "tokens")) == "mean"
        rows = worker.rows(image[None, None])
    np.testing.assert_allclose(rows[0], by_hand(image, 3, "none").mean((1, 2)), rtol=1e-4)


def test_neither_batches_nor_threads_change_a_bit(tmp_path: Path) -> None:
    file = tmp_path / "n.onnx"
    file.write_bytes(onnx_files.convolution())
    images = np.stack(noise(5))[:, None]
    found = []
    for threads, cut in ((1, 1), (2, 5), (2, 2)):
        worker = Worker(file, threads)
        worker.ready(Wanted(32, 3, "imagenet", "maps"))
        found.append(np.concatenate(list(worker.run(images[i : i + cut] for i in range(0, 5, cut)))))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
