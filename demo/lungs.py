"""``python -m demo.lungs FOLDER [--real FOLDER ...]``: train the UNet that segments the lungs.

The training images are phantoms with exact masks, and real slices with plausible masks of a classical
pipeline. Real files have all kinds of windows and crops, so window, field of view, size and noise are
randomised for each sample; grey levels are never inverted. FOLDER keeps the phantoms.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from demo.phantom.patient import draw
from demo.phantom.thorax import cut
from demo.population import levels
from demo.streams import Stream
from demo.threshold_lungs import lungs_by_threshold
from demo.unet import UNet

PATIENTS, SIDE, INPUT, BATCH = 300, 256, 128, 24
SAMPLES, RATE = 28_000, 2e-3
REAL_SHARE, EMPTY_SHARE, UPSIDE_DOWN = 0.3, 0.06, 0.1
PADDING = -2000.0  # HU outside the field of view
LUNG_WINDOW = (-1350.0, 150.0)  # assumed for 8-bit files of unknown window


@dataclass(frozen=True)
class Slices:
    """``hu`` float32 and ``lungs`` float32 0..1, both (n, 1, 256, 256)."""

    hu: Tensor
    lungs: Tensor


# -- training images ----------------------------------------------------------------------------------


def phantoms(folder: Path) -> Slices:
    """Phantoms without scanner noise, which is added to every sample."""
    path = folder / "hounsfield.npz"
    if not path.exists():
        with ProcessPoolExecutor() as pool:
            drawn = [each for patient in pool.map(_patient, range(PATIENTS)) for each in patient]
        hu, lungs = (np.stack(part) for part in zip(*drawn, strict=True))
        np.savez_compressed(path, hu=hu, lungs=np.packbits(lungs, axis=2))
    with np.load(path, allow_pickle=False) as kept:
        lungs = np.unpackbits(kept["lungs"], axis=2)
        return Slices(_batch(kept["hu"]), _batch(lungs))


def _patient(number: int) -> list[tuple[np.ndarray, np.ndarray]]:
    patient = draw(Stream.TRAINING, number)
    slices = [cut(patient, level) for level in levels(Stream.TRAINING, number)]
    return [(each.hu.round().astype(np.int16), each.lungs) for each in slices]


def real(folders: list[Path]) -> Slices:
    """Real 8-bit slices of 256 x 256 px with a plausible classical mask."""
    hu, lungs = [], []
    low, high = LUNG_WINDOW
    for path in sorted(path for folder in folders for path in folder.glob("*.png")):
        pixels = np.asarray(Image.open(path).convert("L"))
        mask = lungs_by_threshold(pixels)
        if mask is not None and pixels.shape == (SIDE, SIDE):
            hu.append(low + (high - low) * pixels.astype(np.float32) / 255)
            lungs.append(mask)
    return Slices(_batch(np.stack(hu)), _batch(np.stack(lungs)))


def _batch(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images.astype(np.float32))[:, None]


# -- augmentation -------------------------------------------------------------------------------------


def uniform(low: float, high: float, count: int) -> Tensor:
    return low + (high - low) * torch.rand(count, 1, 1, 1)


def shown(slices: Slices) -> tuple[Tensor, Tensor]:
    """Augmented images (n, 1, 128, 128) in 0..1 and their masks in 0..1."""
    count = len(slices.hu)
    hu = _without_lungs(slices) if torch.rand(()) < EMPTY_SHARE else slices.hu
    lungs = torch.zeros_like(slices.lungs) if hu is not slices.hu else slices.lungs
    hu = hu + _noise(count)
    grid = _places(count)
    air = hu[:, :, :1, :1].expand(count, 1, 1, 1)
    hu = functional.grid_sample(hu - air, grid, align_corners=False) + air
    lungs = functional.grid_sample(lungs, grid, align_corners=False)
    hu, lungs = _field_of_view(hu, lungs)
    return functional.avg_pool2d(_window(hu), 2), functional.avg_pool2d(lungs, 2)


def _without_lungs(slices: Slices) -> Tensor:
    """Lungs replaced by tissue, for slices without lungs."""
    count = len(slices.hu)
    coarse = functional.interpolate(torch.randn(count, 1, 9, 9), size=SIDE, mode="bicubic")
    tissue = uniform(-60, 80, count) + 60 * coarse
    return torch.where(slices.lungs > 0, tissue, slices.hu)


def _noise(count: int) -> Tensor:
    """Noise in HU of up to 90 HU, correlated as after reconstruction."""
    white = torch.randn(count, 1, SIDE, SIDE)
    soft = functional.avg_pool2d(white, 3, stride=1, padding=1) * 3
    share = torch.rand(count, 1, 1, 1)
    return uniform(0, 1, count) ** 2 * 90 * (share * white + (1 - share) * soft)


def _places(count: int) -> Tensor:
    """Random sampling grid (n, 256, 256, 2): rotation, zoom, shift, stretch, warp and flips."""
    angle = uniform(-0.3, 0.3, count)[:, 0, 0, 0]
    zoom = torch.exp(uniform(-0.45, 0.45, count))[:, 0, 0, 0]
    stretch = torch.exp(uniform(-0.12, 0.12, count))[:, 0, 0, 0]
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    upside = torch.where(torch.rand(count) < UPSIDE_DOWN, -1.0, 1.0)
    rows = [
        torch.stack(
            [mirror * zoom * stretch * angle.cos(), -zoom * angle.sin(), torch.rand(count) * 0.4 - 0.2], 1
        ),
        torch.stack(
            [
                mirror * zoom * angle.sin(),
                upside * zoom / stretch * angle.cos(),
                torch.rand(count) * 0.4 - 0.2,
            ],
            1,
        ),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), [count, 1, SIDE, SIDE], align_corners=False)
    bend = functional.interpolate(0.03 * torch.randn(count, 2, 5, 5), size=SIDE, mode="bicubic")
    return grid + bend.permute(0, 2, 3, 1)


def _field_of_view(hu: Tensor, lungs: Tensor) -> tuple[Tensor, Tensor]:
    """In half of the samples, a circular field of view with padding: a disc in a wide window."""
    count = len(hu)
    axis = torch.linspace(-1, 1, SIDE)
    centre = [uniform(-0.12, 0.12, count) for _ in range(2)]
    radius = torch.hypot(axis[None, None, :, None] - centre[0], axis[None, None, None, :] - centre[1])
    outside = (radius > uniform(0.78, 1.1, count)) & (torch.rand(count, 1, 1, 1) < 0.5)
    return torch.where(outside, PADDING, hu), torch.where(outside, 0.0, lungs)


def _window(hu: Tensor) -> Tensor:
    """HU to 0..1 with a random window and gamma: lung windows, and wide ones that include the padding."""
    count = len(hu)
    low, high = uniform(-1400, -850, count), uniform(100, 1600, count)
    wide = torch.rand(count, 1, 1, 1) < 0.35
    low = torch.where(wide, uniform(-2000, -1000, count), low)
    shares = ((hu - low) / (high - low)).clamp(0, 1) ** torch.exp(uniform(-0.45, 0.45, count))
    floor = uniform(0, 0.2, count)
    return floor + (uniform(0.7, 1, count) - floor) * shares


# -- training -----------------------------------------------------------------------------------------


def batches(sources: list[Slices], shares: list[float]) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(SAMPLES // BATCH):
        source = sources[int(torch.multinomial(torch.tensor(shares), 1))]
        chosen = torch.randint(len(source.hu), (BATCH,))
        yield shown(Slices(source.hu[chosen], source.lungs[chosen]))


def loss_of(logits: Tensor, lungs: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice loss, equally weighted."""
    probability = logits.sigmoid()
    overlap = 2 * (probability * lungs).sum((1, 2, 3)) + 1
    dice = overlap / (probability.sum((1, 2, 3)) + lungs.sum((1, 2, 3)) + 1)
    return functional.binary_cross_entropy_with_logits(logits, lungs) + 1 - dice.mean()


def train(sources: list[Slices], shares: list[float]) -> UNet:
    torch.manual_seed(0)
    network = UNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    steps = SAMPLES // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    mean = 1.0
    for step, (images, lungs) in enumerate(batches(sources, shares), start=1):
        loss = loss_of(network(images.to(memory_format=torch.channels_last)), lungs)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach())
        if step % 50 == 0:
            print(f"step {step} of {steps}: loss {mean:.3f}", flush=True)
    return network.eval()


def main() -> None:
    from core.regions.lung_network import WEIGHTS

    parser = argparse.ArgumentParser(prog="python -m demo.lungs", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--real", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    sources, shares = [phantoms(args.folder)], [1.0]
    if args.real:
        sources.append(real(args.real))
        shares = [1 - REAL_SHARE, REAL_SHARE]
        print(f"{len(sources[1].hu)} real slices have a plausible classical mask")
    network = train(sources, shares)
    kept = {
        name: value.half().contiguous()
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }
    save_file(kept, WEIGHTS)


if __name__ == "__main__":
    main()
