"""EfficientNet-Lite0 end to end, with its real weights: converted once, run in every way."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import FeatureSpec
from core.errors import ImprintError, WeightsRefused
from core.features import catalog, extract, weights
from core.features.pretrained import openvino_export
from core.features.pretrained.torch_models import build
from core.images import transforms
from core.inference.runtime import Effort, OpenVino, has_avx512, has_bf16, has_cuda, read
from tests.support.samples import noise

Network = dict[str, np.ndarray]
IMAGES: Mapping[str, np.ndarray] = dict(zip("abc", noise(3, 48), strict=True))


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    return catalog.spec(size=64)


@pytest.fixture(scope="module")
def path() -> Path:
    row = catalog.NETWORKS.get("efficientnet_lite0")
    found = weights.find(row)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def network(spec: FeatureSpec, path: Path) -> Network:
    return openvino_export.convert(spec, path)


def rows(spec: FeatureSpec, network: Network, effort: Effort, ids: str = "abc") -> np.ndarray:
    engine = extract.on_cpu(spec, network, effort)
    work = extract.embed(spec, list(ids), IMAGES.__getitem__, engine, effort)
    return np.concatenate([rows for _, rows in work])


@pytest.fixture(scope="module")
def reference(spec: FeatureSpec, network: Network) -> np.ndarray:
    return rows(spec, network, Effort(1, 1))


def test_rows_are_those_of_the_torch_module(spec: FeatureSpec, path: Path, reference: np.ndarray) -> None:
    """Relative to the norm of each row of the module itself in fp32."""
    pixels = np.stack([transforms.resize(image, 64) for image in IMAGES.values()])[:, None]
    with torch.no_grad():
        expected = build(spec, path)(torch.from_numpy(pixels)).numpy()
    assert reference.shape == expected.shape == (3, 1280)
    assert reference.dtype == np.float32
    error = np.linalg.norm(reference - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert error.max() < 1e-4


@pytest.mark.parametrize("batch", [1, 7, 32])
@pytest.mark.parametrize("threads", [1, 2])
def test_neither_batch_nor_threads_change_a_bit(
    spec: FeatureSpec, network: Network, reference: np.ndarray, batch: int, threads: int
) -> None:
    """Also with 22 images, so that batches of 7 end in a part of one."""
    effort = Effort(batch, threads)
    assert np.array_equal(rows(spec, network, effort), reference)
    assert np.array_equal(rows(spec, network, effort, "abc" * 7 + "b"), reference[[0, 1, 2] * 7 + [1]])


@pytest.mark.skipif(not has_avx512(), reason="without AVX-512 a request is of one image")
@pytest.mark.parametrize("precision", ["fp32"] + ["bf16"] * has_bf16())
def test_requests_of_four_give_the_bits_of_requests_of_one(network: Network, precision: str) -> None:
    """Ten images in batches of seven and three, so that no request but one is full."""
    pixels = np.stack([transforms.resize(image, 64) for image in noise(10, 48)])[:, None]
    one, four = (OpenVino(read(network), precision, Effort(), together) for together in (1, 4))
    expected = np.concatenate(list(one.run([pixels])))
    assert np.array_equal(np.concatenate(list(four.run([pixels[:7], pixels[7:]]))), expected)


def test_the_network_says_something_about_the_image(reference: np.ndarray) -> None:
    assert np.isfinite(reference).all()
    assert len(np.unique(reference, axis=0)) == 3


def test_a_run_that_is_given_up_leaves_the_engine_usable(
    spec: FeatureSpec, network: Network, reference: np.ndarray
) -> None:
    effort = Effort(2, 2)
    engine = extract.on_cpu(spec, network, effort)
    work = extract.embed(spec, list("abc" * 5), IMAGES.__getitem__, engine, effort)
    next(work)
    work.close()
    again = extract.embed(spec, list("abc"), IMAGES.__getitem__, engine, effort)
    assert np.array_equal(np.concatenate([rows for _, rows in again]), reference)


def test_bf16_is_told_as_openvino_tells_it() -> None:
    from core.inference import openvino_loader

    openvino = openvino_loader.openvino()

    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert has_bf16() == (has_cuda() or "BF16" in capabilities)


def test_cuda_is_torchs_word() -> None:
    assert has_cuda() == torch.cuda.is_available()


@pytest.mark.parametrize(
    ("status", "said", "error", "told"),
    [
        (3, "torch says hello\nw.pth can't be loaded", WeightsRefused, "^w.pth can't be loaded$"),
        (
            1,
            "Traceback\nValueError: odd\n",
            ImprintError,
            "^resnet50 could not be prepared: ValueError: odd$",
        ),
        (-9, "", ImprintError, "^resnet50 could not be prepared: no message$"),
    ],
    ids=["refused", "failed", "killed"],
)
def test_a_child_that_fails_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str, error: type[Exception], told: str
) -> None:
    """The child is a stand-in that ends so; the last line it said is what a person reads."""
    ended = subprocess.CompletedProcess([], status, "", said)
    monkeypatch.setattr(openvino_export.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(error, match=told):
        openvino_export.convert(catalog.spec("resnet50"), None)
