"""Autoencoder training against the same network in a bare torch loop with its data in memory."""

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from core.images.library import Library
from core.inference.runtime import usable_cores
from core.reconstructing import Reconstructing
from core.reconstruction.networks import BATCH, HELD_OUT, RATE, Autoencoder
from core.store import Store
from core.values import AutoencoderSpec, ImageFile, ImageSet
from tests.bench.rounds import Spread, interleave, ratio

OURS, BARE = "ours, checkpoint an epoch", "bare torch loop"
SPEC = AutoencoderSpec(size=128, epochs=1)


@dataclass(frozen=True)
class Trained:
    """Images per second, and ours as a share of the bare loop's in the same round."""

    images: int
    ours: dict[str, float]
    bare: dict[str, float]
    share: dict[str, float]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(images: int, epochs: int, rounds: int) -> Trained:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, SPEC.size, SPEC.size), np.uint8)
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        library = Library(Path(folder))
        files = tuple(ImageFile(f"{i}.png", library.add_pixels(each)) for i, each in enumerate(pixels))
        image_set = ImageSet("bench", "membership", files)
        torch.set_num_threads(usable_cores())
        paces, _ = interleave(
            {
                OURS: lambda: _ours(Path(folder), library, image_set, epochs),
                BARE: lambda: _bare(pixels, epochs),
            },
            rounds,
        )
    spreads = {name: Spread.of(values).as_json() for name, values in paces.items()}
    return Trained(images, spreads[OURS], spreads[BARE], ratio(paces, OURS, BARE).as_json())


def text(found: Trained) -> str:
    return "\n".join(
        [
            f"AUTOENCODER, {SPEC.size} px, {found.images} images, reading and decoding them included in ours",
            f"  {OURS:32}{found.ours['median']:8.0f} images/s",
            f"  {BARE:32}{found.bare['median']:8.0f} images/s",
            f"  share {found.share['median']:.2f} ({found.share['low']:.2f} to {found.share['high']:.2f}); "
            "wanted: 0.9",
        ]
    )


def _ours(folder: Path, library: Library, image_set: ImageSet, epochs: int) -> float:
    """Images learnt from per second of a whole training: reading, held-out tenth and checkpoints count."""
    store = Store(folder / f"store{time.monotonic_ns()}")
    engine = Reconstructing(store, library)
    start = time.perf_counter()
    engine.weights(image_set, replace(SPEC, epochs=epochs))
    seconds = time.perf_counter() - start
    store.clear()
    store.close()
    return (len(image_set) - round(HELD_OUT * len(image_set))) * epochs / seconds


def _bare(pixels: np.ndarray, epochs: int) -> float:
    """The loop of a tutorial: no validation, no checkpoint, floats in memory; as many images an epoch."""
    images = (torch.from_numpy(pixels).float() / 255)[:, None].contiguous(memory_format=torch.channels_last)
    network = Autoencoder(SPEC.size, SPEC.bottleneck).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    start = time.perf_counter()
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(BATCH):
            loss = functional.mse_loss(network(images[batch]), images[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return len(images) * epochs / (time.perf_counter() - start)
