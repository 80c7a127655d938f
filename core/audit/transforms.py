"""Steps that remove a confounder by treating all images alike.

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
from core.images.transforms import resize
from core.registry import Registry

LEVELS = 256


@dataclass(frozen=True, slots=True)
class DeriveSpec:
    """``steps`` in the order in which they are applied; ``size`` in px a side; ``quality`` of JPEG (Pillow).

    Raises BadChoice if a step is repeated or a number is out of range, UnknownName for an unknown step.
    """

    steps: tuple[str, ...]
    size: int = 256
    quality: int = 75

    def __post_init__(self) -> None:
        for step in self.steps:
            STEPS.get(step)
        if not self.steps or len(set(self.steps)) < len(self.steps):
            raise BadChoice(f"Choose at least one step, each once: {', '.join(STEPS.names())}.")
        if not 16 <= self.size <= 1024:
            raise BadChoice(f"Images are resized to 16 to 1024 px; got {self.size}.")
        if not 1 <= self.quality <= 100:
            raise BadChoice(f"JPEG quality is 1 to 100; got {self.quality}.")

    @property
    def words(self) -> str:
        return ", ".join(STEPS.get(step).words(self) for step in self.steps)


@dataclass(frozen=True)
class Step:
    """``apply`` takes uint8 (H, W) pixels, the spec and the pooled histogram (256,) of the data set."""

    title: str
    words: Callable[[DeriveSpec], str]
    apply: Callable[[np.ndarray, DeriveSpec, np.ndarray], np.ndarray]


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


STEPS.register("histogram", Step("Histogram matching", lambda _: "histogram matched", _match))
STEPS.register("resize", Step("Resize", lambda spec: f"{spec.size} px", _resize))
STEPS.register("jpeg", Step("JPEG", lambda spec: f"JPEG {spec.quality}", _jpeg))
