"""The UNet for lung segmentation (Ronneberger et al. 2015): small, with batch normalisation and padding."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (12, 24, 48, 96, 128)  # channels at 128, 64, 32, 16 and 8 px


def block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """(n, 1, side, side) in 0..1 to logits of the same shape; the side must be a multiple of 16."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            block(inputs, outputs) for inputs, outputs in zip((1, *WIDTHS), WIDTHS, strict=False)
        )
        self.up = nn.ModuleList(block(below + beside, beside) for beside, below in pairwise(WIDTHS))
        self.out = nn.Conv2d(WIDTHS[0], 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        x, beside = image, []
        for level, down in enumerate(self.down):
            x = down(functional.max_pool2d(x, 2) if level else x)
            beside.append(x)
        for level in reversed(range(len(self.up))):
            wide = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.up[level](torch.cat([wide, beside[level]], 1))
        return self.out(x)
