"""DICOM by the rules of dicom.py's table; files are made by pydicom's own writer."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from core.errors import UnreadableImage
from core.images.formats import dicom, dicom_values
from core.images.formats.decoded import BURNED_IN, NO_RESCALE, NOT_HU, OWN_WINDOW, SHIFTED, UNSAID
from core.images.formats.detect import decode
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


def test_another_modality_without_a_window_needs_one() -> None:
    with pytest.raises(UnreadableImage, match="not CT, and without a window in its header: choose a window"):
        only(ct(), Modality="MR")
    assert np.array_equal(only(ct(), View(Window(0, 9)), Modality="MR"), grey(ct(), Window(0, 9)))


def test_another_modality_takes_the_window_of_its_header() -> None:
    """PS3.3, C.11.2.1.2.1, LINEAR: black up to 40 - 0.5 - 99/2 = -10, white above 89; the centre's share is
    (40 - 39.5) / 99 + 0.5. MONOCHROME1 is inverted after the window."""
    values = np.full((20, 20), 40, np.int16)
    values[0, :3] = -10, 90, 2000
    tags = {"Modality": "MR", "WindowCenter": ["40", "7"], "WindowWidth": ["100", "1"]}
    image = only(values, **tags)
    assert image[0, :4].tolist() == [0, 255, 255, round(255 * (0.5 / 99 + 0.5))]
    assert np.array_equal(only(values, PhotometricInterpretation="MONOCHROME1", **tags), 255 - image)
    assert dicom.read(scans.dicom(values, **tags), View()).facts.notes == (OWN_WINDOW,)


def test_another_modality_takes_the_lookup_table_of_its_header() -> None:
    """PS3.3, C.11.2.1.1: entry i of three, from the value 5 on; values outside take the first or the last."""
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [3, 5, 16], np.array([0, 13107, 65535], "<u2").tobytes()
    values = np.full((20, 20), 6, np.uint16)
    values[0, :3] = 0, 5, 900
    image = only(values, Modality="CR", VOILUTSequence=[table])
    assert image[0, :4].tolist() == [0, 0, 255, 51]


@pytest.mark.parametrize("width", ["0", "nan", ""])
def test_an_invalid_window_in_the_header_is_refused(width: str) -> None:
    with pytest.raises(UnreadableImage, match=r"window in its header is invalid: choose a window"):
        only(ct(), Modality="MR", WindowCenter="4", WindowWidth=width)


def test_a_ct_without_rescale_or_without_air_says_so() -> None:
    def notes(values: np.ndarray, view: View | None = None, **tags: Any) -> tuple[str, ...]:
        return dicom.read(scans.dicom(values, **tags), view or View()).facts.notes

    scale = {"RescaleSlope": "1", "RescaleIntercept": "0"}
    assert notes(ct()) == (NO_RESCALE,)
    assert notes(ct(), **scale) == ()
    above = (ct().astype(np.int32) + 1350).astype(np.uint16)
    assert notes(above, **scale) == (NOT_HU,)
    assert notes(above, View(intercept=-1350.0)) == ()
    assert np.array_equal(only(above, View(intercept=-1350.0)), only(ct()))


def test_values_that_stand_higher_in_their_word() -> None:
    """PS3.5, 8.1.1: 12 bits that end at bit 15 are 16 times the same 12 bits that end at bit 11."""
    values = ct() // 2
    low = only(values, BitsStored=12, HighBit=11)
    made = scans.dicom((values.astype(np.int32) * 16).astype(np.int16), BitsStored=12, HighBit=15)
    assert np.array_equal(read(made)[0], low)
    assert SHIFTED in dicom.read(made, View()).facts.notes
    with pytest.raises(UnreadableImage, match="its header contradicts itself: 12 bits stored"):
        only(values, BitsStored=12, HighBit=3)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"SOPClassUID": SegmentationStorage}, "a segmentation, not an image"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a scout .localizer., not a slice"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "a screen capture, not a slice"),
        ({"NumberOfFrames": "1A"}, "the header field NumberOfFrames is not a number"),
    ],
)
def test_what_is_no_slice_is_refused_by_name(tags: dict[str, Any], reason: str) -> None:
    made = dataset(ct())
    data = saved(made) if "NumberOfFrames" not in tags else scans.dicom(ct(), NumberOfFrames=11)
    data = data.replace(b"11", b"1A") if "NumberOfFrames" in tags else scans.dicom(ct(), **tags)
    with pytest.raises(UnreadableImage, match=reason):
        read(data)
    if "ImageType" in tags:
        assert np.array_equal(read(data, View(captures=True))[0], only(ct()))


def test_identifiers_become_keyed_hashes() -> None:
    """The same patient under the same key has the same hash; under another key another."""

    def hashed(secret: bytes, **tags: Any) -> tuple[str, str]:
        facts = dicom.read(scans.dicom(ct(), **tags), View(), secret).facts
        return facts.patient, facts.series

    one = hashed(b"k", PatientID="7", SeriesInstanceUID="1.2")
    assert one == hashed(b"k", PatientID="7", SeriesInstanceUID="1.2")
    assert all(len(each) == 12 for each in one)
    assert one[0] != hashed(b"k", PatientID="8")[0]
    assert one[0] != hashed(b"l", PatientID="7")[0]
    assert hashed(b"", PatientID="7") == ("", "")
    assert hashed(b"k", PatientID="") == ("", "")


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
    ("syntax", "encode"),
    [
        (JPEGLossless, lambda values: imagecodecs.ljpeg_encode(values, bitspersample=16)),
        (JPEGLosslessSV1, lambda values: imagecodecs.ljpeg_encode(values, bitspersample=16)),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEGLSNearLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, lambda values: imagecodecs.jpeg2k_encode(values, level=0, codecformat="j2k")),
        (HTJ2KLossless, imagecodecs.htj2k_encode),
    ],
)
def test_lossless_compression_changes_nothing(syntax: str, encode: Callable[[np.ndarray], bytes]) -> None:
    """Stored as unsigned HU + 1350; near-lossless with an error of 0 is lossless."""
    values = (ct().astype(np.int32) + 1350).astype(np.uint16)
    scale = {"RescaleSlope": "1", "RescaleIntercept": "-1350"}
    packed = encode(values)
    data = packed + b"\0" * (len(packed) % 2)
    assert np.array_equal(only(values, syntax=syntax, PixelData=data, **scale), only(ct()))


def of_pydicom(name: str) -> bytes:
    path = get_testdata_file(f"{name}.dcm", download=False)
    assert isinstance(path, str)
    return Path(path).read_bytes()


@pytest.mark.parametrize(
    "name", ["RLE", "bigendian", "expb", "implicit", "jp2klossless", "jpeg_ls_lossless", "padded"]
)
@pytest.mark.filterwarnings("ignore:The pixel data is 8320 bytes long")
def test_an_mr_in_every_syntax_is_the_same(name: str) -> None:
    """pydicom's own samples of one slice; the uncompressed one needs no decoder."""
    (plain,), (packed,) = read(of_pydicom("MR_small")), read(of_pydicom(f"MR_small_{name}"))
    assert np.array_equal(packed, plain)


def test_a_capture_in_jpeg_lossless_is_the_one_in_rle() -> None:
    (plain,), (packed,) = read(of_pydicom("SC_rgb_rle")), read(of_pydicom("SC_rgb_jpeg_gdcm"))
    assert np.array_equal(packed, plain)


def test_jpeg_of_twelve_bits() -> None:
    """Lossy: a ramp of 0 to 3968 in steps of 128 comes back within 1 % of the window 0 to 4000."""
    ramp = np.tile(np.arange(32, dtype=np.uint16) * 128, (32, 1))
    packed = imagecodecs.jpeg8_encode(ramp, level=98, bitspersample=12)
    data = packed + b"\0" * (len(packed) % 2)
    view = View(Window(2000, 4000))
    image = only(ramp, view, syntax=JPEGExtended12Bit, BitsStored=12, HighBit=11, PixelData=data)
    assert np.abs(image.astype(int) - only(ramp, view)).max() <= 3


def test_without_preamble_or_meta_header() -> None:
    """The elements of the data set alone, in both plain syntaxes, are recognised by their first bytes."""
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):
        made = dataset(ct(), syntax)
        buffer = io.BytesIO()
        made.save_as(
            buffer,
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=True,
            enforce_file_format=False,
        )
        data = buffer.getvalue()
        bare = data[data.index(b"\x08\0\x16\0") :]
        assert np.array_equal(decode(bare, View()).images[0], only(ct()))


def test_a_transfer_syntax_that_is_not_decoded_here_is_named() -> None:
    with pytest.raises(UnreadableImage, match="transfer syntax is not supported: MPEG2"):
        only(ct(), syntax=MPEG2MPML)


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
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 1025}, "513 MiB when decoded: at most 512 MiB"),
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 2000}, "1,000 MiB when decoded: at most 512 MiB"),
        ({"SamplesPerPixel": 30_000}, "480000 bits per pixel"),
        ({"PixelData": None}, "truncated before its pixel data, or without any .CT Image Storage."),
        ({"PixelData": None, "SOPClassUID": BasicTextSRStorage}, "without an image .Basic Text SR Storage."),
        ({"PixelData": None, "SOPClassUID": "1.2.9"}, "a DICOM file without an image, or truncated"),
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
        monkeypatch.setattr(dicom_values, "iter_pixels", lambda header: pytest.fail("decoded"))
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
