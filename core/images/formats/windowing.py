"""Display windows, which map values without a fixed range to 8-bit grey, and the axis along which to cut.

A window is LINEAR_EXACT in DICOM PS3.3, C.11.2.1.3.2: y = 255 ((x - centre) / width + 0.5), clipped to 0..255
and rounded. The lung window, centre -600 HU and width 1500 HU, shows -1350 HU as black and 150 HU as white.
"""

import re
from dataclasses import dataclass

import numpy as np

from core.errors import BadChoice

AXES = ("axial", "coronal", "sagittal")
FARTHEST = 1e6  # limit on centre and width; CT values are below 32,768 HU


@dataclass(frozen=True, slots=True)
class Window:
    """``centre`` and ``width`` in the file's units (HU for CT). Raises BadChoice if out of range."""

    centre: float
    width: float

    def __post_init__(self) -> None:
        if not (abs(self.centre) <= FARTHEST and 0 < self.width <= FARTHEST):
            raise BadChoice(f"The width of a window must be above 0, and its centre a number; got {self}.")

    def __str__(self) -> str:
        return f"{self.centre:g}/{self.width:g}"


PRESETS = {"lung": Window(-600, 1500), "soft": Window(40, 400), "bone": Window(480, 2500)}
DEFAULT = "lung"


@dataclass(frozen=True, slots=True)
class View:
    """How values become grey levels: ``window``, None if not chosen; ``axis`` along which to cut volumes.

    ``slope``, ``intercept``: applied to stored values of more than 8 bits in place of the file's own; None if
    not chosen. ``captures``: DICOM scouts, dose pages and screen captures are wanted too.
    """

    window: Window | None = None
    axis: str = "axial"
    slope: float | None = None
    intercept: float | None = None
    captures: bool = False

    def __post_init__(self) -> None:
        if not all(abs(value) <= FARTHEST for value in (self.slope or 0, self.intercept or 0)):
            raise BadChoice(f"Slope and intercept must be numbers of at most {FARTHEST:,.0f}.")
        if self.slope == 0:
            raise BadChoice("The slope must not be 0: all values would be the same.")
        if self.axis not in AXES:
            raise BadChoice(f"The axis must be axial, coronal or sagittal; got '{self.axis}'.")

    @property
    def shown(self) -> Window:
        return self.window or PRESETS[DEFAULT]

    @property
    def rescale(self) -> tuple[float, float] | None:
        """Slope and intercept, if at least one was chosen."""
        if self.slope is None and self.intercept is None:
            return None
        return 1 if self.slope is None else self.slope, self.intercept or 0


def window(text: str) -> Window:
    """A window from a preset's name, or from centre/width such as -600/1500. Raises BadChoice."""
    if text in PRESETS:
        return PRESETS[text]
    number = r"\s*([+-]?[0-9]{1,7}(?:\.[0-9]{1,6})?)\s*"
    parts = re.fullmatch(f"{number}/{number}", text)
    if parts is None:
        raise BadChoice(
            f"A window must be {', '.join(PRESETS)}, or centre/width such as 40/400; got '{text}'."
        )
    return Window(float(parts[1]), float(parts[2]))


def grey(values: np.ndarray, shown: Window) -> np.ndarray:
    """Values of any shape and number type as uint8 of the same shape; NaN becomes black."""
    share = (values.astype(np.float32) - np.float32(shown.centre)) / np.float32(shown.width) + 0.5
    return np.rint(255 * np.nan_to_num(np.clip(share, 0, 1), nan=0.0)).astype(np.uint8)
