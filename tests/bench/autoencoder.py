"""Autoencoder training against the same network in a bare torch loop with its data in memory.

The two take turns epoch by epoch, so that a machine which others use slows both alike.
"""

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from core.config import AutoencoderSpec
from core.images.library import Library
from core.membership.reconstruction.attack import ReconstructionAttack
from core.membership.reconstruction.autoencoder import BATCH, HELD_OUT, RATE, Autoencoder
from core.numeric.parallel import usable_cores
from core.progress import Step
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.bench.rounds import Spread

OURS, BARE = "ours, checkpoint an epoch", "bare torch loop"
SPEC = AutoencoderSpec(size=128, epochs=1)


@dataclass(frozen=True)
class Trained:
    """Images per second over all epochs, ours as a share of the bare loop's, and that share by epoch.

    Ours counts the images learnt from, in the time of a whole training: reading and decoding, held-out
    images, checkpoints and notes.
    """

    images: int
    epochs: int
    ours: float
    bare: float
    share: float
    by_epoch: dict[str, float]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class Bare:
    """The loop of a tutorial: no validation, no checkpoint, floats in memory."""

    def __init__(self, pixels: np.ndarray) -> None:
        grey = torch.from_numpy(pixels).float() / 255
        self.images = grey[:, None].contiguous(memory_format=torch.channels_last)
        self.network = Autoencoder(SPEC.size, SPEC.bottleneck).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), RATE)

    def epoch(self) -> float:
        """Seconds of one."""
        start = time.perf_counter()
        self.network.train()
        for batch in torch.randperm(len(self.images)).split(BATCH):
            loss = functional.mse_loss(self.network(self.images[batch]), self.images[batch])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
        return time.perf_counter() - start


def measure(images: int, epochs: int) -> Trained:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, SPEC.size, SPEC.size), np.uint8)
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        library = Library(Path(folder))
        files = tuple(ImageFile(f"{i}.png", library.add_pixels(each)) for i, each in enumerate(pixels))
        torch.set_num_threads(usable_cores())
        bare = Bare(pixels)
        ours, theirs = _in_turns(Path(folder), library, ImageSet("bench", "membership", files), bare, epochs)
    learnt = images - round(HELD_OUT * images)
    by_epoch = [(learnt / mine) / (images / its) for mine, its in zip(ours, theirs, strict=True)]
    paces = learnt * epochs / sum(ours), images * epochs / sum(theirs)
    spread = Spread.of(by_epoch).as_json()
    return Trained(images, epochs, round(paces[0], 1), round(paces[1], 1), paces[0] / paces[1], spread)


def _in_turns(
    folder: Path, library: Library, image_set: ImageSet, bare: Bare, epochs: int
) -> tuple[list[float], list[float]]:
    """Seconds of each epoch of ours and of the bare loop's; what comes before and after counts as ours."""
    ours: list[float] = []
    theirs: list[float] = []
    since = time.perf_counter()

    def turn(step: Step) -> None:
        nonlocal since
        if not step.stage.startswith("epoch") or step.done == len(ours):
            return  # within an epoch, or before the first, whose time reading the images counts with
        ours.append(time.perf_counter() - since)  # its checkpoint is written
        theirs.append(bare.epoch())
        since = time.perf_counter()

    store = Store(folder / "store")
    ReconstructionAttack(store, library, listener=turn).weights(image_set, replace(SPEC, epochs=epochs))
    ours[-1] += time.perf_counter() - since
    store.close()
    return ours, theirs


def text(found: Trained) -> str:
    by_epoch = found.by_epoch
    return "\n".join(
        [
            f"AUTOENCODER, {SPEC.size} px, {found.images} images x {found.epochs} epochs, in turns; "
            "ours with reading, held-out images, checkpoints",
            f"  {OURS:32}{found.ours:8.0f} images/s",
            f"  {BARE:32}{found.bare:8.0f} images/s",
            f"  share {found.share:.2f}; by epoch {by_epoch['median']:.2f} ({by_epoch['low']:.2f} to "
            f"{by_epoch['high']:.2f}); wanted: 0.9",
        ]
    )
