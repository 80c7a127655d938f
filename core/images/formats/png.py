"""What Pillow does not report about a PNG: its true bit depth, and whether all rows are present.

Source: PNG (third edition), 5.3 chunks, 8.1 interlacing, 9.2 filtering, 11.2.1 IHDR.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

FIRST_CHUNK = 8  # bytes; after the signature
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
WHOLE = ((0, 0, 1, 1),)  # for each pass: first column, first row, column step, row step
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class Header:
    """Sides in px; ``bits`` per pixel."""

    width: int
    height: int
    bits: int
    interlaced: bool

    @property
    def unpacked(self) -> int:
        """Bytes of all rows when decompressed, each with its filter byte."""
        total = 0
        for x, y, right, down in ADAM7 if self.interlaced else WHOLE:
            columns, rows = -(-(self.width - x) // right), -(-(self.height - y) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * self.bits + 7) // 8)
        return total


def header(data: bytes) -> Header:
    """The header of a PNG that Pillow has already opened."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, FIRST_CHUNK + 8)
    return Header(width, height, depth * CHANNELS[colour], interlace == 1)


def whole(data: bytes) -> bool:
    """Whether the pixel data decompress to as many bytes as the size requires; no more is decompressed."""
    missing = header(data).unpacked
    unzip = zlib.decompressobj()
    for packed in _pixels(data):
        while packed and missing > 0 and not unzip.eof:
            missing -= len(unzip.decompress(packed, min(missing, 2**20)))
            packed = unzip.unconsumed_tail
    return missing <= 0


def _pixels(data: bytes) -> Iterator[bytes]:
    """The bodies of the IDAT chunks."""
    at = FIRST_CHUNK
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"IDAT":
            yield data[at + 8 : at + 8 + size]
        at += 12 + size
