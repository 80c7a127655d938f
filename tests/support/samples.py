"""Small seeded images, and the files and sets made of them."""

import functools
import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.images.library import Library
from core.store import Store
from core.types import ImageFile, ImageSet
from demo.population import Scan, scans
from demo.streams import Stream

ROOT = Path(__file__).parents[2]


def noise(count: int, side: int = 32, seed: int = 0) -> list[np.ndarray]:
    """uint8 (side, side) white noise."""
    return list(np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8))


def generators(each: int = 6, side: int = 32, seed: int = 0) -> dict[str, list[np.ndarray]]:
    """Three kinds of texture that any descriptor tells apart: white noise, stripes and ramps."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 180, side)[None, :].repeat(side, 0)
    stripe = 60.0 + 120 * (np.arange(side) % 2)[None, :].repeat(side, 0)
    made = {"rough": noise(each, side, seed)}
    for name, base in (("striped", stripe), ("smooth", ramp)):
        shaky = base + rng.normal(0, 2, (each, side, side))
        made[name] = list(shaky.clip(0, 255).round().astype(np.uint8))
    return made


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def raw_png(width: int, height: int, depth: int, colour: int, pixels: bytes) -> bytes:
    """A PNG by the letter of its specification, also of kinds that Pillow doesn't write."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = len(pixels) // height
    lines = b"".join(b"\0" + pixels[i * row : (i + 1) * row] for i in range(height if row else 0))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def write_tree(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@functools.cache
def phantom_slices(*patients: int) -> tuple[Scan, ...]:
    """Of people of the second data set's stream, who are in no demo set from 900 on; four slices each."""
    return tuple(slice_ for number in patients for slice_ in scans(Stream.DB2, number))


def zipped(files: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(name, data)
    return buffer.getvalue()


def make_set(
    library: Library, name: str = "set", images: Mapping[str, Sequence[np.ndarray]] | None = None
) -> ImageSet:
    """A set straight from pixels, by generator, without going through files."""
    files = tuple(
        ImageFile(f"{generator}/{index:03}.png", library.add_pixels(pixels), label=generator)
        for generator, group in (generators() if images is None else images).items()
        for index, pixels in enumerate(group)
    )
    image_set = ImageSet(name, "generators", files)
    library.add(image_set)
    return image_set


class Counting(Store):
    """Notes what is put: rows of embeddings, and entries of the other stages."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.made: Counter[str] = Counter()
        self.names: Counter[str] = Counter()

    def put(self, name: str, arrays: Any, stage: str = "", pinned: bool = False) -> None:
        self.names[name] += 1
        self.made[stage] += len(arrays["rows"]) if stage == "embeddings" else 1
        super().put(name, arrays, stage, pinned)
