"""Paper: its tables 2 to 5, each row run on the chosen set, ours beside theirs."""

import streamlit as st

from core.errors import ImprintError
from core.paper import tables
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.paper import views

page.open_page("Paper", "The paper's tables, theirs beside ours on the chosen set.", pair="real")
image_set, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(image_set: ImageSet, test: ImageSet | None) -> None:
    """Which table, its rows as far as they are, and what the paper leaves open."""
    sets = [image_set] if test is None else [image_set, test]
    table, untrained = views.knobs(image_set)
    try:
        found = tables.lines(table, untrained)
        listed = tables.listed(found)
        asked = sets if image_set.real else sets[:1]
        swept = results.sweep(asked, listed, lambda: views.live(asked, found))
    except ImprintError as error:
        st.error(str(error))
        return
    if swept is not None:
        views.show(asked, found, swept["rows"])
    st.caption(tables.REMARKS[table])


panel(image_set, test)
