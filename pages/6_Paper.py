"""Paper: its tables 2 to 5, each row run on the selected data sets, next to the published results."""

import streamlit as st

from core.errors import ImprintError
from core.paper import tables
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.paper import calculator, selection, views

page.open_page(
    "Paper", "The paper's tables: published results next to results on the selected data sets.", pair="real"
)
image_set, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(image_set: ImageSet, test: ImageSet | None) -> None:
    """The table, the rows computed so far, and what the paper does not specify."""
    table, untrained = selection.table(image_set)
    try:
        data_sets = selection.data_sets(image_set, test)
        found = tables.lines(table, untrained)
        asked = [each.asked(table) for each in data_sets]
        swept = results.sweeps(asked, tables.listed(found), lambda: views.live(table, data_sets, found))
    except ImprintError as error:
        st.error(str(error))
        return
    if swept is not None:
        views.show(table, data_sets, found, [each["rows"] for each in swept])
    st.caption(tables.REMARKS[table])


panel(image_set, test)
calculator.calculator()
