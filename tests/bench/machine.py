"""The machine: what it is, and how fast it can be at the two things that extraction is made of."""

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.inference import openvino_loader

PACKAGES = ("torch", "torchvision", "openvino", "numpy", "pillow", "scikit-learn", "scipy")
SIDES, PRODUCTS = (1024, 2048, 4096), 4  # of the matrix product: a second and a half on two cores
COPIED = 2**28  # bytes


def describe() -> dict[str, object]:
    core = openvino_loader.openvino().Core()
    return {
        "cpu": core.get_property("CPU", "FULL_DEVICE_NAME").strip(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads_of_torch": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "openvino_computes_in": sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def computes_bf16() -> bool:
    return "BF16" in openvino_loader.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def product_gflops(dtype: torch.dtype = torch.float32) -> float:
    """GFLOP/s of a matrix product on all threads, the best of a few sizes: what a convolution hopes for."""
    best = 0.0
    for side in SIDES:
        a = torch.rand(side, side).to(dtype)
        out = torch.empty_like(a)
        for _ in range(PRODUCTS):
            start = time.perf_counter()
            torch.mm(a, a, out=out)
            best = max(best, 2e-9 * side**3 / (time.perf_counter() - start))
    return best


def copied_per_second() -> float:
    """GB/s that one thread copies in memory, read and written bytes together."""
    source = np.ones(COPIED // 8)
    target = source.copy()  # its pages are there before the clock runs
    start = time.perf_counter()
    for _ in range(PRODUCTS):
        np.copyto(target, source)
    return 2e-9 * COPIED * PRODUCTS / (time.perf_counter() - start)


def decoded_per_second(paths: Sequence[Path]) -> float:
    """Images per second that one thread decodes, PNG file to pixels."""
    start = time.perf_counter()
    for path in paths:
        with Image.open(path) as image:
            np.asarray(image)
    return len(paths) / (time.perf_counter() - start)
