"""Images side by side: on black, in proportion, with a border colour for their generator or role."""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.images.library import Library
from core.types import ImageFile, Role
from pages.ui.theme import UNKNOWN, Mark

PAGE = 24
SIDE = 128
ROLE_OF = {Role.REAL_USED: "used", Role.REAL_NOT_USED: "not used"}


def generator_of(file: ImageFile) -> str:
    return file.label or UNKNOWN


def role(file: ImageFile) -> str:
    return ROLE_OF.get(file.role, UNKNOWN)


def show(
    files: Sequence[ImageFile],
    library: Library,
    marks: Mapping[str, Mark],
    notes: Mapping[str, str] | None = None,
    key: str = "gallery",
    pager: DeltaGenerator | None = None,
    kind: Callable[[ImageFile], str] = generator_of,
) -> None:
    """A page of images with name and note; where there are more, a pager (in ``pager``, if given).

    ``kind`` names the mark of an image: its generator, or what it is.
    """
    pages = -(-len(files) // PAGE)
    page = 1
    if pages > 1:
        place = pager or st.container()
        page = int(place.number_input(f"Page (of {pages})", 1, pages, 1, key=f"{key}_page", width=140))
    shown = []
    for file in files[(page - 1) * PAGE : page * PAGE]:
        name = kind(file)
        mark = marks.get(name, marks[UNKNOWN])
        captions = [f"{mark.glyph} {file.name}", (notes or {}).get(file.name, "")]
        alt = f"{file.name}, {name}"
        shown.append(figure(library.pixels(file.sha256), captions, mark.colour, alt))
    row(shown)


def row(figures: Sequence[str], large: bool = False, small: bool = False) -> None:
    """Figures beside each other, as many as fit a line."""
    size = " large" if large else " small" if small else ""
    st.html(f'<div class="gallery{size}">{"".join(figures)}</div>')


def pair(first: str, second: str) -> str:
    """Two figures that belong together."""
    return f'<div style="display: flex; gap: 2px; margin-right: 10px">{first}{second}</div>'


def figure(pixels: np.ndarray, captions: Sequence[str], colour: str, alt: str, side: int = SIDE) -> str:
    """HTML of one image, uint8 (H, W) or (H, W, 3), of at most ``side`` px."""
    lines = "".join(f"<figcaption>{html.escape(text)}</figcaption>" for text in captions if text)
    title = html.escape(alt)
    return (
        f'<figure style="--frame:{colour}"><img src="{_data_uri(pixels, side)}" alt="{title}" '
        f'title="{title}">{lines}</figure>'
    )


def _data_uri(pixels: np.ndarray, side: int) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)  # keeps the proportions
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
