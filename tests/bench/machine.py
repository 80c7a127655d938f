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

from core.inference import quiet

PACKAGES = ("torch", "torchvision", "openvino", "numpy", "pillow", "scikit-learn", "scipy")
SIDE, PRODUCTS = 2048, 5  # of the matrix product: half a second on two cores


def describe() -> dict[str, object]:
    core = quiet.openvino().Core()
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


def product_gflops() -> float:
    """GFLOP/s of an fp32 matrix product on all threads, the best of a few: what a convolution hopes for."""
    a = torch.rand(SIDE, SIDE)
    out = torch.empty_like(a)
    seconds = []
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        torch.mm(a, a, out=out)
        seconds.append(time.perf_counter() - start)
    return 2e-9 * SIDE**3 / min(seconds)


def decoded_per_second(paths: Sequence[Path]) -> float:
    """Images per second that one thread decodes, PNG file to pixels."""
    start = time.perf_counter()
    for path in paths:
        with Image.open(path) as image:
            np.asarray(image)
    return len(paths) / (time.perf_counter() - start)
