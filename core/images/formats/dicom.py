"""DICOM to 8-bit grey images, one per frame, reading as little of the header as possible.

===========================  =====================================================================
up to 8 bits, unsigned       the full range of its bits, scaled to 0..255
CT, or with a chosen window  value x slope + intercept (HU), then the window (windowing.py)
other modality, more bits    refused unless a window was chosen: its values have no fixed range
MONOCHROME1                  inverted, so that bone is white
RGB, YBR, palette            converted to luma (ITU-R 601-2)
===========================  =====================================================================

Only the values of the tags in WANTED are read; for all others the tag is recorded and the value is skipped.
(To find the end of a sequence of undefined length, its elements are parsed in this process and discarded.)
Source: DICOM PS3.3, C.7.6.3 (image pixel), C.11.1 (modality LUT), C.8.6.1 (secondary capture).
"""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from pydicom import config
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.pixels import apply_color_lut, get_decoder, iter_pixels
from pydicom.uid import UID

from core.errors import UnreadableImage
from core.images.formats.decoded import BURNED_IN, UNSAID, Decoded, Facts
from core.images.formats.limits import check_scan
from core.images.formats.windowing import View, grey
from core.types import Origin

NEEDED = (
    *("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "PixelRepresentation"),
)
PIXELS = (
    *NEEDED,
    *("NumberOfFrames", "PlanarConfiguration", "HighBit", "PixelData"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
)
RGB = ("Red", "Green", "Blue")
VALUES = (
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in RGB),
    *(f"{colour}PaletteColorLookupTableData" for colour in RGB),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in RGB),
)
KIND = ("SOPClassUID", "Modality", "BurnedInAnnotation", "ConversionType")
WANTED = {tag_for_keyword(keyword) or 0 for keyword in (*PIXELS, *VALUES, *KIND)}
CHARACTER_SET = 0x00080005  # always read by pydicom
PIXEL_DATA, UNDEFINED = 0x7FE00010, 0xFFFFFFFF  # the length of encapsulated pixel data

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # also the prefix of its multi-frame classes, .1 to .4
GREYS = {"MONOCHROME1": True, "MONOCHROME2": False}  # whether the smallest value is white
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")

config.settings.reading_validation_mode = config.IGNORE  # messages may quote values of the header


def read(data: bytes, view: View) -> Decoded:
    """All frames of a file. Raises UnreadableImage, and whatever pydicom raises on a damaged file."""
    tags: dict[int, int] = {}  # with the length declared for each

    def noted(tag: int, vr: str | None, length: int) -> bool:
        tags[int(tag)] = length
        return False

    header = read_partial(io.BytesIO(data), noted, specific_tags=sorted(WANTED))
    _check(header, tags.get(PIXEL_DATA, 0))
    images = [_image(frame, header, number, view) for number, frame in enumerate(iter_pixels(header))]
    bits = int(header.BitsStored) * int(header.SamplesPerPixel)
    left = sorted(tags.keys() - WANTED - {CHARACTER_SET})
    names = [keyword_for_tag(tag) for tag in left]
    facts = Facts(
        Origin("DICOM", len(data), bits),
        windowed=header.PhotometricInterpretation in GREYS and not _plain(header),
        dropped=tuple(sorted({name for name in names if name})),
        private=names.count(""),
        burned_in=_burned_in(header),
    )
    return Decoded(images, facts)


def _check(header: FileDataset, declared: int) -> None:
    """Everything that can be rejected before pixels are decoded; ``declared``: length of the pixel data."""
    if "PixelData" not in header:
        raise UnreadableImage("a DICOM file without an image, or truncated before it")
    _check_fields(header)
    _check_syntax(header)
    if "ModalityLUTSequence" in header:
        raise UnreadableImage(
            "its values use a lookup table (modality LUT): export it with rescale slope and intercept"
        )
    if UNDEFINED != declared > len(header.PixelData):
        raise UnreadableImage("truncated within its pixel data")
    rows, columns, frames = int(header.Rows), int(header.Columns), int(header.get("NumberOfFrames") or 1)
    check_scan((rows, columns), frames, int(header.SamplesPerPixel) * int(header.BitsAllocated))


def _check_fields(header: FileDataset) -> None:
    needed = (*NEEDED, "RescaleIntercept") if "RescaleSlope" in header else NEEDED
    missing = [keyword for keyword in needed if header.get(keyword) is None]
    if missing:
        raise UnreadableImage(f"required header fields are missing: {', '.join(missing)}")


def _check_syntax(header: FileDataset) -> None:
    syntax = UID(header.file_meta.TransferSyntaxUID)
    name = syntax.name if syntax != syntax.name else "unknown UID"  # UIDs in the dictionary have a name
    try:
        able = get_decoder(syntax).is_available
    except NotImplementedError:
        able = False
    if not able:
        raise UnreadableImage(f"its transfer syntax is not supported: {name}. Export it uncompressed")


def _image(frame: np.ndarray, header: FileDataset, number: int, view: View) -> np.ndarray:
    """A frame (H, W), or (H, W, 3) if pydicom converted it to RGB, as uint8 (H, W)."""
    kind = header.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        return _luma(apply_color_lut(frame, header))
    if kind in COLOURS:
        return _luma(frame)
    if kind not in GREYS:
        raise UnreadableImage("unsupported pixels: only MONOCHROME, RGB, YBR and PALETTE COLOR are supported")
    if _plain(header):
        shown = (frame.astype(np.uint32) * 255 // (2 ** int(header.BitsStored) - 1)).astype(np.uint8)
    else:
        shown = _windowed(frame, header, number, view)
    return 255 - shown if GREYS[kind] else shown


def _plain(header: FileDataset) -> bool:
    """Whether grey values are meant to be displayed as they are."""
    unsigned = int(header.PixelRepresentation) == 0
    return int(header.BitsStored) <= 8 and unsigned and _rescale(header, 0) == (1, 0)


def _windowed(frame: np.ndarray, header: FileDataset, number: int, view: View) -> np.ndarray:
    if view.window is None and header.get("Modality") != "CT":
        raise UnreadableImage("not CT, so its values have no fixed range: choose a window (centre/width)")
    slope, intercept = _rescale(header, number)
    return grey(frame.astype(np.float32) * slope + intercept, view.shown)


def _rescale(header: FileDataset, number: int) -> tuple[float, float]:
    """Slope and intercept of a frame, from the file, the frame or the shared groups (enhanced CT)."""
    for place in (header, *_groups(header, number)):
        if "RescaleSlope" in place:
            return float(place.RescaleSlope), float(place.RescaleIntercept)
    return 1, 0


def _groups(header: FileDataset, number: int) -> Iterator[Any]:
    own = list(header.get("PerFrameFunctionalGroupsSequence") or ())[number : number + 1]
    for group in (*own, *(header.get("SharedFunctionalGroupsSequence") or ())):
        yield from group.get("PixelValueTransformationSequence") or ()


def _luma(colours: np.ndarray) -> np.ndarray:
    if colours.dtype == np.uint16:  # a palette of 16 bits
        colours = (colours // 257).astype(np.uint8)
    if colours.dtype != np.uint8:
        raise UnreadableImage("colour with more than 8 bits per channel: export it with 8 bits")
    return np.asarray(Image.fromarray(np.ascontiguousarray(colours[..., :3])).convert("L"))


def _burned_in(header: FileDataset) -> str:
    """Whether the tags declare text in the pixels; the pixels themselves are not searched."""
    said = header.get("BurnedInAnnotation")
    if said == "YES":
        return BURNED_IN
    captured = str(header.get("SOPClassUID", "")).startswith(SECONDARY_CAPTURE) or "ConversionType" in header
    return UNSAID if not said and (captured or header.get("Modality") == "OT") else ""
