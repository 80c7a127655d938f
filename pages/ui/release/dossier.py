"""The dossier to download: a page to print and sign, and the same as JSON."""

import datetime
from collections.abc import Sequence

import streamlit as st

from core.release.config import ReleaseConfig
from core.release.dossier.document import as_text, document
from core.release.dossier.files import file_names
from core.release.dossier.page import page
from core.release.result import Release
from core.types import ImageSet
from pages.ui.widgets import download

LONGEST = 100  # characters of a name
PAGE_WORDS = "One HTML file that requests nothing: to read, print and sign"
DATA_WORDS = "The same as JSON; python -m core release verify FILE checks either file"
NAMES_WORDS = "The dossier then holds personal data: keep it apart, and don't release it with the images."


def downloads(release: Release, sets: Sequence[ImageSet], config: ReleaseConfig) -> None:
    """Two buttons, and what the dossier is to say beside the result.

    ``sets``: as they were passed to the assessment: development, test, reference.
    """
    left, right = st.columns(2, vertical_alignment="bottom")
    by = left.text_input(
        "Name of who decides",
        key="release_decided_by",
        max_chars=LONGEST,
        placeholder="left empty to fill in",
    )
    named = right.checkbox("List those at risk by name", key="release_name_people", help=NAMES_WORDS)

    def body() -> dict[str, object]:
        today = datetime.date.today().isoformat()
        return document(release, config, sets, by.strip(), today, named)

    html, data = file_names(sets[0].name)
    with st.container(horizontal=True, gap="medium"):
        download.button("Dossier (HTML)", html, lambda: page(body()), PAGE_WORDS)
        download.button("Dossier (JSON)", data, lambda: as_text(body()), DATA_WORDS)
