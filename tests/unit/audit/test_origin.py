"""What an import records of a file, beside its pixels; and that no key depends on it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.formats.raster import read
from core.images.importing.importer import import_source
from core.images.library import Library
from core.images.sources.source import from_files
from core.types import Origin
from tests.support.samples import encoded, noise, raw_png

GREY = noise(1)[0]
RGB = Image.fromarray(np.stack([GREY] * 3, 2))


@pytest.mark.parametrize(
    ("data", "format", "bits"),
    [
        (encoded(GREY), "PNG", 8),
        (encoded(GREY.astype(np.uint16) * 257), "PNG", 16),
        (encoded(RGB), "PNG", 24),
        (encoded(RGB.convert("RGBA")), "PNG", 32),
        (encoded(RGB.convert("P")), "PNG", 8),
        (encoded(Image.fromarray(GREY).convert("1")), "PNG", 1),
        (raw_png(16, 16, 2, 0, bytes(16 * 4)), "PNG", 2),
        (raw_png(16, 16, 16, 2, bytes(16 * 96)), "PNG", 48),
        (encoded(GREY, "JPEG"), "JPEG", 8),
        (encoded(RGB, "JPEG"), "JPEG", 24),
        (encoded(GREY, "TIFF"), "TIFF", 8),
        (encoded(RGB, "TIFF"), "TIFF", 24),
        (encoded(GREY.astype(np.uint16), "TIFF"), "TIFF", 16),
        (encoded(Image.fromarray(GREY).convert("1"), "TIFF"), "TIFF", 1),
    ],
)
def test_a_files_origin(data: bytes, format: str, bits: int) -> None:
    assert read(data).facts.origin == Origin(format, len(data), bits)


def test_an_import_keeps_it(library: Library) -> None:
    data = encoded(GREY, "JPEG")
    made = import_source(from_files({"a/1.jpg": data, "b/1.png": encoded(GREY)}), "s", library).image_set
    assert made.files[0].origin == Origin("JPEG", len(data), 8)
    assert Library().get("s") == made


def test_no_key_depends_on_it(library: Library) -> None:
    made = import_source(from_files({"a/1.png": encoded(GREY)}), "s", library).image_set
    old = replace(made, files=tuple(replace(file, origin=None) for file in made.files))
    assert (old.content, old.truth) == (made.content, made.truth)


def test_a_manifest_from_before_is_read(library: Library, home: Path) -> None:
    import_source(from_files({"a/1.png": encoded(GREY)}), "s", library)
    (path,) = (home / "sets").iterdir()
    raw = json.loads(path.read_text())
    for file in raw["files"]:
        del file["origin"]
    path.write_text(json.dumps(raw) + " ")
    assert Library().get("s").files[0].origin is None
