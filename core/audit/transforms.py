"""Steps that remove a confounder by treating all images alike, or that disturb images as a file's way may do.

A step is a row of the registry: a title, words for the name of the derived data set, and a function of uint8
pixels (H, W). Histogram matching maps each grey level to the level of the same rank in the pooled histogram
of the data set (Gonzalez and Woods); the rank of a level is that of its middle, so that backgrounds of
different extent are mapped to the same grey level.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import BadChoice
from core.hashing import pixels_key
from core.images.transforms import resize
from core.registry import Registry

LEVELS = 256


@dataclass(frozen=True, slots=True)
class DeriveSpec:
    """``steps`` in the order in which they are applied; ``size`` in px a side; ``quality`` of JPEG (Pillow);
    ``blur``: the Gaussian's deviation in px; ``noise``: its deviation in grey levels; ``contrast`` and
    ``brightness`` of another window, v -> (v - 128) x contrast + 128 + brightness.

    Raises BadChoice if a step is repeated or a number is out of range, UnknownName for an unknown step.
    """

    steps: tuple[str, ...]
    size: int = 256
    quality: int = 75
    blur: float = 0.7
    noise: float = 3.0
    contrast: float = 1.2
    brightness: float = -10.0

    def __post_init__(self) -> None:
        for step in self.steps:
            STEPS.get(step)
        if not self.steps or len(set(self.steps)) < len(self.steps):
            raise BadChoice(f"Choose at least one step, each once: {', '.join(STEPS.names())}.")
        if not 16 <= self.size <= 1024:
            raise BadChoice(f"Images are resized to 16 to 1024 px; got {self.size}.")
        if not 1 <= self.quality <= 100:
            raise BadChoice(f"JPEG quality is 1 to 100; got {self.quality}.")
        if not (0 < self.blur <= 20 and 0 < self.noise <= 100):
            raise BadChoice(
                f"Blur is up to 20 px, noise up to 100 levels; got {self.blur:g}, {self.noise:g}."
            )

    @property
    def words(self) -> str:
        return ", ".join(STEPS.get(step).words(self) for step in self.steps)


@dataclass(frozen=True)
class Step:
    """``apply`` takes uint8 (H, W) pixels, the spec and the pooled histogram (256,) of the data set;
    ``removes`` says whether it removes a confounder, rather than disturb images."""

    title: str
    words: Callable[[DeriveSpec], str]
    apply: Callable[[np.ndarray, DeriveSpec, np.ndarray], np.ndarray]
    removes: bool = True


STEPS: Registry[Step] = Registry("step")


def apply(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    """uint8 (H, W) after all steps."""
    for step in spec.steps:
        pixels = STEPS.get(step).apply(pixels, spec, pooled)
    return pixels


def pooled_histogram(images: Iterable[np.ndarray]) -> np.ndarray:
    """Shares of the grey levels, float (256,), averaged over the images regardless of their size."""
    total = np.zeros(LEVELS)
    for pixels in images:
        total += _histogram(pixels)
    return total / total.sum()


def _histogram(pixels: np.ndarray) -> np.ndarray:
    return np.bincount(pixels.ravel(), minlength=LEVELS) / pixels.size


def _match(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    ranks = np.cumsum(own := _histogram(pixels)) - own / 2
    return np.searchsorted(np.cumsum(pooled), ranks).clip(0, LEVELS - 1).astype(np.uint8)[pixels]


def _resize(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    return resize(pixels, spec.size)


def _jpeg(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=spec.quality)
    with Image.open(buffer, formats=("JPEG",)) as image:
        return np.asarray(image)


def _there_and_back(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    small = Image.fromarray(resize(pixels, spec.size))
    return np.asarray(small.resize(pixels.shape[::-1], Image.Resampling.BILINEAR))


def _blur(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return _grey(gaussian_filter(pixels.astype(np.float64), spec.blur, mode="nearest"))


def _noise(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    """Of a seed that is the image's own, so that it is the same each time."""
    rng = np.random.default_rng(int(pixels_key(pixels)[:16], 16))
    return _grey(pixels + spec.noise * rng.normal(size=pixels.shape))


def _window(pixels: np.ndarray, spec: DeriveSpec, pooled: np.ndarray) -> np.ndarray:
    return _grey((pixels - 128.0) * spec.contrast + 128 + spec.brightness)


def _grey(values: np.ndarray) -> np.ndarray:
    return values.round().clip(0, LEVELS - 1).astype(np.uint8)


STEPS.register("histogram", Step("Histogram matching", lambda _: "histogram matched", _match))
STEPS.register("resize", Step("Resize", lambda spec: f"{spec.size} px", _resize))
STEPS.register("jpeg", Step("JPEG", lambda spec: f"JPEG {spec.quality}", _jpeg))
STEPS.register("resample", Step("There and back", lambda s: f"{s.size} px and back", _there_and_back, False))
STEPS.register("blur", Step("Blur", lambda spec: f"blur {spec.blur:g} px", _blur, False))
STEPS.register("noise", Step("Noise", lambda spec: f"noise {spec.noise:g}", _noise, False))
STEPS.register(
    "window",
    Step("Window", lambda s: f"contrast x {s.contrast:g}, brightness {s.brightness:+g}", _window, False),
)
