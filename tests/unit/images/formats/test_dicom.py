"""DICOM by the rules of dicom.py's table; files are made by pydicom's own writer."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from core.errors import UnreadableImage
from core.images.formats import dicom
from core.images.formats.decoded import BURNED_IN, UNSAID
from core.images.formats.raster import read_grey
from core.images.formats.windowing import PRESETS, View, Window, grey
from core.types import Origin
from tests.support.samples import encoded, noise
from tests.unit.images import scans
from tests.unit.images.scans import ct, dataset, saved

GREY = noise(1)[0]


def read(data: bytes, view: View | None = None) -> list[np.ndarray]:
    return dicom.read(data, view or View()).images


def only(values: np.ndarray, view: View | None = None, **tags: Any) -> np.ndarray:
    (image,) = read(scans.dicom(values, **tags), view)
    return image


def test_hounsfield_units_through_the_lung_window() -> None:
    """-1350 is black, 150 white; -600, the centre, 127.5, rounded to even."""
    values = ct()
    values[0, :3] = -1350, -600, 150
    image = only(values)
    assert image[0, :3].tolist() == [0, 128, 255]
    assert image.dtype == np.uint8
    assert np.array_equal(image, grey(values, PRESETS["lung"]))


def test_stored_values_become_hounsfield_units_by_slope_and_intercept() -> None:
    """Unsigned (HU + 1350) / 2 with slope 2 and intercept -1350 is the same slice, for even sums."""
    values = ct() // 2 * 2
    stored = ((values.astype(np.int32) + 1350) // 2).astype(np.uint16)
    assert np.array_equal(only(stored, RescaleSlope="2", RescaleIntercept="-1350"), only(values))


def test_a_chosen_window() -> None:
    values = ct()
    assert np.array_equal(only(values, View(Window(0, 100))), grey(values, Window(0, 100)))


def test_monochrome1_is_turned_round() -> None:
    values = ct()
    assert np.array_equal(only(values, PhotometricInterpretation="MONOCHROME1"), 255 - only(values))
    assert np.array_equal(only(GREY, PhotometricInterpretation="MONOCHROME1"), 255 - GREY)


@pytest.mark.parametrize("view", [View(), View(Window(0, 10))], ids=["none", "chosen"])
@pytest.mark.parametrize("modality", ["CT", "OT"])
def test_eight_bits_are_taken_as_they_are(view: View, modality: str) -> None:
    """They are meant for a screen already, so no window changes them."""
    assert np.array_equal(only(GREY, view, Modality=modality), GREY)


def test_fewer_bits_fill_the_range() -> None:
    """4 of 8 bits: 15 is white, 255 / 15 = 17 a step."""
    assert np.array_equal(only(GREY // 16, BitsStored=4, HighBit=3), GREY // 16 * 17)


def test_eight_bits_with_an_intercept_are_hounsfield_units() -> None:
    image = only(GREY, RescaleSlope="1", RescaleIntercept="-1000")
    assert np.array_equal(image, grey(GREY.astype(int) - 1000, PRESETS["lung"]))


def test_another_modality_needs_a_window_of_its_own() -> None:
    with pytest.raises(UnreadableImage, match="not CT, so its values have no fixed range: choose a window"):
        only(ct(), Modality="MR")
    assert np.array_equal(only(ct(), View(Window(0, 9)), Modality="MR"), grey(ct(), Window(0, 9)))


def test_frames_are_images_in_their_order() -> None:
    values = np.stack([ct(seed=seed) for seed in range(3)])
    images = read(scans.dicom(values))
    assert np.array_equal(images, [only(each) for each in values])


def transformed(slope: str, intercept: str) -> Dataset:
    inner, outer = Dataset(), Dataset()
    inner.RescaleSlope, inner.RescaleIntercept = slope, intercept
    outer.PixelValueTransformationSequence = [inner]
    return outer


def test_enhanced_ct_says_its_scale_for_all_frames_or_for_each() -> None:
    """PS3.3, C.7.6.16.2.9. The second frame's intercept differs by 100 HU."""
    values = np.stack([ct(), ct()])
    shared = read(scans.dicom(values, SharedFunctionalGroupsSequence=[transformed("1", "-100")]))
    assert np.array_equal(shared, [only(ct() - np.int16(100))] * 2)
    each = [transformed("1", "0"), transformed("1", "-100")]
    own = read(scans.dicom(values, PerFrameFunctionalGroupsSequence=each))
    assert np.array_equal(own, [only(ct()), only(ct() - np.int16(100))])


def test_colours_become_luma() -> None:
    """ITU-R 601-2: pure red is 76, as for any PNG; YBR_FULL holds luma itself in its first plane."""
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = 255
    assert np.unique(only(red)).tolist() == [76]
    ybr = np.full((20, 20, 3), 128, np.uint8)
    ybr[..., 0] = 90
    assert np.unique(only(ybr, PhotometricInterpretation="YBR_FULL")).tolist() == [90]


@pytest.mark.parametrize(("bits", "scale"), [(8, 1), (16, 257)])
def test_a_palette_is_read_by_colour_not_by_index(bits: int, scale: int) -> None:
    """Index i shows the grey 255 - i; a palette of 16 bits says it 257-fold."""
    table = ((255 - np.arange(256)) * scale).astype(np.uint8 if bits == 8 else np.uint16).tobytes()
    palette = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", [256, 0, bits]), ("Data", table))
    }
    assert np.array_equal(only(GREY, PhotometricInterpretation="PALETTE COLOR", **palette), 255 - GREY)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_every_plain_transfer_syntax_gives_the_same(syntax: str) -> None:
    assert np.array_equal(only(ct(), syntax=syntax), only(ct()))


def test_big_endian() -> None:
    made = dataset(ct(), ExplicitVRBigEndian)
    made.PixelData = ct().astype(">i2").tobytes()
    (image,) = read(saved(made))
    assert np.array_equal(image, only(ct()))


def test_rle() -> None:
    made = dataset(ct())
    made.compress(RLELossless)
    (image,) = read(saved(made, wrap=False))
    assert np.array_equal(image, only(ct()))


@pytest.mark.parametrize(("syntax", "kind"), [(JPEGBaseline8Bit, "JPEG"), (JPEG2000Lossless, "JPEG2000")])
def test_what_pillow_decodes(syntax: str, kind: str) -> None:
    """The same bytes, wrapped; JPEG 2000 is lossless here."""
    packed = encoded(GREY, kind)
    image = only(GREY, syntax=syntax, PixelData=packed + b"\0" * (len(packed) % 2))
    assert np.array_equal(image, read_grey(packed) if kind == "JPEG" else GREY)


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (JPEGLSLossless, "JPEG-LS Lossless Image Compression"),
        (JPEGLosslessSV1, "JPEG Lossless"),
        (HTJ2KLossless, "High-Throughput JPEG 2000"),
        (MPEG2MPML, "MPEG2"),
    ],
)
def test_a_transfer_syntax_that_is_not_decoded_here_is_named(syntax: str, name: str) -> None:
    with pytest.raises(UnreadableImage, match=f"transfer syntax is not supported: {name}"):
        only(ct(), syntax=syntax)


def test_a_transfer_syntax_that_nobody_knows_is_not_quoted() -> None:
    data = scans.dicom(ct(), syntax=JPEGLSLossless).replace(
        b"1.2.840.10008.1.2.4.80", b"1.2.999.99999.9.9.9.99"
    )
    with pytest.raises(UnreadableImage, match="not supported: unknown UID"):
        read(data)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Rows": 60_000, "Columns": 60_000}, "60000 x 60000 pixels: more than 64 million"),
        ({"Rows": 8}, "32 x 8 pixels: too small"),
        ({"NumberOfFrames": 5000}, "5000 frames or slices in one file: 1 to 4096"),
        ({"NumberOfFrames": -1}, "-1 frames"),
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 1025}, "512 MiB when decoded: more than 512 MiB"),
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 2000}, "1000 MiB when decoded: more than 512 MiB"),
        ({"SamplesPerPixel": 30_000}, "480000 bits per pixel"),
        ({"PixelData": None}, "a DICOM file without an image"),
        ({"Rows": None, "Columns": None}, "required header fields are missing: Rows, Columns"),
        ({"RescaleSlope": "1"}, "required header fields are missing: RescaleIntercept"),
        ({"PhotometricInterpretation": "CMYK"}, "unsupported pixels"),
        ({"ModalityLUTSequence": [Dataset()]}, "lookup table .modality LUT.: export it"),
    ],
)
def test_what_a_header_promises_is_weighed_before_a_pixel_is_decoded(
    tags: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """512 x 512 x 2 bytes is half a MiB, so 1025 frames are 512.5 MiB."""
    if "PhotometricInterpretation" not in tags:
        monkeypatch.setattr(dicom, "iter_pixels", lambda header: pytest.fail("decoded"))
    with pytest.raises(UnreadableImage, match=reason):
        only(ct(), **tags)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"BurnedInAnnotation": "YES"}, BURNED_IN),
        ({"BurnedInAnnotation": "NO", "SOPClassUID": SecondaryCaptureImageStorage}, ""),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, UNSAID),
        ({"SOPClassUID": f"{SecondaryCaptureImageStorage}.4"}, UNSAID),
        ({"ConversionType": "WSD"}, UNSAID),
        ({"Modality": "OT"}, UNSAID),
        ({}, ""),
    ],
)
def test_text_in_the_pixels_is_told_by_tag(tags: dict[str, Any], said: str) -> None:
    assert dicom.read(scans.dicom(GREY, **tags), View()).facts.burned_in == said


def test_what_is_left_behind_is_told_by_keyword_and_nothing_else_is_read() -> None:
    """Two fields, one in a sequence of its own, which counts as one; a private block of two elements and its
    creator are three without a name."""
    made = dataset(GREY, PatientName="A", RequestAttributesSequence=[dataset(GREY)])
    block = made.private_block(0x0099, "MAKER", create=True)
    block.add_new(1, "LO", "B")
    block.add_new(2, "LO", "C")
    facts = dicom.read(saved(made), View()).facts
    assert facts.dropped == ("PatientName", "RequestAttributesSequence")
    assert facts.private == 3
    assert facts.origin == Origin("DICOM", len(saved(made)), 8)
    assert not facts.windowed


def test_fragments_are_joined() -> None:
    """A frame may be cut into fragments (PS3.5, A.4)."""
    packed = encoded(GREY, "JPEG")
    made = dataset(GREY, JPEGBaseline8Bit)
    made.PixelData = encapsulate([packed], fragments_per_frame=3)
    made["PixelData"].is_undefined_length = True
    (image,) = read(saved(made, wrap=False))
    assert np.array_equal(image, read_grey(packed))
