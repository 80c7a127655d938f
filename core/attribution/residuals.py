"""What a generator leaves in every image, whatever the anatomy: residuals, their spectra, and regular grids.

A residual is the image less its median over 3 x 3 pixels. Its spectrum is taken under a Hann window, so that
the image's edges make no cross in it. A grid stands in single frequencies, above all their neighbours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.numeric.blocks import batched

FEWEST_PIXELS = 32  # a side: with fewer there are no neighbours to compare a frequency with
REACH, CORE = (
    5,
    1,
)  # the neighbourhood of a frequency: at most 5 away, and more than 1, as far as Hann spreads it
SMOOTH = 1 / 32  # of the side: frequencies as low as that rise steeply with the anatomy
LEVEL = 0.001  # chance of a grid in noise, over all frequencies
PERMUTATIONS = 199
FAINT = 0.01  # square of a grey level: what is less is rounding
LINE = 1.5  # deviations: a median of 8 is that far off at times, without a line in the spectrum
FLOOR = 1e-12  # of power, where an image is of one grey


@dataclass(frozen=True)
class Residuals:
    """Of n images (H, W) of one generator: the ``mean`` residual in grey levels; ``power`` (H, W), log10 of
    the mean |FFT|^2 a pixel, zero frequency in the middle; ``radial`` (n, bins), log10 of each image's power
    over the distance from it, in steps of 1 / the smaller side; ``energy`` (H, W), the mean square at each
    pixel."""

    mean: np.ndarray
    energy: np.ndarray
    power: np.ndarray
    radial: np.ndarray

    @property
    def autocorrelation(self) -> np.ndarray:
        """Of the mean residual, (H, W), 1 for no shift, which is in the middle; shifts wrap around."""
        centred = self.mean - self.mean.mean()
        found = np.fft.ifft2(np.abs(np.fft.fft2(centred)) ** 2).real
        return np.fft.fftshift(found / max(float(found[0, 0]), FLOOR))


@dataclass(frozen=True)
class Peak:
    """A frequency that stands out: ``x`` and ``y`` in cycles across the image, ``period`` in pixels, and how
    many standard deviations it is above its neighbours; ``kind``: pattern or strength (``peaks``)."""

    x: int
    y: int
    period: float
    z: float
    kind: str


@dataclass(frozen=True)
class Difference:
    """Of two radial spectra, (bins,): ``value``, first less second; what chance allows at each frequency
    (``point``) and at all of them together (``band``), as half widths around 0, in 95% of permutations."""

    value: np.ndarray
    point: np.ndarray
    band: np.ndarray
    p_value: float


def residual(pixels: np.ndarray) -> np.ndarray:
    """float64 (H, W) of a grey image uint8 (H, W)."""
    from scipy.ndimage import median_filter

    return pixels.astype(np.float64) - median_filter(pixels, 3, mode="nearest")


def measure(images: Iterable[np.ndarray]) -> Residuals:
    """Of at least one grey image, all of the same shape."""
    total = squares = powers = np.zeros(())
    radial: list[np.ndarray] = []
    for batch in batched(images, 16):
        rows = np.stack([residual(image) for image in batch])
        shape = (rows.shape[1], rows.shape[2])
        window, ring = _window(shape), _rings(shape)
        power = np.fft.fftshift(np.abs(np.fft.fft2(rows * window)) ** 2, (1, 2)) / np.square(window).sum()
        total = total + rows.sum(0)
        squares = squares + np.square(rows).sum(0)
        powers = powers + power.sum(0)
        radial += [_radial(each, ring) for each in power]
    count = len(radial)
    return Residuals(total / count, squares / count, np.log10(powers / count + FLOOR), np.stack(radial))


@lru_cache(4)
def _window(shape: tuple[int, ...]) -> np.ndarray:
    sides = [0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(side) + 0.5) / side) for side in shape]
    return np.outer(*sides)


def _frequencies(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Cycles across the image, (H, 1) and (1, W), zero in the middle."""
    height, width = shape
    return np.arange(height)[:, None] - height // 2, np.arange(width)[None] - width // 2


@lru_cache(4)
def _rings(shape: tuple[int, ...]) -> np.ndarray:
    """For each frequency the number of its ring: cycles a pixel times the smaller side, rounded."""
    y, x = _frequencies(shape)
    return np.rint(np.hypot(y / shape[0], x / shape[1]) * min(shape)).astype(int)


def _radial(power: np.ndarray, ring: np.ndarray) -> np.ndarray:
    bins = min(power.shape) // 2 + 1
    sums = np.bincount(ring.ravel(), power.ravel())[1:bins]
    return np.log10(sums / np.bincount(ring.ravel())[1:bins] + FLOOR)


def peaks(found: Residuals) -> tuple[Peak, ...]:
    """Single frequencies that stand out from their neighbours, the strongest first: in the spectrum
    ("pattern": the same lines in every image), or in that of the energy ("strength": residuals are stronger
    at every second pixel or so, which is what interpolation and JPEG's blocks leave; Gallagher 2005).

    Each is compared with the square around it and with its row and column there, so that a straight edge in
    the images, which is a line in the spectrum, is none. The threshold is Bonferroni's over all frequencies.
    """
    shape = found.power.shape
    if min(shape) < FEWEST_PIXELS:
        return ()
    energy = np.log10(found.energy + FAINT)
    window = _window(shape)
    strength = np.abs(np.fft.fft2((energy - np.average(energy, weights=window)) * window)) ** 2
    excess, deviation = _above(found.power, LINE)
    told = _single(excess / np.maximum(deviation, 1e-9), "pattern")
    told += _single(_as_normal(_above(np.fft.fftshift(np.log10(strength + FLOOR)), 0)[0]), "strength")
    return tuple(sorted(told, key=lambda peak: -peak.z))


def _single(z: np.ndarray, kind: str) -> list[Peak]:
    """Local maxima above the threshold, one of each pair of mirror images."""
    from scipy.special import ndtri

    height, width = z.shape
    y, x = _frequencies(z.shape)
    half = (y > 0) | ((y == 0) & (x > 0)) | (y == -(height / 2)) & (x >= 0) | (x == -(width / 2)) & (y >= 0)
    half |= (y == -(height / 2)) & (x == -(width / 2))
    asked = half & (np.hypot(y / height, x / width) > max(SMOOTH, 3 / min(z.shape)))
    threshold = -ndtri(LEVEL / int(asked.sum()))
    places = np.argwhere(asked & (z > threshold) & (z >= _largest_near(z)))
    return [_peak(int(y[row, 0]), int(x[0, column]), z.shape, z[row, column], kind) for row, column in places]


def _as_normal(excess: np.ndarray) -> np.ndarray:
    """z of one spectrum's log10 power over the median around it: in noise it has an exponential
    distribution."""
    from scipy.special import ndtri_exp

    return -np.asarray(ndtri_exp(-np.log(2) * 10.0 ** np.minimum(excess, 6)))


def _peak(y: int, x: int, shape: tuple[int, ...], z: float, kind: str) -> Peak:
    return Peak(x, y, 1 / float(np.hypot(y / shape[0], x / shape[1])), float(z), kind)


def _above(power: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
    """How far a log spectrum (H, W) is above its neighbours, and the robust deviation of these, or of all
    where that is larger; at its borders the spectrum goes on at the other side."""
    offsets = np.arange(-REACH, REACH + 1)
    down, across = np.meshgrid(offsets, offsets, indexing="ij")
    away = np.maximum(abs(down), abs(across)) > CORE
    middle = _median(power, away)
    deviations = abs(power - middle)
    deviation = 1.4826 * np.maximum(_median(deviations, away), np.median(deviations))
    line = np.maximum(_median(power, away & (down == 0)), _median(power, away & (across == 0)))
    expected = np.maximum(middle, line - slack * deviation)
    return power - expected, deviation


def _median(values: np.ndarray, footprint: np.ndarray) -> np.ndarray:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(values, footprint=footprint, mode="wrap"))


def _largest_near(z: np.ndarray) -> np.ndarray:
    from scipy.ndimage import maximum_filter

    return np.asarray(maximum_filter(z, 2 * CORE + 1, mode="wrap"))


def grid_period(found: tuple[Peak, ...], shape: tuple[int, ...]) -> float | None:
    """The side in pixels of the cell of a grid; None where no peak tells one. See ``_spacing``; the longer
    side of cells that are not square."""
    across = _spacing([abs(peak.x) for peak in found])
    down = _spacing([abs(peak.y) for peak in found])
    sides = [side / base for side, base in ((shape[1], across), (shape[0], down)) if base]
    return max(sides, default=None)


def _spacing(values: list[int]) -> float | None:
    """The frequency of which most others are multiples, the highest of several: a grid has all of them, and
    any of them may be too weak to be a peak."""
    moving = [value for value in values if value > 0]
    bases = sorted({value / part for value in moving for part in range(1, 5) if value / part >= 3})
    multiples = [sum(_is_multiple(value, base) for value in moving) for base in bases]
    return max(zip(multiples, bases, strict=True), default=(0, None))[1]


def _is_multiple(value: int, base: float) -> bool:
    return abs(value - base * round(value / base)) <= min(0.75, base / 8)


def compare(first: np.ndarray, second: np.ndarray, seed: int = 0) -> Difference:
    """Mean radial spectra of images (n, bins) and (m, bins); images are exchanged between the two at
    random."""
    rows = np.concatenate([first, second])
    count = len(first)
    rng = np.random.default_rng(seed)
    chosen = np.zeros((PERMUTATIONS, len(rows)))
    for draw in chosen:
        draw[rng.permutation(len(rows))[:count]] = 1
    weights = chosen / count - (1 - chosen) / (len(rows) - count)
    drawn = np.abs(weights @ (rows - rows.mean(0)))
    value = first.mean(0) - second.mean(0)
    spread = np.sqrt(np.square(drawn).mean(0)) + FLOOR
    largest = np.sort((drawn / spread).max(1))
    rank = int(np.ceil(0.95 * (PERMUTATIONS + 1))) - 1
    observed = float((np.abs(value) / spread).max())
    p_value = (1 + int((largest >= observed - 1e-12).sum())) / (1 + PERMUTATIONS)
    return Difference(value, np.sort(drawn, 0)[rank], largest[rank] * spread, p_value)
