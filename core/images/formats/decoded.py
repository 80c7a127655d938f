"""The decoded images of a file, and facts about the file. No fact contains a value from its header."""

from dataclasses import dataclass

import numpy as np

from core.types import Origin

BURNED_IN, UNSAID = "yes", "unsaid"  # text in the pixels, according to the file's own tag

# Notes on how the values of a file became grey levels; remarks.py has a sentence for each.
NO_RESCALE = "no rescale"  # CT without slope and intercept
OWN_WINDOW = "own window"  # the window or lookup table in the header
SHIFTED = "shifted"  # the values do not end at the lowest bit
NOT_HU = "not HU"  # values through a window in HU that can't be HU
OFFSET_HU = "HU + 32768"  # recognised in 16-bit values
NOTES = (NO_RESCALE, OWN_WINDOW, SHIFTED, NOT_HU, OFFSET_HU)


@dataclass(frozen=True, slots=True)
class Facts:
    """``dropped``: keywords of header fields left unread; ``private``: number of fields without a keyword.

    ``windowed``: a window was applied to the values. ``burned_in``: BURNED_IN, UNSAID or "". ``scaled``: the
    range of values that was recognised (grey_levels), or "". ``notes``: some of NOTES. ``patient``,
    ``series``: keyed hashes of identifiers in the header, or "". ``labels``: one per image, or none.
    """

    origin: Origin
    windowed: bool = False
    dropped: tuple[str, ...] = ()
    private: int = 0
    burned_in: str = ""
    scaled: str = ""
    notes: tuple[str, ...] = ()
    patient: str = ""
    series: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """``images``: uint8 (H, W) each; a scan has one per frame or slice."""

    images: list[np.ndarray]
    facts: Facts
