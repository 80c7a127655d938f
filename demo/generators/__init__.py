"""Four small generative models of thorax slices that differ in family and in upsampling.

Eigen-images with Gaussian coefficients (no upsampling: every pixel has its own weights), a variational
autoencoder (bilinear), and two adversarial networks (transposed convolutions; nearest neighbour). All produce
128 x 128 px and are enlarged to 256 px in the same way, as many generators work below their output size.
"""

from pathlib import Path

import numpy as np

EIGEN = "eigen"
ENLARGED_BY = {"vae": "bilinear", "gan_transposed": "transposed", "gan_nearest": "nearest"}
NAMES = (EIGEN, *ENLARGED_BY)
SIDE = 128
WEIGHTS = Path(__file__).parents[1] / "weights"


def sample(name: str, count: int, seed: int, weights: Path = WEIGHTS) -> np.ndarray:
    """``count`` images of a model, uint8 (count, 128, 128); the same seed gives the same images.

    On another CPU, single pixels may differ by one grey level.
    """
    path = weights / f"{name}.safetensors"
    if name == EIGEN:
        from demo.generators import eigen

        values = eigen.sample(path, count, seed)
    else:
        from demo.generators import networks

        values = networks.sample(path, ENLARGED_BY[name], count, seed)
    return np.clip(127.5 * (values + 1), 0, 255).round().astype(np.uint8)
