"""The backbones as torch modules that end where the paper takes its features. Imports torch."""

import re
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from core.config import FeatureSpec
from core.errors import WeightsRefused
from core.features.pretrained.backbones import EARLY, EARLY_LAYERS, GRID, NORMALISATIONS


class Embedder(nn.Module):
    """uint8 (N, 1, S, S) grey pixels to float32 (N, D): scale, normalise, convolve, pool."""

    def __init__(self, trunk: nn.Module, normalisation: str, pooling: str) -> None:
        super().__init__()
        mean, deviation = NORMALISATIONS[normalisation]
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        # One grey channel against three means broadcasts to RGB.
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))
        self.trunk, self.pooling = trunk, pooling

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = self.trunk((pixels.float() / 255 - self.mean) / self.deviation)
        if self.pooling == "statistics":
            return torch.cat([value for each in maps for value in (each.mean((2, 3)), _deviation(each))], 1)
        if self.pooling == "map":
            return _directions(maps)
        return maps.flatten(1) if self.pooling == "flatten" else maps.mean((2, 3))


def _deviation(maps: torch.Tensor) -> torch.Tensor:
    """(N, C): standard deviation over the places of maps (N, C, H, W)."""
    return (maps - maps.mean((2, 3), keepdim=True)).square().mean((2, 3)).sqrt()


def _directions(maps: torch.Tensor) -> torch.Tensor:
    """Of maps (N, C, H, W) the direction of the features at each of GRID x GRID places, as rows of length 1:
    an anatomical place counts the same, however strong the network's answer is there."""
    places = nn.functional.adaptive_avg_pool2d(maps, GRID)
    length = places.square().sum(1, keepdim=True).sqrt().clamp_min(1e-6)
    return (places / (length * GRID)).flatten(1)


class LiteTrunk(nn.Module):
    """EfficientNet-Lite0 up to a block, or its last convolution; the package pads for one input size."""

    def __init__(self, size: int, layer: str | None) -> None:
        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0", image_size=size)
        self.kept: tuple[int, ...] = ()  # blocks whose maps are given
        if layer:
            self.kept = EARLY if layer == EARLY_LAYERS else (int(layer.removeprefix("block")),)

    def forward(self, x: torch.Tensor) -> Any:
        """The last maps; of a layer, its own; of several, a list."""
        if not self.kept:
            return self.net.extract_features(x)
        x = self.net._swish(self.net._bn0(self.net._conv_stem(x)))
        found = []
        for number, block in enumerate(self.net._blocks[: self.kept[-1] + 1]):
            x = block(x)
            found += [x] if number in self.kept else []
        return found if len(found) > 1 else x


def build(spec: FeatureSpec, weights: Path | None) -> Embedder:
    """The embedder of a spec in evaluation mode; without weights: as initialised with seed 0."""
    torch.manual_seed(0)
    whole: Any
    if spec.backbone == "efficientnet_lite0":
        trunk: Any = LiteTrunk(spec.size, spec.layer)
        whole = trunk.net
    else:
        import torchvision.models  # seconds, and EfficientNet-Lite needs none of it

        whole = getattr(torchvision.models, spec.backbone)(weights=None)
        trunk = _trunk(spec.backbone, whole) if spec.layer is None else _up_to(spec.layer, whole)
    if weights is not None:
        load_weights(whole, weights)
    return Embedder(trunk, spec.normalisation, spec.pooling).eval()


def _trunk(name: str, net: Any) -> Any:
    if name == "vgg16":
        return nn.Sequential(net.features, net.avgpool)  # 512 x 7 x 7 at 224 px
    if name == "resnet50":
        return nn.Sequential(*list(net.children())[:-2])
    if name == "densenet121":
        return nn.Sequential(net.features, nn.ReLU())
    return net.features


def _up_to(layer: str, net: Any) -> nn.Sequential:
    """A network up to one of its named parts, or up to ``features`` and a number."""
    inner = net.features if hasattr(net, "features") else net
    last = layer.removeprefix("features")
    found = nn.Sequential()
    for name, part in inner.named_children():
        found.append(part)
        if name == last:
            return found
    raise ValueError(f"the network has no layer {layer}")


def load_weights(net: nn.Module, path: Path) -> None:
    """Fill a network from a file by torch's restricted loader, which runs no code from it."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        net.load_state_dict({_modern(name): value for name, value in state.items()})
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
        raise WeightsRefused(f"{path.name} can't be loaded safely into this network: {reason}") from None


def _modern(name: str) -> str:
    """DenseNet's published file names its layers `norm.1`, the network `norm1`."""
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d\.)", r"\1\2", name)
