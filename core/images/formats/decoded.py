"""The decoded images of a file, and facts about the file. No fact contains a value from its header."""

from dataclasses import dataclass

import numpy as np

from core.types import Origin

BURNED_IN, UNSAID = "yes", "unsaid"  # text in the pixels, according to the file's own tag


@dataclass(frozen=True, slots=True)
class Facts:
    """``dropped``: keywords of header fields left unread; ``private``: number of fields without a keyword.

    ``windowed``: a window was applied to the values. ``burned_in``: BURNED_IN, UNSAID or "". ``scaled``: the
    range of values that was recognised in a NumPy array (numpy_stack), or "".
    """

    origin: Origin
    windowed: bool = False
    dropped: tuple[str, ...] = ()
    private: int = 0
    burned_in: str = ""
    scaled: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """``images``: uint8 (H, W) each; a scan has one per frame or slice."""

    images: list[np.ndarray]
    facts: Facts
