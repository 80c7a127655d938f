"""The networks: a decoder with one of three kinds of upsampling, and an encoder, also used as a critic."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

LATENT = 64
WIDTHS = (128, 96, 64, 32, 16)  # channels at 4, 8, 16, 32 and 64 px


def enlarge(way: str, inputs: int, outputs: int) -> nn.Module:
    """Doubles the side: a transposed convolution, or an interpolation and a convolution."""
    if way == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    return nn.Sequential(nn.Upsample(scale_factor=2, mode=way), nn.Conv2d(inputs, outputs, 3, padding=1))


class Decoder(nn.Sequential):
    """(n, 64) normal numbers to images (n, 1, 128, 128) in -1..1 (after DCGAN, Radford et al. 2016)."""

    def __init__(self, way: str) -> None:
        layers: list[nn.Module] = [nn.Unflatten(1, (LATENT, 1, 1)), nn.ConvTranspose2d(LATENT, WIDTHS[0], 4)]
        for inputs, outputs in pairwise(WIDTHS):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(), enlarge(way, inputs, outputs)]
        layers += [nn.BatchNorm2d(WIDTHS[-1]), nn.ReLU(), enlarge(way, WIDTHS[-1], 1), nn.Tanh()]
        super().__init__(*layers)


class Spread(nn.Module):
    """One more channel, constant: the standard deviation over the batch, which reveals mode collapse.

    (Minibatch standard deviation, Karras et al. 2018.)
    """

    def forward(self, batch: Tensor) -> Tensor:
        spread = batch.var(0, correction=0).add(1e-8).sqrt().mean()
        return torch.cat([batch, spread.expand(len(batch), 1, *batch.shape[2:])], 1)


def encoder(outputs: int, *, critic: bool = False) -> nn.Sequential:
    """Images (n, 1, 128, 128) to (n, outputs)."""

    def bound(layer: nn.Module) -> nn.Module:
        return nn.utils.parametrizations.spectral_norm(layer) if critic else layer

    layers: list[nn.Module] = []
    widths = (1, *WIDTHS[::-1])
    for inputs, channels in pairwise(widths):
        layers += [bound(nn.Conv2d(inputs, channels, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
    if critic:
        layers += [Spread()]
    layers += [bound(nn.Conv2d(WIDTHS[0] + critic, outputs, 4)), nn.Flatten()]
    return nn.Sequential(*layers)


@dataclass(frozen=True)
class Codes:
    """Gaussian codes: ``mean`` (64,) and the ``root`` (64, 64) of their covariance."""

    mean: Tensor
    root: Tensor


def save(decoder: Decoder, codes: Codes, path: Path) -> None:
    """The decoder and its codes, in half precision."""
    kept = {
        name: value.half().contiguous()
        for name, value in decoder.state_dict().items()
        if value.is_floating_point()
    }
    gaussian = {"code.mean": codes.mean.half(), "code.root": codes.root.half().contiguous()}
    save_file({**kept, **gaussian}, path)


def sample(path: Path, way: str, count: int, seed: int) -> np.ndarray:
    """float32 (count, 128, 128) in -1..1."""
    kept = {name: value.float() for name, value in load_file(path).items()}
    mean, root = kept.pop("code.mean"), kept.pop("code.root")
    decoder = Decoder(way)
    decoder.load_state_dict(kept, strict=False)
    decoder.eval()
    random = np.random.default_rng(seed).standard_normal((count, LATENT)).astype(np.float32)
    codes = mean + torch.from_numpy(random) @ root.T
    with torch.inference_mode():
        drawn = [decoder(part)[:, 0] for part in codes.split(50)]
    return torch.cat(drawn).numpy()
