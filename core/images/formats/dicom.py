"""DICOM to 8-bit grey images, one per frame, reading as little of the header as possible.

===========================  =====================================================================
up to 8 bits, unsigned       the full range of its bits, scaled to 0..255
CT, or with a chosen window  value x slope + intercept (HU), then the window (windowing.py)
other modality, more bits    the first window or lookup table (VOI LUT) in its header
MONOCHROME1                  inverted, so that bone is white
RGB, YBR, palette            converted to luma (ITU-R 601-2)
segmentation, dose, report   refused by the name of its class
scout, dose page, capture    refused unless wanted: not a slice
===========================  =====================================================================

Only the values of the tags in WANTED are read; for all others the tag is recorded and the value is skipped.
(To find the end of a sequence of undefined length, its elements are parsed in this process and discarded.)
The identifiers of patient and series leave this module only as keyed hashes.
Source: DICOM PS3.3, C.7.6.1 (image type), C.8.6.1 (secondary capture); PS3.10, 7.1 (preamble).
"""

import hashlib
import io
from typing import Any

from pydicom import config
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.pixels import get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import UnreadableImage
from core.images.formats import dicom_codecs
from core.images.formats.decoded import BURNED_IN, UNSAID, Decoded, Facts
from core.images.formats.dicom_values import Values, header_number
from core.images.formats.limits import check_scan
from core.images.formats.windowing import View
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
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in RGB),
    *(f"{colour}PaletteColorLookupTableData" for colour in RGB),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in RGB),
)
KIND = ("SOPClassUID", "Modality", "BurnedInAnnotation", "ConversionType", "ImageType")
IDENTITY = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
WANTED = {tag_for_keyword(keyword) or 0 for keyword in (*PIXELS, *VALUES, *KIND, *IDENTITY)}
CHARACTER_SET = 0x00080005  # always read by pydicom
PIXEL_DATA, UNDEFINED = 0x7FE00010, 0xFFFFFFFF  # the length of encapsulated pixel data

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # also the prefix of its multi-frame classes, .1 to .4
STORAGE = "1.2.840.10008.5.1.4.1.1."
NOT_IMAGES = {  # classes whose pixels are not grey levels
    f"{STORAGE}66.4": "a segmentation",
    f"{STORAGE}66.7": "a segmentation (label map)",
    f"{STORAGE}481.2": "a map of radiation dose",
    f"{STORAGE}30": "a parametric map",
}
NOT_SLICES = {  # words in ImageType
    "LOCALIZER": "a scout (localizer)",
    "DOSE": "a dose page",
    "DOSE_INFO": "a dose page",
    "SCREEN SAVE": "a screen capture",
    "SCREENSAVE": "a screen capture",
}
HASH = 12  # hex digits of a keyed hash

config.settings.reading_validation_mode = config.IGNORE  # messages may quote values of the header


def read(data: bytes, view: View, secret: bytes = b"") -> Decoded:
    """All frames of a file; ``secret``: key of the hashes of patient and series, b"" for none.

    Raises UnreadableImage, and whatever pydicom raises on a damaged file.
    """
    tags: dict[int, int] = {}  # with the length declared for each

    def noted(tag: int, vr: str | None, length: int) -> bool:
        tags[int(tag)] = length
        return False

    header = read_partial(io.BytesIO(data), noted, force=True, specific_tags=sorted(WANTED))
    _set_syntax(header)
    _check(header, tags.get(PIXEL_DATA, 0), view)
    values = Values(header, view)
    images = values.images()
    bits = int(header.BitsStored) * int(header.SamplesPerPixel)
    left = sorted(tags.keys() - WANTED - {CHARACTER_SET})
    names = [keyword_for_tag(tag) for tag in left]
    facts = Facts(
        Origin("DICOM", len(data), bits),
        windowed=values.windowed,
        dropped=tuple(sorted({name for name in names if name})),
        private=names.count(""),
        burned_in=_burned_in(header),
        notes=tuple(sorted(values.notes)),
        patient=_hashed(header, secret, "PatientID"),
        series=_hashed(header, secret, "StudyInstanceUID") or _hashed(header, secret, "SeriesInstanceUID"),
    )
    return Decoded(images, facts)


def _set_syntax(header: FileDataset) -> None:
    """Without a meta header, the transfer syntax is the one in which pydicom could read the file."""
    if "TransferSyntaxUID" in header.file_meta:
        return
    implicit, little = header.original_encoding
    plain = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    header.file_meta.TransferSyntaxUID = plain if little else ExplicitVRBigEndian


def _check(header: FileDataset, declared: int, view: View) -> None:
    """Everything that can be rejected before pixels are decoded; ``declared``: length of the pixel data."""
    _check_kind(header, view)
    _check_fields(header)
    _check_syntax(header)
    if "ModalityLUTSequence" in header:
        raise UnreadableImage(
            "its values use a lookup table (modality LUT): export it with rescale slope and intercept"
        )
    if UNDEFINED != declared > len(header.PixelData):
        raise UnreadableImage("truncated within its pixel data")
    rows, columns, frames = (header_number(header, each) for each in ("Rows", "Columns", "NumberOfFrames"))
    check_scan((rows, columns), frames, int(header.SamplesPerPixel) * int(header.BitsAllocated))


def _check_kind(header: FileDataset, view: View) -> None:
    kind = str(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    if kind in NOT_IMAGES:
        raise UnreadableImage(f"{NOT_IMAGES[kind]}, not an image")
    if "PixelData" not in header:
        name = UID(kind).name
        if name == kind:  # not in the dictionary, so it is not quoted
            raise UnreadableImage("a DICOM file without an image, or truncated before it")
        if "Image Storage" in name:
            raise UnreadableImage(f"truncated before its pixel data, or without any ({name})")
        raise UnreadableImage(f"a DICOM file without an image ({name})")
    said = header.get("ImageType") or ()
    words = {said} if isinstance(said, str) else set(map(str, said))
    found = next((named for word, named in NOT_SLICES.items() if word in words), None)
    if found and not view.captures:
        raise UnreadableImage(f"{found}, not a slice; it can be imported with --captures")


def _check_fields(header: FileDataset) -> None:
    needed = (*NEEDED, "RescaleIntercept") if "RescaleSlope" in header else NEEDED
    missing = [keyword for keyword in needed if header.get(keyword) is None]
    if missing:
        raise UnreadableImage(f"required header fields are missing: {', '.join(missing)}")
    stored, allocated = (header_number(header, each, missing=0) for each in ("BitsStored", "BitsAllocated"))
    if not 1 <= stored <= allocated:
        raise UnreadableImage(f"its header contradicts itself: {stored} of {allocated} bits stored")


def _check_syntax(header: FileDataset) -> None:
    syntax = UID(header.file_meta.TransferSyntaxUID)
    name = syntax.name if syntax != syntax.name else "unknown UID"  # UIDs in the dictionary have a name
    dicom_codecs.register()
    try:
        able = get_decoder(syntax).is_available
    except NotImplementedError:
        able = False
    if not able:
        raise UnreadableImage(f"its transfer syntax is not supported: {name}. Export it uncompressed")


def _hashed(header: FileDataset, secret: bytes, keyword: str) -> str:
    """A keyed hash of an identifier; "" without a key or an identifier."""
    value: Any = header.get(keyword)
    plain = str(value).strip() if value else ""
    if not secret or not plain:
        return ""
    return hashlib.blake2b(f"{keyword}:{plain}".encode(), key=secret, digest_size=HASH // 2).hexdigest()


def _burned_in(header: FileDataset) -> str:
    """Whether the tags declare text in the pixels; the pixels themselves are not searched."""
    said = header.get("BurnedInAnnotation")
    if said == "YES":
        return BURNED_IN
    captured = str(header.get("SOPClassUID", "")).startswith(SECONDARY_CAPTURE) or "ConversionType" in header
    return UNSAID if not said and (captured or header.get("Modality") == "OT") else ""
