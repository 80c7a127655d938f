"""Audit: what tells a set's classes besides the fingerprint, and what if it were taken out?"""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.audit import derive, views
from pages.ui.layout import page

page.open_page("Audit", "What gives the answer away besides the fingerprint?")
image_set = page.chosen_set()

NEAR, WHAT_IF = "Copies and near-duplicates", "What if it were taken out?"


@st.fragment
def panel(image_set: ImageSet) -> None:
    """Answer, plot and table, then one tab: what is closed computes nothing."""
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
