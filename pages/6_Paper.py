"""Paper: its tables 2 to 5, each row run on the selected data set, next to the published results."""

import streamlit as st

from core.errors import ImprintError
from core.paper import tables
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.paper import views

page.open_page(
    "Paper", "The paper's tables: published results next to results on the selected data set.", pair="real"
)
image_set, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(image_set: ImageSet, test: ImageSet | None) -> None:
    """The table, the rows computed so far, and what the paper does not specify."""
    sets = [image_set] if test is None else [image_set, test]
    table, untrained = views.settings(image_set)
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
