"""Extraction from PNG files to rows of features: ours against eager torchvision, in turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from core.features import catalog
from core.features.pretrained.backbones import NETWORKS
from core.images.library import Library
from core.inference import runtime
from tests.bench import machine
from tests.bench.eager import Eager
from tests.bench.fidelity import Fidelity
from tests.bench.ours import Ours, on_cpu, on_cuda, prepare
from tests.bench.rounds import Paces, Spread, interleave, ratio

SIDE = 256
EAGER, FP32, STORED, BF16 = (
    "eager torchvision fp32",
    "ours fp32",
    "ours fp32, committed in the store",
    "ours bf16",
)
FIDELITY = "torch-fidelity fp32"
PRODUCT, PRODUCT_BF16 = "fp32 matrix product, GFLOP/s", "bf16 matrix product, GFLOP/s"
COPY, DECODING = "memory copy on one thread, GB/s", "PNG decoding on one thread, images/s"
LIMITS = (PRODUCT, PRODUCT_BF16, COPY, DECODING)
NO_BF16 = "not measured: this processor does not compute in bf16"


@dataclass(frozen=True)
class Result:
    """One backbone. ``paces``: by contestant, a value a round; ``others``: cores that others took then.

    ``loaders``: the trial of the baseline's, images/s by number of workers.
    """

    backbone: str
    size: int
    gigaflops: float  # an image, a multiply-add as two
    workers: int
    loaders: dict[int, float]
    paces: Paces
    others: Paces
    difference: dict[str, float]
    prepare_seconds: float
    compile_seconds: float

    def contestants(self) -> list[str]:
        return [name for name in self.paces if name not in LIMITS]

    def ratio(self, name: str) -> Spread:
        return ratio(self.paces, name, EAGER)

    def pace(self, name: str) -> Spread:
        return Spread.of(self.paces[name])

    def share_of_product(self, name: str) -> float:
        """Of the matrix product's GFLOP/s, in its precision and round, the part that it reaches."""
        product = PRODUCT_BF16 if name == BF16 else PRODUCT
        return self.gigaflops * ratio(self.paces, name, product).median

    def as_json(self) -> dict[str, object]:
        return {
            "size": self.size,
            "gigaflops_per_image": self.gigaflops,
            "baseline_workers": self.workers,
            "baseline_trial_images_per_second": self.loaders,
            "ratio_to_eager": {name: self.ratio(name).as_json() for name in self.contestants()},
            "bf16": "measured" if BF16 in self.paces else NO_BF16,
            "rounds": self.paces,
            "cores_taken_by_others": self.others,
            "relative_difference_to_eager": self.difference,
            "prepare_seconds": self.prepare_seconds,
            "compile_seconds": self.compile_seconds,
        }


def synthetic(library: Library, count: int, seed: int = 0) -> list[str]:
    """Grey images that compress as CT slices do: smooth shapes under a little noise. Their hashes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    ids = []
    for _ in range(count):
        image = np.zeros((SIDE, SIDE))
        for cx, cy, width, grey in rng.uniform((-0.7, -0.7, 0.1, -60), (0.7, 0.7, 0.6, 90), (12, 4)):
            image += grey * (np.hypot(x - cx, y - cy) < width)
        body = 80 + image + rng.normal(0, 6, image.shape)
        image = np.where(np.hypot(x, y * 1.2) < 0.9, body, 0)  # air around the body is black
        ids.append(library.add_pixels(np.clip(image, 0, 255).astype(np.uint8)))
    return ids


def files(root: Path, ids: Sequence[str]) -> list[Path]:
    """The PNG files of a library's images."""
    by_hash = {path.stem: path for path in root.rglob("*.png")}
    return [by_hash[identity] for identity in ids]


def measure(backbone: str, root: Path, ids: Sequence[str], rounds: int) -> Result:
    """All contestants over the same files. Nothing is timed before each has run once."""
    library, paths = Library(root), files(root, ids)
    spec = catalog.spec(backbone, weights=catalog.UNTRAINED)
    network, prepare_seconds = prepare(spec)
    ours = Ours(spec, lambda: on_cpu(spec, network), library, ids)
    eager = Eager(spec, paths)
    expected = eager.warm_up()
    loaders = {workers: eager.loader(workers) for workers in (0, 2)}
    trial = {workers: eager.pace(loader) for workers, loader in loaders.items()}
    workers = max(trial, key=lambda count: trial[count])
    difference = {FP32: _relative(ours.rows(len(expected)), expected)}
    contestants: dict[str, Callable[[], float]] = {
        PRODUCT: machine.product_gflops,
        EAGER: lambda: eager.pace(loaders[workers]),
        FP32: ours.pace,
        STORED: ours.committed_pace,
        COPY: machine.copied_per_second,
        DECODING: lambda: machine.decoded_per_second(paths),
    }
    if backbone == "vgg16":
        fidelity = Fidelity(paths)
        fidelity.pace()
        contestants[FIDELITY] = fidelity.pace
    if machine.computes_bf16():
        contestants[PRODUCT_BF16] = lambda: machine.product_gflops(torch.bfloat16)
        half = replace(spec, precision="bf16")
        fast = Ours(half, lambda: on_cpu(half, network), library, ids)
        difference[BF16] = _relative(fast.rows(len(expected)), expected)
        contestants[BF16] = fast.pace
    if runtime.has_cuda():
        for precision in catalog.PRECISIONS:
            chosen = replace(spec, precision=precision)
            on_gpu = Ours(chosen, partial(on_cuda, chosen), library, ids)
            difference[f"ours on CUDA {precision}"] = _relative(on_gpu.rows(len(expected)), expected)
            contestants[f"ours on CUDA {precision}"] = on_gpu.pace
    paces, others = interleave(contestants, rounds)
    return Result(
        backbone=backbone,
        size=spec.size,
        gigaflops=2 * NETWORKS.get(backbone).gmacs,
        workers=workers,
        loaders=trial,
        paces=paces,
        others=others,
        difference=difference,
        prepare_seconds=prepare_seconds,
        compile_seconds=ours.compile_seconds,
    )


def _relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Norm of the difference over the norm."""
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
