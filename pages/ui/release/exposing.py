"""The other way round: generated images that expose somebody, and the set that remains without them."""

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from core.release import remaining
from core.release.result import Release
from core.types import ImageFile, ImageSet
from core.wording import verb
from pages.ui import routes
from pages.ui.layout.page import NO_TEST
from pages.ui.release import pictures, settings
from pages.ui.session import workspace
from pages.ui.widgets import gallery, permalinks

PAGE = 24
LONGEST = 80  # characters of a data set's name
TAIL = " without exposing images"


def section(found: Release, sets: Sequence[ImageSet]) -> None:
    """How many expose somebody, what they look like on demand, and what remains."""
    hashes = set(found.at_risk.exposing)
    if not hashes:
        return
    image_set = sets[-1]
    files = [file for file in image_set.generated if file.sha256 in hashes]
    st.markdown("### The other way round")
    count = len(files)
    st.markdown(
        f"**{count:,} of {len(image_set.generated):,} generated images** "
        f"{verb(count, 'is', 'are')} as near to a named slice as what named it."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        _remaining(found, sets, count)
        shown = st.toggle("Show them", key="show_exposing")
    if shown:
        _gallery(files)
    st.caption(remaining.WARNING)


def _gallery(files: Sequence[ImageFile]) -> None:
    pages = -(-len(files) // PAGE)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Page (of {pages})", 1, pages, 1, key="exposing_page", width=140))
    gallery.row([pictures.generated(file) for file in files[(page - 1) * PAGE : page * PAGE]])


def _remaining(found: Release, sets: Sequence[ImageSet], count: int) -> None:
    """The button that makes the set, or the link to the assessment of the one that was made."""
    name, library = remaining_name(sets[-1]), workspace.library()
    if name in library.names():
        with st.container(width="content"):
            permalinks.link(f"Assess “{name}”", address(name, sets))
        return
    if st.button(f"Save a set without {verb(count, 'this image', f'these {count:,} images')}", key="keep"):
        remaining.keep_remaining(library, sets[-1], found.at_risk, name)
        st.rerun()


def remaining_name(image_set: ImageSet) -> str:
    """Of a user's own set, also where the one it comes from is shared with them."""
    own = image_set.name.rpartition("/")[2]
    return own[: LONGEST - len(TAIL)].rstrip() + TAIL


def address(name: str, sets: Sequence[ImageSet]) -> str:
    """The assessment of the set that remains, in the place of the one that it comes from, with the same
    settings."""
    chosen = {"set": name, "test": NO_TEST} if len(sets) == 1 else {"set": sets[0].name, "test": name}
    kept = [(key, value) for key in settings.KEYS for value in st.query_params.get_all(key)]
    return permalinks.place(routes.RELEASE, chosen) + (f"&{urlencode(kept)}" if kept else "")
