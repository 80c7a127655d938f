"""What a file turned out to be: its images, and facts about it. No fact is a value of its header."""

from dataclasses import dataclass

import numpy as np

from core.types import Origin

BURNED_IN, UNSAID = "yes", "unsaid"  # text in the pixels, by the file's own tag


@dataclass(frozen=True, slots=True)
class Facts:
    """``dropped``: keywords of the header fields that were left unread; ``private``: how many more had none.

    ``windowed``: whether a window made its grey values; ``burned_in``: BURNED_IN, UNSAID or ""; ``scaled``:
    the range of values that was recognised in a stack of numbers (numpy_stack), or "".
    """

    origin: Origin
    windowed: bool = False
    dropped: tuple[str, ...] = ()
    private: int = 0
    burned_in: str = ""
    scaled: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """uint8 (H, W) each; a scan of several frames or slices has several."""

    images: list[np.ndarray]
    facts: Facts
