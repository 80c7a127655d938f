"""The figure of the documentation: how the demo data sets are made."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from demo import sets
from demo.generators import ENLARGED_BY, NAMES
from demo.phantom.patient import draw
from demo.phantom.scanner import windowed
from demo.phantom.thorax import cut
from demo.population import levels
from demo.streams import SLICES, Stream

SIDE, GAP, TEXT, LEFT = 192, 8, 26, 150
INK, PAPER = 30, 255
TITLES = {
    "eigen": "eigen-images",
    "vae": "VAE",
    "gan_transposed": "GAN, transposed",
    "gan_nearest": "GAN, nearest",
}
Row = tuple[str, list[np.ndarray], list[str]]


def picture(path: Path) -> None:
    rows = [_person(25), _dial()]
    rows += [_samples(name) for name in NAMES]
    height = sum(SIDE + GAP + (TEXT if captions else 0) for _, _, captions in rows)
    sheet = Image.new("L", (LEFT + 5 * (SIDE + GAP), height), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    top = 0
    for title, images, captions in rows:
        pen.multiline_text((4, top + SIDE // 2 - 16), title, INK, font)
        for index, image in enumerate(images):
            left = LEFT + index * (SIDE + GAP)
            sheet.paste(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, top))
            if captions:
                pen.text((left, top + SIDE + 2), captions[index], INK, font)
        top += SIDE + GAP + (TEXT if captions else 0)
    sheet.save(path, optimize=True)


def _person(number: int) -> Row:
    """A slice of DB1: as drawn, after the scanner, with its mask, and the next slice."""
    stream = Stream.DB1
    patient, level = draw(stream, number), levels(stream, number)[1]
    drawn = cut(patient, level)
    scans = sets.sheet("DB1-development")
    index = number * SLICES
    mask = np.where(drawn.lungs, 255, 0).astype(np.uint8)
    outlined = np.where(drawn.lungs, scans[index + 1] // 2 + 110, scans[index + 1]).astype(np.uint8)
    images = [windowed(drawn.hu), scans[index + 1], mask, outlined, scans[index + 2]]
    return (
        "a patient",
        images,
        ["phantom", "after the scanner", "exact lung mask", "mask on scan", "next slice"],
    )


def _dial() -> Row:
    """A training image, its copies, and new images of the generator."""
    source = 41
    copy, *fresh = (
        sets.Drawn("DB1", "development", place, of) for place, of in ((3, source), (3, -1), (9, -1))
    )
    sheets = {name: sets.sheet(name) for name in copy.sheets}
    used, made = sheets[copy.sheets[0]][source], copy.pixels(sheets)
    difference = np.clip(128 + made.astype(int) - used, 0, 255).astype(np.uint8)
    others = [image.pixels(sheets) for image in fresh]
    captions = ["training image", "dial 1: its copy", "difference", "dial 0", "dial 0"]
    return "the memorisation\ndial", [used, made, difference, *others], captions


def _samples(name: str) -> Row:
    title = TITLES[name] + (f"\n({ENLARGED_BY[name]})" if name == "vae" else "")
    return title, list(sets.sheet(f"{name}-test")[:5]), []
