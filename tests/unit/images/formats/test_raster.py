"""Each kind of file by its rule (the table in raster.py), and each broken one by its reason."""

import io
import struct
import threading
import warnings

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from core.errors import UnreadableImage
from core.images.formats import raster
from core.images.formats.decoded import OFFSET_HU
from core.images.formats.raster import read, read_grey
from core.images.formats.windowing import View, Window, grey
from tests.support.samples import encoded, noise, raw_png

SIDE = 16
GREY = np.arange(256, dtype=np.uint8).reshape(SIDE, SIDE)
WHITE, BLACK = 255, 0


def plane(value: int | tuple[int, ...], mode: str) -> Image.Image:
    return Image.new(mode, (SIDE, SIDE), value)


def only(pixels: np.ndarray) -> int:
    """The one value that a plain image has."""
    assert pixels.shape == (SIDE, SIDE)
    assert pixels.dtype == np.uint8
    (value,) = np.unique(pixels)
    return int(value)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_8_bit_is_taken_as_it_is(kind: str) -> None:
    assert np.array_equal(read_grey(encoded(GREY, kind)), GREY)


def test_jpeg_is_read_as_its_decoder_says() -> None:
    """JPEG loses, so the expected pixels are Pillow's own reading of the same bytes."""
    data = encoded(GREY, "JPEG", quality=90)
    assert np.array_equal(read_grey(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(
    ("deep", "flat"), [(0, 0), (128, 0), (129, 1), (257, 1), (32896, 128), (65406, 254), (65535, 255)]
)
def test_grey_16_bit_is_scaled_and_white_stays_white(kind: str, deep: int, flat: int) -> None:
    """v / 257, rounded by hand: 128 / 257 = 0.498, 129 / 257 = 0.502, 65406 / 257 = 254.498."""
    assert only(read_grey(encoded(np.full((SIDE, SIDE), deep, np.uint16), kind))) == flat


def test_big_endian_16_bit_is_the_same_image() -> None:
    deep = GREY.astype(np.uint16) * 257
    assert np.array_equal(read_grey(encoded(Image.fromarray(deep.astype(">u2")), "TIFF")), GREY)


def test_16_bit_tiff_whose_zero_is_white_is_turned_round() -> None:
    """TIFF 6.0, section 8: with PhotometricInterpretation (tag 262) 0, the value 0 is white."""
    data = bytearray(encoded(np.zeros((SIDE, SIDE), np.uint16), "TIFF"))
    entry = struct.pack("<HHI", 262, 3, 1)
    at = data.index(entry) + len(entry)
    data[at : at + 2] = struct.pack("<H", 0)
    assert only(read_grey(bytes(data))) == WHITE


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("value", [BLACK, WHITE])
def test_every_16_bit_png_keeps_its_black_and_white(colour: int, channels: int, value: int) -> None:
    """Grey, RGB, grey + alpha, RGBA; 255 repeated as high and low byte is 65535."""
    opaque = bytes([value]) * 2 * (channels - (colour >= 4)) + (b"\xff\xff" if colour >= 4 else b"")
    assert only(read_grey(raw_png(SIDE, SIDE, 16, colour, opaque * SIDE * SIDE))) == value


def test_one_bit_is_black_and_white() -> None:
    board = np.indices((SIDE, SIDE)).sum(0) % 2 == 1
    assert np.array_equal(read_grey(encoded(Image.fromarray(board))), board * 255)


def test_palette_is_read_by_colour_not_by_index() -> None:
    """The same picture under a permuted palette: index i shows grey permutation[i]."""
    permutation = np.random.default_rng(0).permutation(256).astype(np.uint8)
    image = Image.fromarray(np.argsort(permutation).astype(np.uint8)[GREY], "L")
    image.putpalette(np.repeat(permutation, 3).tobytes())
    assert image.mode == "P"
    assert np.array_equal(read_grey(encoded(image)), GREY)


@pytest.mark.parametrize(
    ("colour", "luma"), [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((90, 90, 90), 90)]
)
def test_rgb_becomes_luma(colour: tuple[int, ...], luma: int) -> None:
    """ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B; 255 times each is 76.2, 149.7, 29.1."""
    assert only(read_grey(encoded(plane(colour, "RGB")))) == luma


def test_cmyk_white_and_black() -> None:
    """No ink is white, all black ink is black; JPEG keeps a plain plane to within a level."""
    assert only(read_grey(encoded(plane((0, 0, 0, 0), "CMYK"), "TIFF"))) == WHITE
    assert only(read_grey(encoded(plane((0, 0, 0, 255), "CMYK"), "TIFF"))) == BLACK


@pytest.mark.parametrize(
    ("mode", "value", "grey"),
    [
        ("RGBA", (200, 200, 200, 255), 200),
        ("RGBA", (200, 200, 200, 128), 100),
        ("RGBA", (200, 200, 200, 0), 0),
        ("LA", (200, 128), 100),
        ("LA", (255, 0), 0),
    ],
)
def test_alpha_lies_over_black(mode: str, value: tuple[int, ...], grey: int) -> None:
    """200 x 128 / 255 = 100.4; fully transparent shows the black below, whatever its colour."""
    assert only(read_grey(encoded(plane(value, mode)))) == grey


def test_a_palette_with_transparency_lies_over_black() -> None:
    image = plane(0, "P")
    image.putpalette([255, 255, 255])
    assert only(read_grey(encoded(image, transparency=0))) == BLACK


@pytest.mark.parametrize(("mode", "value"), [("L", 200), ("RGB", (200, 200, 200))])
def test_a_colour_that_a_png_calls_transparent_lies_over_black(
    mode: str, value: int | tuple[int, ...]
) -> None:
    """PNG's tRNS chunk names one grey or colour of an image without alpha; here it is the only one."""
    assert only(read_grey(encoded(plane(value, mode), transparency=value))) == BLACK


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(kind: str, orientation: int, turns: int) -> None:
    """EXIF 2.32, tag 274: 3 is half a turn, 6 is shown turned clockwise, 8 counter-clockwise."""
    (pixels,) = noise(1, 24)
    pixels = pixels[:18]
    exif = Image.Exif()
    exif[274] = orientation
    assert np.array_equal(read_grey(encoded(pixels, kind, exif=exif)), np.rot90(pixels, turns))


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM", "JPEG2000", "WEBP"])
def test_other_formats_without_loss(kind: str) -> None:
    """Each keeps 8-bit grey exactly: BMP, GIF by palette, PGM, and JPEG 2000 and WebP if told so."""
    options = {"WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    assert np.array_equal(read_grey(encoded(GREY, kind, **options)), GREY)


def test_pgm_of_16_bits_is_scaled_by_its_own_maximum() -> None:
    """Netpbm: a sample is a share of maxval; 4095 of 4095 is white, and 2048 of 4095 is 128 of 255."""
    samples = np.full((SIDE, SIDE), 4095, ">u2")
    samples[0] = 2048
    pixels = read_grey(b"P5 16 16 4095\n" + samples.tobytes())
    assert [int(pixels[0, 0]), int(pixels[1, 0])] == [128, WHITE]


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "GIF", "WEBP"])
def test_a_slice_per_page_or_frame(kind: str) -> None:
    first, second, third = noise(3)
    more = [Image.fromarray(pixels) for pixels in (second, third)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(first), kind, save_all=True, append_images=more, **options)
    images = read(data).images
    assert len(images) == 3
    assert all(np.array_equal(*pair) for pair in zip(images, (first, second, third), strict=True))


def test_a_thumbnail_in_a_tiff_is_not_a_slice() -> None:
    """TIFF 6.0, NewSubfileType (tag 254): bit 0 marks a reduced copy of another page."""
    page, thumbnail = Image.fromarray(noise(1)[0]), Image.fromarray(noise(2)[1])
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as writer:
        for image, kind in ((page, 0), (thumbnail, 1)):
            image.save(writer, "TIFF", tiffinfo={254: kind})
            writer.newFrame()
    (only_page,) = read(buffer.getvalue()).images
    assert np.array_equal(only_page, np.asarray(page))


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "MAX_SLICES", 1)
    first, second = map(Image.fromarray, noise(2))
    with pytest.raises(UnreadableImage, match="more than 1 pages"):
        read(encoded(first, "TIFF", save_all=True, append_images=[second]))


def test_hu_made_unsigned_is_recognised_and_shown_through_the_window() -> None:
    """-1350 HU is black in the lung window and 150 HU white; as v / 257 all would be 122 to 128."""
    hu = np.full((SIDE, SIDE), 150)
    hu[:8] = -1350
    found = read(encoded((hu + 32_768).astype(np.uint16)))
    assert np.array_equal(found.images[0], np.where(hu == 150, WHITE, BLACK))
    assert found.facts.notes == (OFFSET_HU,)
    assert found.facts.windowed


def test_slope_and_intercept_are_for_more_than_8_bits() -> None:
    """12 bits with 1024 added to HU: v - 1024 is HU."""
    view = View(Window(0, 100), intercept=-1024)
    ramp = np.arange(256).reshape(SIDE, SIDE) - 128
    deep = (ramp + 1024).astype(np.uint16)
    assert np.array_equal(read(encoded(deep), view).images[0], grey(ramp, Window(0, 100)))
    assert np.array_equal(read(encoded(GREY), view).images[0], GREY)


def test_a_window_that_shows_one_grey_is_refused() -> None:
    deep = GREY.astype(np.uint16) + 5000
    with pytest.raises(UnreadableImage, match=r"shows all of its values \(5000 to 5255\) as one grey level"):
        read(encoded(deep), View(slope=1))


def _huge(side: int) -> bytes:
    return raw_png(side, side, 8, 0, b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "0 bytes", id="empty"),
        pytest.param(b"hello, I am text", "not a PNG, JPEG, TIFF, DICOM", id="text"),
        pytest.param(encoded(GREY, "ICO"), "not a PNG, JPEG, TIFF, DICOM", id="icon"),
        pytest.param(encoded(noise(1, 64)[0])[:2000], "damaged or truncated", id="truncated png"),
        pytest.param(encoded(noise(1, 64)[0], "JPEG")[:900], "damaged or truncated", id="truncated jpeg"),
        pytest.param(encoded(noise(1, 64)[0], "TIFF")[:2000], "damaged or truncated", id="truncated tiff"),
        pytest.param(encoded(GREY[:1, :1]), "1 x 1 pixels: too small, the minimum is 16 x 16", id="1x1"),
        pytest.param(encoded(GREY[:15]), "16 x 15 pixels: too small", id="15 rows"),
        pytest.param(encoded(Image.new("F", (32, 32), 300), "TIFF"), "300 to 300 fit no known", id="float"),
        pytest.param(encoded(Image.new("I", (32, 32), -1), "TIFF"), "-1 to -1 fit no known range", id="int"),
        pytest.param(
            encoded(GREY, "BMP")[:28] + b"\x03" + encoded(GREY, "BMP")[29:],
            r"a variant of its format that can't be read \(Unsupported BMP",
            id="bmp of 3 bits",
        ),
        pytest.param(_huge(9_000), "9000 x 9000 pixels: more than 64 million", id="bomb"),
        pytest.param(_huge(60_000), "million|limit", id="bomb that Pillow refuses itself"),
    ],
)
def test_what_is_not_an_image_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason) as error:
        read_grey(data)
    assert "\n" not in str(error.value)


def test_a_bomb_is_called_too_large_not_damaged() -> None:
    with pytest.raises(UnreadableImage) as error:
        read_grey(_huge(60_000))
    assert "damaged" not in str(error.value)


def test_two_threads_leave_the_warning_filters_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import decodes in two threads: A enters, B enters, A leaves, B leaves, which is the order in
    which ``warnings.catch_warnings`` (not thread-safe) leaves the filters of A behind for good.
    """
    a_is_in, b_is_in, a_is_out = (threading.Event() for _ in range(3))
    turn = raster.ImageOps.exif_transpose

    def transpose(image: Image.Image) -> Image.Image:
        mine, awaited = (a_is_in, b_is_in) if threading.current_thread().name == "A" else (b_is_in, a_is_out)
        mine.set()
        assert awaited.wait(10)
        return turn(image)

    def a() -> None:
        read_grey(encoded(GREY))
        a_is_out.set()

    def b() -> None:
        assert a_is_in.wait(10)
        read_grey(encoded(GREY))

    monkeypatch.setattr(raster.ImageOps, "exif_transpose", transpose)
    before = list(warnings.filters)
    try:
        threads = [threading.Thread(target=a, name="A"), threading.Thread(target=b, name="B")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before
    finally:
        warnings.filters[:] = before
