"""Descriptors computed straight from grey levels: local binary patterns, the residual spectrum, the pixels.

- LBP: Ojala, Pietikainen, Maenpaa 2002, by scikit-image. The paper's Table 2 says 1 feature and leaves
  radius, points and method open, so these are options here.
- Residual power spectrum: what is left after denoising carries the generator's fingerprint (Marra et al.
  2019), and upsampling shows in its spectrum (Frank et al. 2020; Corvi et al. 2023).
- The pixels themselves, small: the blind baseline. What a network finds beyond it is worth its cost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.config import Scalar
from core.errors import BadChoice
from core.registry import Registry

Options = Mapping[str, Scalar]


@dataclass(frozen=True)
class Option:
    """An option of a descriptor: its default, and either its choices or its range."""

    default: Scalar
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0

    def check(self, name: str, value: Scalar) -> Scalar:
        if self.choices:
            if value not in self.choices:
                raise BadChoice(f"{name} is one of {', '.join(self.choices)}; got '{value}'.")
        elif not (isinstance(value, int) and self.low <= value <= self.high):
            raise BadChoice(f"{name} is a whole number from {self.low} to {self.high}; got '{value}'.")
        return value


@dataclass(frozen=True)
class Descriptor:
    """``describe``: uint8 (H, W) and options to a float64 (D,) vector, D given by ``dimensions``."""

    title: str
    describe: Callable[[np.ndarray, Options], np.ndarray]
    dimensions: Callable[[Options], int]
    options: Mapping[str, Option]
    images_per_second: float  # a first guess of the pace


DESCRIPTORS: Registry[Descriptor] = Registry("backbone")

_LBP_CODES: Mapping[str, Callable[[int], int]] = {
    "uniform": lambda points: points + 2,
    "default": lambda points: 2**points,
    "ror": lambda points: 2**points,
    "nri_uniform": lambda points: points * (points - 1) + 3,
}


def _codes(options: Options) -> int:
    return _LBP_CODES[str(options["method"])](int(options["points"]))


def local_binary_patterns(pixels: np.ndarray, options: Options) -> np.ndarray:
    """Share of each code, or (``output=number``) the mean code as the paper's single feature."""
    from skimage.feature import local_binary_pattern

    points, radius = int(options["points"]), int(options["radius"])
    codes = local_binary_pattern(pixels, points, radius, str(options["method"]))
    if options["output"] == "number":
        return np.array([codes.mean()])
    return np.bincount(codes.astype(np.int64).ravel(), minlength=_codes(options)) / codes.size


def residual_spectrum(pixels: np.ndarray, options: Options) -> np.ndarray:
    """log10 power of the noise residual, averaged on rings of equal frequency up to Nyquist.

    ``content=shape`` subtracts the mean over the rings, so that contrast and amount of noise, which vary
    with the patient, drop out; ``content=power`` keeps them.

    Bin i covers spatial frequencies from i to i + 1 of ``bins`` equal parts of 0..0.5 cycles/px,
    whatever the image's size; a ring that a small image has no sample on takes its neighbours' mean.
    """
    from scipy.ndimage import median_filter

    bins = int(options["bins"])
    image = pixels.astype(np.float64)
    residual = image - median_filter(image, 3)
    window = _hann(image.shape[0])[:, None] * _hann(image.shape[1])[None, :]
    power = np.abs(np.fft.rfft2(residual * window)) ** 2 / (window**2).sum()
    frequency = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None, :])
    inside = frequency < 0.5
    ring = (frequency[inside] * 2 * bins).astype(np.int64)
    counts = np.bincount(ring, minlength=bins)
    mean = np.bincount(ring, power[inside], minlength=bins) / np.maximum(counts, 1)
    have = np.flatnonzero(counts)
    level = np.log10(np.interp(np.arange(bins), have, mean[have]) + 1e-3)
    return level - level.mean() if options["content"] == "shape" else level


def _hann(length: int) -> np.ndarray:
    """A Hann window; of so few px that it has nothing but zeros, none."""
    return np.hanning(length) if length > 2 else np.ones(length)


def thumbnail(pixels: np.ndarray, options: Options) -> np.ndarray:
    """Grey levels 0..255 of the image at ``side`` x ``side`` px, bilinear with antialiasing, row by row."""
    from PIL import Image

    side = int(options["side"])
    small = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float64).ravel()


DESCRIPTORS.register(
    "lbp",
    Descriptor(
        title="LBP",
        describe=local_binary_patterns,
        dimensions=lambda options: 1 if options["output"] == "number" else _codes(options),
        options={
            "radius": Option(1, low=1, high=16),
            "points": Option(8, low=4, high=12),
            "method": Option("uniform", choices=tuple(_LBP_CODES)),
            "output": Option("histogram", choices=("histogram", "number")),
        },
        images_per_second=150,
    ),
)
DESCRIPTORS.register(
    "residual_spectrum",
    Descriptor(
        title="Residual spectrum",
        describe=residual_spectrum,
        dimensions=lambda options: int(options["bins"]),
        options={
            "bins": Option(128, low=8, high=512),
            "content": Option("shape", choices=("shape", "power")),
        },
        images_per_second=80,
    ),
)
DESCRIPTORS.register(
    "pixels",
    Descriptor(
        title="Pixels",
        describe=thumbnail,
        dimensions=lambda options: int(options["side"]) ** 2,
        options={"side": Option(32, low=4, high=128)},
        images_per_second=500,
    ),
)
