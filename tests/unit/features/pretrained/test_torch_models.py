"""The rows of the networks against torchvision's own enums, their outputs, and what a weights file may do."""

import hashlib
import io
import json
import pickle
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.models
from torch import nn

from core.errors import WeightsRefused
from core.features import catalog, weights
from core.features.pretrained import openvino_export
from core.features.pretrained.backbones import NETWORKS, NORMALISATIONS
from core.features.pretrained.torch_models import Embedder, _modern, build, load_weights
from core.inference.runtime import Torch
from tests.support.samples import noise

TORCHVISION = [name for name, row in NETWORKS if row.url]


def enum(name: str) -> torchvision.models.WeightsEnum:
    return torchvision.models.get_model_weights(name).IMAGENET1K_V1


def test_all_backbones_of_the_paper_are_here() -> None:
    assert TORCHVISION == ["vgg16", "resnet50", "mobilenet_v2", "efficientnet_b0", "densenet121"]


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_row_says_what_torchvisions_enum_says(name: str) -> None:
    """URL and size in MB; the digits in the name are those of the hash; normalisation; GMACs at its size."""
    row, theirs = NETWORKS.get(name), enum(name)
    assert row.url == theirs.url
    assert row.file == theirs.url.rsplit("/", 1)[1]
    assert f"-{row.sha256}.pth" in row.file
    assert row.megabytes == pytest.approx(theirs.meta["_file_size"], abs=0.06)
    usual = theirs.transforms()
    assert NORMALISATIONS[row.normalisation] == (tuple(usual.mean), tuple(usual.std))
    at_224 = theirs.meta["_ops"]
    assert row.gmacs == pytest.approx(at_224 * (row.size / 224) ** 2, abs=0.1)


@pytest.mark.parametrize(
    ("name", "pooling"), [(name, pooling) for name, row in NETWORKS for pooling in row.dimensions]
)
def test_dimensions_are_those_of_the_networks_output(name: str, pooling: str) -> None:
    """By a run on torch's meta device: shapes without numbers."""
    spec = catalog.spec(name, pooling=pooling, weights="untrained")
    with torch.device("meta"):
        rows = build(spec, None).to("meta")(torch.empty(2, 1, spec.size, spec.size, dtype=torch.uint8))
    assert rows.shape == (2, catalog.dimensions(spec))


def test_densenet_has_the_papers_map() -> None:
    """1024 x 8 x 8 before averaging (field.md), which means an input of 256 px."""
    with torch.device("meta"):
        trunk = build(catalog.spec("densenet121", weights="untrained"), None).trunk.to("meta")
        assert trunk(torch.empty(1, 3, 256, 256)).shape == (1, 1024, 8, 8)


class Same(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.mark.parametrize(
    ("normalisation", "black", "white"),
    [
        ("none", [0, 0, 0], [1, 1, 1]),
        ("symmetric", [-127 / 128] * 3, [1, 1, 1]),
        ("imagenet", [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], [0.515 / 0.229, 0.544 / 0.224, 2.64]),
    ],
)
def test_normalisation_by_hand(normalisation: str, black: list[float], white: list[float]) -> None:
    """(v / 255 - mean) / deviation for v = 0 and 255; symmetric is (v - 127) / 128."""
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    rows = Embedder(Same(), normalisation, "mean")(pixels)
    assert torch.allclose(rows, torch.tensor([black, white], dtype=torch.float32), atol=1e-5)


def test_pooling_by_hand() -> None:
    """A 2 x 2 image of 0, 51, 102, 255: mean 0.4, flattened channel by channel."""
    pixels = torch.tensor([[0, 51], [102, 255]], dtype=torch.uint8).view(1, 1, 2, 2)
    assert torch.allclose(Embedder(Same(), "none", "mean")(pixels), torch.full((1, 3), 0.4))
    flat = Embedder(Same(), "none", "flatten")(pixels)
    assert torch.allclose(flat, torch.tensor([[0, 0.2, 0.4, 1] * 3]))


@pytest.mark.parametrize(("name", "layer"), [(name, layer) for name, row in NETWORKS for layer in row.layers])
def test_layers_have_the_channels_of_their_row(name: str, layer: str) -> None:
    """By a run on torch's meta device: averaged, and as a map of 7 x 7 places."""
    for pooling in NETWORKS.get(name).poolings(layer):
        spec = catalog.spec(name, pooling=pooling, weights="untrained", options={"layer": layer})
        with torch.device("meta"):
            rows = build(spec, None).to("meta")(torch.empty(2, 1, spec.size, spec.size, dtype=torch.uint8))
        assert rows.shape == (2, catalog.dimensions(spec))


def test_statistics_by_hand() -> None:
    """Two maps of 2 x 2: of 0, 0, 1, 1 the mean is 0.5 and the deviation 0.5; of a flat one 0.2, and 0."""

    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            return [x[:, :1], torch.full_like(x[:, :1], 0.2)]

    pixels = torch.tensor([[0, 0], [255, 255]], dtype=torch.uint8).view(1, 1, 2, 2)
    rows = Embedder(Two(), "none", "statistics")(pixels)
    assert torch.allclose(rows, torch.tensor([[0.5, 0.5, 0.2, 0.0]]))


def test_a_map_has_unit_directions_at_each_place() -> None:
    """At each of 49 places a vector of length 1/7, so that a row's length is 1, however bright the place is:
    an image of one grey has the direction (1, 1, 1) / sqrt(3) everywhere."""
    rows = Embedder(Same(), "none", "map")(torch.full((1, 1, 14, 14), 51, dtype=torch.uint8))
    assert rows.shape == (1, 3 * 49)
    assert torch.allclose(rows, torch.full((1, 147), 1 / (7 * 3**0.5)))
    assert rows.norm() == pytest.approx(1)


def test_untrained_weights_are_the_same_every_time() -> None:
    spec = catalog.spec("efficientnet_lite0", weights="untrained", size=32)
    pixels = torch.from_numpy(noise(1)[0][None, None])
    with torch.no_grad():
        one, two = build(spec, None)(pixels), build(spec, None)(pixels)
    assert torch.equal(one, two)


def test_torch_runtime_gives_the_modules_own_rows() -> None:
    """The class that runs on CUDA, here on the CPU; batches of 2 and 1 come back in order."""
    spec = catalog.spec("efficientnet_lite0", weights="untrained", size=32)
    net = build(spec, None)
    pixels = np.stack(noise(3))[:, None]
    rows = np.concatenate(list(Torch(net, "fp32", "cpu").run([pixels[:2], pixels[2:]])))
    with torch.no_grad():
        expected = net(torch.from_numpy(pixels)).numpy()
    assert np.allclose(rows, expected, rtol=1e-4, atol=1e-6)


# -- weights files -----------------------------------------------------------------------------------


def test_weights_fill_the_network(tmp_path: Path) -> None:
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    torch.save(source.state_dict(), tmp_path / "w.pth")
    load_weights(target, tmp_path / "w.pth")
    assert torch.equal(source.weight, target.weight)


def test_densenets_old_names_are_read(tmp_path: Path) -> None:
    """`denselayer1.norm.1.weight` in the published file is `denselayer1.norm1.weight` in the network."""
    with torch.device("meta"):
        names = list(torchvision.models.densenet121(weights=None).state_dict())
    old = [re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.", name) for name in names]
    assert old != names
    assert [_modern(name) for name in old] == names


class Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.marker,)


def _bomb(path: Path, marker: Path, zipped: bool) -> None:
    if zipped:
        torch.save({"weight": Bomb(marker)}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb(marker)))


@pytest.mark.parametrize("zipped", [True, False], ids=["torch's zip", "bare pickle"])
def test_a_pickle_bomb_is_refused_and_does_not_go_off(tmp_path: Path, zipped: bool) -> None:
    marker = tmp_path / "off"
    _bomb(tmp_path / "w.pth", marker, zipped)
    with pytest.raises(WeightsRefused, match=r"w\.pth can't be loaded safely") as error:
        load_weights(nn.Linear(3, 2), tmp_path / "w.pth")
    assert not marker.exists()
    assert "\n" not in str(error.value)


def test_a_bomb_with_a_matching_hash_does_not_go_off_in_the_converter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone who can also forge the hash: the file passes the check, and still runs nothing.

    The converter's child, called here in this process, says so by its exit status.
    """
    row = NETWORKS.get("efficientnet_lite0")
    marker, path = tmp_path / "off", tmp_path / row.file
    _bomb(path, marker, zipped=True)
    forged = replace(row, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(NETWORKS._rows, "efficientnet_lite0", forged)
    monkeypatch.setenv("IMPRINT_WEIGHTS", str(tmp_path))
    assert weights.require("efficientnet_lite0") == path
    task = {"spec": asdict(catalog.spec(size=32)), "weights": str(path), "out": str(tmp_path / "out")}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(task)))
    assert openvino_export._main() == openvino_export.REFUSED
    assert "can't be loaded safely" in capsys.readouterr().err
    assert not marker.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("state", [{"other": 1}, {}, [1, 2], None])
def test_a_file_for_another_network_is_refused(tmp_path: Path, state: object) -> None:
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(WeightsRefused, match="can't be loaded safely into this network"):
        load_weights(nn.Linear(3, 2), tmp_path / "w.pth")


@pytest.mark.parametrize("data", [b"", b"no weights", b"PK\3\4 cut off"])
def test_a_file_that_is_no_weights_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(WeightsRefused):
        load_weights(nn.Linear(3, 2), tmp_path / "w.pth")
