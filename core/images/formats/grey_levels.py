"""From stored values to 8-bit grey levels, by the same rules for images, NumPy arrays and volumes.

=================================  =================================================================
up to 8 bits                       as they are; masks become 0 and 255
slope or intercept was chosen      v x slope + intercept (HU), then the window
16 bit, all within -3072..6000     v - 32768 (HU), then the window: CT that was made unsigned
  after subtracting 32768, air too
other 16 bit, unsigned             v / 257 rounded: the full range 0..65535 to 0..255
float 0..1                         times 255
float -1..1                        (v + 1) / 2 times 255
other values within 0..255         rounded
other values                       the window: the chosen one, or for volumes the default
=================================  =================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import UnreadableImage
from core.images.formats.decoded import NOT_HU, OFFSET_HU
from core.images.formats.windowing import View, Window, grey

UNIT, SIGNED, BYTES, WORDS = "0 to 1", "-1 to 1", "0 to 255", "0 to 65535"  # the recognised ranges
RANGES = (UNIT, SIGNED, BYTES, WORDS)
SLACK = 1e-3  # rounding errors by which values may exceed a range
OFFSET = 32_768
LOWEST, HIGHEST, AIR = -3_072, 6_000, -500  # HU; of CT with padding and metal; a slice has air


@dataclass(frozen=True, slots=True)
class Scale:
    """Value x ``slope`` + ``intercept`` is the grey level, or what ``window`` is applied to.

    ``scaled``: the range that was recognised, or ""; ``notes``: some of ``decoded.NOTES``.
    """

    slope: float = 1
    intercept: float = 0
    window: Window | None = None
    scaled: str = ""
    notes: tuple[str, ...] = ()

    def grey(self, values: np.ndarray) -> np.ndarray:
        """Values of any shape as uint8 of the same shape; NaN becomes black."""
        if values.dtype == np.uint8 and self == AS_THEY_ARE:
            return values.copy()
        scaled = values.astype(np.float32) * np.float32(self.slope) + np.float32(self.intercept)
        if self.window:
            return grey(scaled, self.window)
        return np.nan_to_num(np.clip(np.rint(scaled), 0, 255), nan=0.0).astype(np.uint8)


AS_THEY_ARE = Scale()


def scale_of(values: np.ndarray, view: View) -> Scale:
    """How an image's or a stack's values become grey levels. Raises UnreadableImage."""
    if values.dtype == bool:
        return Scale(255)
    if values.dtype == np.uint8:
        return AS_THEY_ARE
    if view.rescale:
        return Scale(*view.rescale, window=view.shown)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise UnreadableImage("contains values that are not finite (NaN or infinity)")
    if _is_16_bit(values):
        return _hu_with_offset(low, high, view) or Scale(1 / 257, scaled=WORDS)
    known = _known_range(low, high, values.dtype.kind == "f")
    if known is None and view.window is None:
        raise UnreadableImage(
            f"values from {low:g} to {high:g} fit no known range: choose a window (centre/width), or save "
            "them as 0..1, -1..1 or 0..255"
        )
    return known or Scale(window=view.window)


def scale_of_volume(values: np.ndarray, own: tuple[float, float], view: View) -> Scale:
    """How a volume's values become grey levels; ``own``: its header's slope and intercept, or (1, 0)."""
    if values.dtype == np.uint8 and own == (1, 0):
        return AS_THEY_ARE
    slope, intercept = view.rescale or own
    ends = sorted(float(end) * slope + intercept for end in (np.nanmin(values), np.nanmax(values)))
    low, high = np.nan_to_num(ends)
    if view.window is None and view.rescale is None:
        if _is_16_bit(values) and own == (1, 0) and (found := _hu_with_offset(low, high, view)):
            return found
        known = _known_range(low, high, values.dtype.kind == "f" or own != (1, 0))
        if known:
            return Scale(slope * known.slope, intercept * known.slope + known.intercept, scaled=known.scaled)
    return Scale(slope, intercept, view.shown, notes=(NOT_HU,) if low >= 0 else ())


def _is_16_bit(values: np.ndarray) -> bool:
    return values.dtype.kind == "u" and values.dtype.itemsize == 2  # of either byte order


def _hu_with_offset(low: float, high: float, view: View) -> Scale | None:
    if LOWEST <= low - OFFSET <= AIR and high - OFFSET <= HIGHEST:
        return Scale(1, -OFFSET, view.shown, notes=(OFFSET_HU,))
    return None


def _known_range(low: float, high: float, fractions: bool) -> Scale | None:
    if fractions and low >= -SLACK and high <= 1 + SLACK:
        return Scale(255, scaled=UNIT)
    if fractions and low >= -1 - SLACK and high <= 1 + SLACK:
        return Scale(127.5, 127.5, scaled=SIGNED)
    return Scale(scaled=BYTES) if low >= 0 and high <= 255 else None


def check_contrast(images: Sequence[np.ndarray], low: float, high: float, window: Window) -> None:
    """Raises UnreadableImage if values from ``low`` to ``high`` all became one grey level."""
    first = images[0].flat[0]
    if low < high and all((image == first).all() for image in images):
        raise UnreadableImage(
            f"the window {window} shows all of its values ({low:g} to {high:g}) as one grey level: choose a "
            "window that fits them, or slope and intercept"
        )
