"""Eigen-images: the mean plus principal components with Gaussian coefficients (Turk and Pentland 1991).

Mean, components and coefficients are whole numbers, so sums are exact in any order and the images are the
same on every machine; they need not be bundled.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from demo.generators import SIDE

COMPONENTS = 64
UNIT = 2.0**-14  # scale of the mean and the components
STEP = 2.0**-10  # scale of the coefficients


def train(images: np.ndarray, path: Path) -> None:
    """``images`` float32 (n, 128, 128) in -1..1; components are stored scaled by their standard deviation."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    mean = flat.mean(0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)
    top = np.argsort(values)[::-1][:COMPONENTS]
    components = (vectors[:, top] / np.sqrt(len(flat) - 1)).T @ centred
    signs = np.sign(components[np.arange(COMPONENTS), np.abs(components).argmax(1)])
    kept = {"mean": mean, "components": components * signs[:, None]}
    save_file({name: (value / UNIT).round().astype(np.int16) for name, value in kept.items()}, path)


def sample(path: Path, count: int, seed: int) -> np.ndarray:
    """float64 (count, 128, 128), about -1..1."""
    kept = {name: value.astype(np.float64) for name, value in load_file(path).items()}
    amounts = (np.random.default_rng(seed).standard_normal((count, COMPONENTS)) / STEP).round()
    exact = kept["mean"] / STEP + amounts @ kept["components"]
    return np.asarray(UNIT * STEP * exact).reshape(count, SIDE, SIDE)
