"""From the values of a DICOM frame to 8-bit grey levels; dicom.py has the rules as a table.

Source: DICOM PS3.3, C.7.6.3 (image pixel), C.11.1 (modality LUT), C.11.2 (VOI LUT).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels import apply_color_lut, apply_voi, apply_windowing, iter_pixels
from pydicom.uid import UID

from core.errors import UnreadableImage
from core.images.formats.decoded import NO_RESCALE, NOT_HU, OWN_WINDOW, SHIFTED
from core.images.formats.grey_levels import check_contrast
from core.images.formats.windowing import View, grey

GREYS = {"MONOCHROME1": True, "MONOCHROME2": False}  # whether the smallest value is white
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
WINDOW = ("WindowCenter", "WindowWidth", "VOILUTFunction")
DEPTH = ("PhotometricInterpretation", "BitsStored", "PixelRepresentation", "RescaleSlope", "RescaleIntercept")
BEYOND = 1e9  # a value above all others


class Values:
    """The frames of a file as uint8 (H, W); ``notes`` and ``windowed`` are complete after the last."""

    def __init__(self, header: FileDataset, view: View) -> None:
        self._header, self._view = header, view
        self.notes: set[str] = set()
        self._low, self._high = np.inf, -np.inf  # of the values that were windowed
        self.windowed = header.PhotometricInterpretation in GREYS and not self._plain()

    def images(self) -> list[np.ndarray]:
        """Raises UnreadableImage, also if the window shows all values of all frames as one grey level."""
        images = [self._image(frame, number) for number, frame in enumerate(self._frames())]
        if self._low < self._high and OWN_WINDOW not in self.notes:
            check_contrast(images, self._low, self._high, self._view.shown)
        return images

    def _frames(self) -> Iterator[np.ndarray]:
        """Values with the lowest bit at the bottom: those of uncompressed files may stand higher."""
        stored, header = int(header_number(self._header, "BitsStored")), self._header
        high = int(header.get("HighBit", stored - 1))
        shift = high + 1 - stored
        if UID(header.file_meta.TransferSyntaxUID).is_encapsulated or shift == 0:
            yield from iter_pixels(header)
            return
        if not 0 < shift <= int(header.BitsAllocated) - stored:
            raise UnreadableImage(
                f"its header contradicts itself: {stored} bits stored, the highest is bit {high}"
            )
        self.notes.add(SHIFTED)
        header.BitsStored = high + 1
        frames = [frame >> shift for frame in iter_pixels(header)]
        header.BitsStored = stored
        yield from frames

    def _image(self, frame: np.ndarray, number: int) -> np.ndarray:
        """A frame (H, W), or (H, W, 3) if pydicom converted it to RGB."""
        kind = self._header.PhotometricInterpretation
        if kind == "PALETTE COLOR":
            return _luma(apply_color_lut(frame, self._header))
        if kind in COLOURS:
            return _luma(frame)
        if kind not in GREYS:
            raise UnreadableImage(
                "unsupported pixels: only MONOCHROME, RGB, YBR and PALETTE COLOR are supported"
            )
        if not self.windowed:
            full = 2 ** int(self._header.BitsStored) - 1
            shown = (frame.astype(np.uint32) * 255 // full).astype(np.uint8)
        else:
            shown = self._windowed(frame, number)
        return 255 - shown if GREYS[kind] else shown

    def _plain(self) -> bool:
        """Whether grey values are meant to be displayed as they are."""
        unsigned = int(self._header.PixelRepresentation) == 0
        return int(self._header.BitsStored) <= 8 and unsigned and (self._own_rescale(0) or (1, 0)) == (1, 0)

    def _windowed(self, frame: np.ndarray, number: int) -> np.ndarray:
        is_ct, own = self._header.get("Modality") == "CT", self._own_rescale(number)
        slope, intercept = self._view.rescale or own or (1, 0)
        values = frame.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        self._low, self._high = min(self._low, values.min()), max(self._high, values.max())
        if self._view.window is None and not is_ct:
            return self._own_window(values, number)
        if is_ct and own is None and self._view.rescale is None:
            self.notes.add(NO_RESCALE)
        if is_ct and values.min() >= 0:  # a slice without air
            self.notes.add(NOT_HU)
        return grey(values, self._view.shown)

    def _own_rescale(self, number: int) -> tuple[float, float] | None:
        """Slope and intercept of a frame, from the file, the frame or the shared groups (enhanced CT)."""
        for place in (self._header, *self._groups(number, "PixelValueTransformationSequence")):
            if "RescaleSlope" in place:
                return float(place.RescaleSlope), float(place.RescaleIntercept)
        return None

    def _own_window(self, values: np.ndarray, number: int) -> np.ndarray:
        """The first window or lookup table in the header; the ends of its range become black and white."""
        places = (self._header, *self._groups(number, "FrameVOILUTSequence"))
        place = next((each for each in places if "WindowCenter" in each or "VOILUTSequence" in each), None)
        if place is None:
            raise UnreadableImage(
                "not CT, and without a window in its header: choose a window (centre/width)"
            )
        self.notes.add(OWN_WINDOW)
        try:
            if place.get("VOILUTSequence"):
                depth = int(place.VOILUTSequence[0].LUTDescriptor[2])
                shown = apply_voi(np.rint(values).astype(np.int32), _voi(place)) / (2.0**depth - 1)
            else:
                shown = _share(values, self._window_of(place))
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, NotImplementedError):
            raise UnreadableImage(
                "the window in its header is invalid: choose a window (centre/width)"
            ) from None
        return np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)

    def _window_of(self, place: Any) -> Dataset:
        made = Dataset()
        for keyword in DEPTH:
            if keyword in self._header:
                setattr(made, keyword, self._header[keyword].value)
        for keyword in WINDOW:
            if keyword in place:
                setattr(made, keyword, place[keyword].value)
        return made

    def _groups(self, number: int, sequence: str) -> Iterator[Any]:
        own = list(self._header.get("PerFrameFunctionalGroupsSequence") or ())[number : number + 1]
        for group in (*own, *(self._header.get("SharedFunctionalGroupsSequence") or ())):
            yield from group.get(sequence) or ()


def header_number(header: FileDataset, keyword: str, missing: int = 1) -> int:
    """A number in the header. Raises UnreadableImage if it is none."""
    try:
        return int(header.get(keyword) or missing)
    except (TypeError, ValueError):
        raise UnreadableImage(f"the header field {keyword} is not a number") from None


def _share(values: np.ndarray, window: Dataset) -> np.ndarray:
    """The window's output as a share of its range, which is where values beyond it end up."""
    ends = np.array([-BEYOND, BEYOND], np.float32)
    shown = apply_windowing(np.concatenate([values.ravel(), ends]), window)
    low, high = shown[-2:]
    if not low < high:  # also if NaN
        raise ValueError
    return ((shown[:-2] - low) / (high - low)).reshape(values.shape)


def _voi(place: Any) -> Dataset:
    made = Dataset()
    made.VOILUTSequence = place.VOILUTSequence
    made.set_original_encoding(False, True)
    return made


def _luma(colours: np.ndarray) -> np.ndarray:
    if colours.dtype == np.uint16:
        colours = (colours // 257).astype(np.uint8)
    if colours.dtype != np.uint8:
        raise UnreadableImage("colour with more than 16 bits per channel: export it with 8 bits")
    return np.asarray(Image.fromarray(np.ascontiguousarray(colours[..., :3])).convert("L"))
