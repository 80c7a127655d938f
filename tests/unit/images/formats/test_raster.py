"""Each kind of file by its rule (the table in raster.py), and each broken one by its reason."""

import struct
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from core.errors import UnreadableImage
from core.images.formats import raster
from core.images.formats.raster import read_grey
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
    import io

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


def _pages(kind: str) -> bytes:
    first, second = (Image.fromarray(pixels) for pixels in noise(2))
    return encoded(first, kind, save_all=True, append_images=[second])


def _huge(side: int) -> bytes:
    return raw_png(side, side, 8, 0, b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "0 bytes", id="empty"),
        pytest.param(b"hello, I am text", "not a PNG, JPEG, TIFF, DICOM, NIfTI or NPY/NPZ", id="text"),
        pytest.param(encoded(GREY, "BMP"), "not a PNG, JPEG, TIFF, DICOM, NIfTI or NPY/NPZ", id="bmp"),
        pytest.param(encoded(GREY, "GIF"), "not a PNG, JPEG, TIFF, DICOM, NIfTI or NPY/NPZ", id="gif"),
        pytest.param(encoded(noise(1, 64)[0])[:2000], "damaged or truncated", id="truncated png"),
        pytest.param(encoded(noise(1, 64)[0], "JPEG")[:900], "damaged or truncated", id="truncated jpeg"),
        pytest.param(encoded(noise(1, 64)[0], "TIFF")[:2000], "damaged or truncated", id="truncated tiff"),
        pytest.param(encoded(GREY[:1, :1]), "1 x 1 pixels: too small, the minimum is 16 x 16", id="1x1"),
        pytest.param(encoded(GREY[:15]), "16 x 15 pixels: too small", id="15 rows"),
        pytest.param(encoded(Image.new("F", (32, 32)), "TIFF"), "32-bit values", id="float"),
        pytest.param(encoded(Image.new("I", (32, 32)), "TIFF"), "32-bit values", id="int"),
        pytest.param(_pages("TIFF"), "several pages in one file", id="pages"),
        pytest.param(_pages("PNG"), "several pages in one file", id="animated"),
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
