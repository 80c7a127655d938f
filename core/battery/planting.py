"""Copies of real images as a generator that memorises might make them: what an attack should have found."""

import numpy as np

VERSION = 1
WARP = 0.015  # of the side: how far a pixel moves, typically
KNOTS = 9  # places a side that move independently
BRIGHTNESS = 0.05
NOISE = 3.0  # grey levels


def plant_copy(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 (H, W): the image mildly warped, brighter or darker, and noisy."""
    from scipy.ndimage import map_coordinates, zoom

    height, width = pixels.shape
    side = min(height, width)
    finer = (height / KNOTS, width / KNOTS)
    moves = [WARP * side * zoom(rng.standard_normal((KNOTS, KNOTS)), finer, order=3) for _ in range(2)]
    rows, columns = np.mgrid[:height, :width]
    warped = map_coordinates(
        pixels.astype(np.float32), (rows + moves[0], columns + moves[1]), order=1, mode="nearest"
    )
    shown = warped * (1 + BRIGHTNESS * rng.uniform(-1, 1)) + NOISE * rng.standard_normal((height, width))
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)
