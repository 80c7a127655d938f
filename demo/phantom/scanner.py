"""Simulated CT: parallel projection, photon noise, filtered back-projection, and the display window.

Noise is added to the projections, as in a real scanner, so after reconstruction it has the texture of CT
noise: correlated, stronger behind bone, with streaks (Kak and Slaney 1988, chapter 3).
"""

import warnings

import numpy as np
from skimage.transform import iradon, radon

WATER = 0.0195  # 1 / mm at about 70 keV
VIEWS = 240
OUTSIDE = -1024.0  # HU around the field of view
WINDOW = (-600.0, 1500.0)  # level and width in HU: a lung window


def scan(
    hu: np.ndarray, field_of_view: float, dose: float, kernel: str, rng: np.random.Generator
) -> np.ndarray:
    """Simulate the scan of a slice: HU in, HU out, float (side, side).

    ``field_of_view`` in mm; ``dose`` in photons per ray; ``kernel`` is a filter of skimage's ``iradon``.
    """
    side = hu.shape[0]
    pixel = field_of_view / side
    angles = np.linspace(0, 180, VIEWS, endpoint=False)
    circle = np.hypot(*np.meshgrid(*[np.arange(side) - side // 2] * 2)) <= side // 2 - 1
    attenuation = np.where(circle, WATER * (1 + hu / 1000), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rounding at the rim of the circle
        rays = radon(attenuation, angles, circle=True) * pixel
    counted = np.maximum(rng.poisson(dose * np.exp(-rays)), 1)
    measured = np.log(dose / counted) / pixel
    seen = iradon(measured, angles, filter_name=kernel, circle=True)
    return np.where(circle, 1000 * (seen / WATER - 1), OUTSIDE)


def windowed(hu: np.ndarray) -> np.ndarray:
    """HU to uint8 in the lung window, like the challenge's files."""
    level, width = WINDOW
    share = (hu - (level - width / 2)) / width
    return np.clip(255 * share, 0, 255).round().astype(np.uint8)
