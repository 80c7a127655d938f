import zlib

import pytest

from core.images.formats import png
from core.images.formats.png import Header
from tests.support.samples import raw_png
from tests.unit.images.crafted_files import chunk, ihdr
from tests.unit.images.crafted_files import png as made


@pytest.mark.parametrize(
    ("depth", "colour", "bits"), [(8, 0, 8), (1, 3, 1), (16, 2, 48), (16, 4, 32), (8, 6, 32)]
)
def test_bits_a_pixel(depth: int, colour: int, bits: int) -> None:
    assert png.header(raw_png(20, 30, depth, colour, b"")) == Header(20, 30, bits, False)


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (Header(8, 8, 8, False), 72),  # 8 lines of a filter byte and 8 pixels
        (Header(9, 2, 1, False), 6),  # 9 bits take 2 bytes
        (Header(8, 8, 8, True), 79),  # 64 pixels; the 7 passes have 1, 1, 1, 2, 2, 4 and 4 lines
        (Header(1, 1, 8, True), 2),  # the first pass alone
    ],
)
def test_what_all_lines_unpack_to(header: Header, size: int) -> None:
    assert header.unpacked == size


@pytest.mark.parametrize(("interlace", "needed"), [(0, 72), (1, 79)])
def test_lines_are_counted(interlace: int, needed: int) -> None:
    """In chunks of any length; more than is needed does no harm."""

    def of(size: int) -> bytes:
        packed = zlib.compress(bytes(size))
        chunks = [chunk(b"IDAT", packed[at : at + 3]) for at in range(0, len(packed), 3)]
        return made(ihdr(8, 8, interlace=interlace), *chunks, chunk(b"IEND", b""))

    assert png.whole(of(needed))
    assert png.whole(of(10**6))
    assert not png.whole(of(needed - 1))
