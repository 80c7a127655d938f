"""Files and archives that somebody made to hurt: lies, bombs, cuts and knots; and odd but honest ones."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.support.samples import encoded, noise, raw_png, zipped
from tests.unit.images.scans import ct, dicom, nifti

GREY = noise(1)[0]
RGB = Image.fromarray(np.stack([GREY] * 3, 2))
VOLUME = np.stack([ct(24, seed) for seed in range(3)], 2)
KINDS = ("PNG", "JPEG", "TIFF")
Case = tuple[str, bytes]


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def zeros(mebibytes: int) -> bytes:
    """So many of zeros, deflated a thousandfold."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = pack.compress(bytes(2**20)) + pack.flush(zlib.Z_FULL_FLUSH)  # after it, the same may come again
    return block * mebibytes + pack.flush()


def zlibbed(mebibytes: int) -> bytes:
    return b"\x78\xda" + zeros(mebibytes) + bytes(4)


def gzipped(mebibytes: int) -> bytes:
    return b"\x1f\x8b\x08" + bytes(7) + zeros(mebibytes) + bytes(8)


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """A PNG chunk, which may lie about its size."""
    length = len(body) if size is None else size
    return struct.pack(">I", length) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def ihdr(width: int, height: int, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def tiff(entries: list[tuple[int, int, int, int]], after: int = 0, tail: bytes = b"") -> bytes:
    """Little-endian, one directory of (tag, type, count, value or offset), then the next one's offset."""
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + rows + struct.pack("<I", after) + tail


def grey_tiff(width: int = 32, height: int = 32, **tags: tuple[int, int, int]) -> bytes:
    """8-bit grey in one strip behind the directory; ``tags``, t123=(type, count, value), change it."""
    values = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)}
    values |= {273: (4, 1, 0), 277: (3, 1, 1), 278: (4, 1, height), 279: (4, 1, 1024)}
    values |= {int(name[1:]): value for name, value in tags.items()}
    start = 8 + 2 + 12 * len(values) + 4
    if "t273" not in tags:
        values[273] = (4, 1, start)
    return tiff([(tag, *value) for tag, value in sorted(values.items())], tail=GREY.tobytes())


def chained(count: int) -> bytes:
    """Directories that each point to the next, ``count`` of them, the last of them to the first."""
    first = grey_tiff()
    empty = b"".join(
        struct.pack("<HI", 0, len(first) + 6 * (i + 1) if i + 1 < count else 8) for i in range(count)
    )
    return patched(first, 10 + 12 * 9, struct.pack("<I", len(first))) + empty


def stills() -> Iterator[Case]:
    good = {kind: encoded(noise(1, 64)[0], kind) for kind in KINDS}
    for kind, data in good.items():
        for share in (1, 10, 50, 90):
            yield f"{kind} cut at {share} in 100", data[: max(9, len(data) * share // 100)]
        yield f"{kind} with its first bytes alone", data[:4]
        yield f"{kind} without its first bytes", data[4:]
        yield f"{kind} of zeros after its header", data[:60] + bytes(len(data) - 60)
        yield f"{kind} under another's magic", patched(data, 0, b"GIF89a")
        yield f"{kind} of noise after its header", data[:30] + GREY.tobytes()
    for name, data in {
        "empty": b"",
        "one byte": b"\0",
        "text": b"not an image at all",
        "a program": b"\x7fELF" + bytes(200),
        "a script": b"#!/bin/sh\nrm -rf /\n",
        "a page": b"<html><script>alert(1)</script></html>",
        "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
        "a PDF": b"%PDF-1.7\n" + bytes(99),
        "a pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        "a zip": zipped({"a.png": encoded(GREY)}),
        "an npy": b"\x93NUMPY\x01\0v\0{'descr': '|O', 'shape': (1,)}",
    }.items():
        yield name, data
    for kind in ("ICO", "TGA"):
        yield f"{kind}, which is not on the list", encoded(GREY, kind)


def pngs() -> Iterator[Case]:
    body, end = chunk(b"IDAT", zlib.compress(bytes(33 * 32))), chunk(b"IEND", b"")
    for width, height in (
        (0, 0),
        (0, 32),
        (2**31 - 1, 2**31 - 1),
        (60_000, 60_000),
        (9000, 9000),
        (2**31, 1),
    ):
        yield f"PNG of {width} x {height}", png(ihdr(width, height), body, end)
    yield "PNG, 1 x 64 million", raw_png(1, 64_000_000, 8, 0, b"")
    yield "PNG of too few lines", png(ihdr(32, 64), body, end)
    yield "PNG without pixels", png(ihdr(32, 32), end)
    yield "PNG without a header", png(body, end)
    yield "PNG with a chunk of 2 GB", png(ihdr(32, 32), chunk(b"IDAT", b"", 2**31 - 1))
    yield "PNG with a chunk of 4 GB", png(ihdr(32, 32), chunk(b"IDAT", b"", 2**32 - 1))
    yield "PNG with a wrong checksum", png(ihdr(32, 32)[:-4] + bytes(4), body, end)
    yield "PNG of depth 3", png(ihdr(32, 32, 3), body, end)
    yield "PNG of colour 7", png(ihdr(32, 32, 8, 7), body, end)
    yield "PNG, palette without one", png(ihdr(32, 32, 8, 3), body, end)
    yield "PNG of interlace 9 and no data", png(ihdr(32, 32, interlace=9), end)
    bomb = zlibbed(80)
    yield "PNG, a bomb in its text", png(ihdr(32, 32), chunk(b"zTXt", b"a\0\0" + bomb), body, end)
    yield "PNG, a bomb in its profile", png(ihdr(32, 32), chunk(b"iCCP", b"a\0\0" + bomb), end)
    yield (
        "PNG, animated, of 2 billion frames",
        png(ihdr(32, 32), chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), body, end),
    )


def tiffs() -> Iterator[Case]:
    yield "TIFF whose directory lies beyond its end", b"II*\0" + struct.pack("<I", 2**32 - 1)
    yield "TIFF without a directory", b"II*\0" + struct.pack("<I", 0)
    yield "TIFF with 65535 entries", b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(100)
    yield "TIFF with 200,000 directories", chained(200_000)
    yield "TIFF of float, of no known range", encoded(Image.fromarray(GREY * np.float32(1e6)), "TIFF")
    yield "TIFF of NaN", encoded(Image.fromarray(np.full((32, 32), np.nan, np.float32)), "TIFF")
    yield "TIFF of 32-bit numbers below 0", encoded(Image.fromarray(-1 - GREY.astype(np.int32)), "TIFF")
    for side in (0, 8, 60_000, 2**31, 2**32 - 1):
        yield f"TIFF of {side} x {side}", grey_tiff(side, side)
    yield "TIFF whose strip lies beyond its end", grey_tiff(t273=(4, 1, 2**31))
    yield "TIFF whose strip is 4 GB", grey_tiff(64, 64, t279=(4, 1, 2**32 - 1))
    yield "TIFF of 65535 samples a pixel", grey_tiff(t277=(3, 1, 65535))
    yield "TIFF of 2 billion strips", grey_tiff(t273=(4, 2**31, 8), t279=(4, 2**31, 8))
    for packing in (2, 5, 7, 8, 34712, 50000, 65000):
        yield f"TIFF that lies about packing {packing}", grey_tiff(t259=(3, 1, packing))
    yield "BigTIFF whose directory lies beyond all", b"II+\0" + struct.pack("<HHQ", 8, 0, 2**63)


def jpegs() -> Iterator[Case]:
    good = encoded(noise(1, 64)[0], "JPEG")
    frame = good.index(b"\xff\xc0")
    for height, width in ((0, 64), (64, 0), (65535, 65535), (9000, 9000), (65535, 8)):
        yield f"JPEG of {width} x {height}", patched(good, frame + 5, struct.pack(">HH", height, width))
    yield "JPEG of 12 bits", patched(good, frame + 4, b"\x0c")
    yield "JPEG of 255 components", patched(good, frame + 9, b"\xff")
    yield "JPEG of markers alone", b"\xff\xd8" + b"\xff\xd8" * 5000
    yield "JPEG without tables", good[:2] + good[frame:]


LIES: tuple[dict[str, Any], ...] = (
    {"Rows": 0},
    {"Columns": 0},
    {"Rows": 65535, "Columns": 65535},
    {"Rows": 64},
    {"Rows": 8},
    {"NumberOfFrames": 0x7FFFFFFF},
    {"NumberOfFrames": 4096},
    {"NumberOfFrames": -5},
    {"NumberOfFrames": 2},
    {"SamplesPerPixel": 3},
    {"SamplesPerPixel": 65535},
    {"SamplesPerPixel": 0},
    {"BitsAllocated": 64},
    {"BitsAllocated": 7},
    {"BitsAllocated": 0},
    {"BitsAllocated": 65535},
    {"BitsStored": 0},
    {"BitsStored": 65535},
    {"PixelRepresentation": 7},
    {"PixelData": b""},
    {"PixelData": None},
    {"Rows": None},
    {"Columns": None},
    {"PhotometricInterpretation": None},
    {"PhotometricInterpretation": "HSV"},
    {"Modality": "MR"},
    {"PhotometricInterpretation": "PALETTE COLOR"},
    {"ModalityLUTSequence": [Dataset()]},
    {"RescaleSlope": "1"},
)


def dicoms() -> Iterator[Case]:
    whole = dicom(ct())
    for share in (5, 20, 50, 95):
        yield f"DICOM cut at {share} in 100", whole[: max(140, len(whole) * share // 100)]
    for tags in LIES:
        yield f"DICOM with {tags}", dicom(ct(), **tags)
    for syntax in (JPEGLSLossless, JPEGBaseline8Bit, JPEG2000Lossless, RLELossless):
        yield f"DICOM that says {syntax} of plain pixels", dicom(ct(), syntax=syntax)
    yield "DICOM, a PNG for a JPEG", dicom(GREY, syntax=JPEGBaseline8Bit, PixelData=encoded(GREY))
    huge = encoded(np.zeros((4000, 4000), np.uint8), "JPEG2000")
    yield "DICOM, a JPEG 2000 larger than it says", dicom(GREY, syntax=JPEG2000Lossless, PixelData=huge)
    yield "DICOM, preamble alone", bytes(128) + b"DICM"
    at = whole.index(b"\xe0\x7f\x10\x00OW\0\0") + 8
    for size in (0, 1, 2**31, 2**32 - 2, 2**32 - 1):
        yield f"DICOM with pixels of {size} bytes", patched(whole, at, struct.pack("<I", size))
    yield "DICOM, sequences 5000 deep", whole[: at - 8] + knotted(5000)
    yield "DICOM, wanted sequences 5000 deep", whole[: at - 8] + knotted(5000, b"\x00\x52\x29\x92")
    yield "DICOM, a sequence without an end", whole[: at - 8] + b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
    yield "DICOM, deflated bomb", deflated_bomb()
    yield "DICOM, deflated noise", dicom(ct(), syntax=DeflatedExplicitVRLittleEndian)[:400] + GREY.tobytes()


def knotted(depth: int, tag: bytes = b"\x08\x00\x40\x11") -> bytes:
    """A sequence in a sequence in a sequence, none of which says its length."""
    return (tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * depth


def deflated_bomb() -> bytes:
    """Three GB of zeros in three MB, where the data set should be."""
    data = dicom(ct(), syntax=DeflatedExplicitVRLittleEndian)
    return data[: 132 + 12 + struct.unpack("<I", data[140:144])[0]] + zeros(3072)


def niftis() -> Iterator[Case]:
    whole = nifti(VOLUME)
    for share in (10, 50, 95):
        yield f"NIfTI cut at {share} in 100", whole[: max(348, len(whole) * share // 100)]
    for shape in ((0, 24, 3), (-1, 24, 3), (32767, 32767, 32767), (24, 24, 32767), (24, 24, 300), (8, 8, 8)):
        yield f"NIfTI of {shape}", patched(whole, 40, struct.pack("<4h", 3, *shape))
    for dims in (0, 9, 32767, -1):
        yield f"NIfTI of {dims} dimensions", patched(whole, 40, struct.pack("<h", dims))
    for code in (0, 1, 32, 128, 1792, 2304, 9999):
        yield f"NIfTI of data type {code}", patched(whole, 70, struct.pack("<h", code))
    yield "NIfTI, four dimensions", nifti(np.zeros((24, 24, 2, 3), np.int16))
    for offset in (float("nan"), float("inf"), -352.0, 1e30):
        yield f"NIfTI with pixels at {offset}", patched(whole, 108, struct.pack("<f", offset))
    yield (
        "NIfTI without an orientation",
        patched(patched(whole, 252, struct.pack("<hh", 0, 1)), 280, bytes(48)),
    )
    yield "NIfTI, gzip cut off", gzip.compress(whole)[:-50]
    yield "NIfTI, gzip of nothing", gzip.compress(b"")
    yield "NIfTI, gzip of text", gzip.compress(b"text")
    yield "NIfTI, gzip of gzip", gzip.compress(gzip.compress(whole))
    yield "NIfTI, gzip bomb", gzipped(600)


def honest() -> Iterator[Case]:
    """Odd, but what they say is true."""
    rotated = Image.Exif()
    rotated[274] = 6
    yield "PNG, palette", encoded(RGB.convert("P"))
    yield "PNG, alpha", encoded(RGB.convert("RGBA"))
    yield "PNG, 16 bit", encoded(GREY.astype(np.uint16) * 257)
    yield "PNG, 1 bit", encoded(Image.fromarray(GREY).convert("1"))
    yield "JPEG, turned by EXIF", encoded(GREY, "JPEG", exif=rotated)
    yield "JPEG, CMYK", encoded(RGB.convert("CMYK"), "JPEG")
    yield "JPEG, progressive", encoded(GREY, "JPEG", progressive=True)
    yield "TIFF, 16 bit", encoded(GREY.astype(np.uint16), "TIFF")
    yield "TIFF, made by hand", grey_tiff()
    yield "TIFF, LZW", encoded(GREY, "TIFF", compression="tiff_lzw")
    yield "PNG with rubbish behind its end", encoded(GREY) + b"PK\3\4" + bytes(99)
    yield "DICOM", dicom(ct())
    yield "DICOM, deflated", dicom(ct(), syntax=DeflatedExplicitVRLittleEndian)
    yield "DICOM without the preamble", dicom(ct())[132:]
    yield "PNG, animated", encoded(RGB.convert("L"), save_all=True, append_images=[Image.fromarray(GREY)])
    yield "TIFF of two pages", encoded(RGB, "TIFF", save_all=True, append_images=[RGB])
    yield "TIFF of float", encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF")
    yield "TIFF of 32-bit numbers", encoded(Image.fromarray(GREY.astype(np.int32)), "TIFF")
    for kind in ("BMP", "GIF", "WEBP", "PPM", "JPEG2000"):
        yield kind, encoded(GREY, kind)
    yield "NIfTI", nifti(VOLUME)
    yield "NIfTI, packed", gzip.compress(nifti(VOLUME))
    yield "NIfTI, endless extension", patched(nifti(VOLUME), 348, struct.pack("<4bii", 1, 0, 0, 0, 2**30, 6))
    yield "PNG, 80 MB behind its lines", png(ihdr(32, 32), chunk(b"IDAT", zlibbed(80)), chunk(b"IEND", b""))
    yield "TIFF, 80 MB behind its lines", grey_tiff(t259=(3, 1, 8))[:122] + zlibbed(80)
    yield "TIFF whose directory follows itself", patched(grey_tiff(), 10 + 12 * 9, struct.pack("<I", 8))


FILES = (stills, pngs, tiffs, jpegs, dicoms, niftis)
