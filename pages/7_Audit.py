"""Audit: which confounders predict the labels of a data set, and what remains without them?"""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.audit import derive, views
from pages.ui.layout import page

page.open_page("Audit", "Which confounders (file format, brightness, size …) predict the label?")
image_set = page.chosen_set()

NEAR, WHAT_IF = "Duplicates and near-duplicates", "Remove confounders"


@st.fragment
def panel(image_set: ImageSet) -> None:
    """Summary, chart and table, then one tab: a closed tab computes nothing."""
    answer = st.container(key="answer")
    try:
        found = views.audit(image_set)
        if found is None:
            return
        with answer:
            views.answer(found)
        views.baselines(found)
        tab = st.segmented_control(
            "More",
            [WHAT_IF, NEAR],
            default=WHAT_IF,
            key="tab",
            required=True,
            label_visibility="collapsed",
        )
        if tab == NEAR:
            views.near_duplicates(found)
        else:
            derive.panel(found)
    except ImprintError as error:
        answer.error(str(error))


panel(image_set)
