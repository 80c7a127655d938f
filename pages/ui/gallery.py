"""Images side by side: on black, in proportion, framed in their generator's colour."""

import base64
import html
import io
from collections.abc import Mapping, Sequence

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.images.library import Library
from core.values import ImageFile
from pages.ui.style import UNKNOWN, Mark

PAGE = 24
SIDE = 128


def show(
    files: Sequence[ImageFile],
    library: Library,
    marks: Mapping[str, Mark],
    notes: Mapping[str, str] | None = None,
    key: str = "gallery",
    pager: DeltaGenerator | None = None,
) -> None:
    """A page of images with name and note; where there are more, a pager (in ``pager``, if given)."""
    pages = -(-len(files) // PAGE)
    page = 1
    if pages > 1:
        place = pager or st.container()
        page = int(place.number_input(f"Page, of {pages}", 1, pages, 1, key=f"{key}_page", width=140))
    figures = [
        _figure(file, library, marks, (notes or {}).get(file.name, ""))
        for file in files[(page - 1) * PAGE : page * PAGE]
    ]
    st.html(f'<div class="gallery">{"".join(figures)}</div>')


def _figure(file: ImageFile, library: Library, marks: Mapping[str, Mark], note: str) -> str:
    label = file.label or UNKNOWN
    mark = marks.get(label, marks[UNKNOWN])
    name, caption = html.escape(file.name), html.escape(note)
    return (
        f'<figure style="--frame:{mark.colour}">'
        f'<img src="{_data_uri(file, library)}" alt="{name}, generator {html.escape(label)}" title="{name}">'
        f"<figcaption>{mark.glyph} {name}</figcaption>"
        + (f"<figcaption>{caption}</figcaption>" if note else "")
        + "</figure>"
    )


def _data_uri(file: ImageFile, library: Library) -> str:
    image = Image.fromarray(library.pixels(file.sha256))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)  # keeps the proportions
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
