"""Compare: two or more evaluated configurations, how their scores differ, and which images changed."""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.compare import views
from pages.ui.layout import page
from pages.ui.report import toolbar

page.open_page("Compare", "Does another configuration change the result, and for which images?", pair="real")
image_set, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(image_set: ImageSet, test: ImageSet | None) -> None:
    """The configurations, their scores, and the images that changed."""
    sets = [image_set] if test is None or not image_set.real else [image_set, test]
    bar = st.container()
    try:
        answers = views.chosen(sets)
        if len(answers) > 1:
            with bar:
                toolbar.report_bar(sets, answers)
            views.show(sets, answers)
    except ImprintError as error:
        st.error(str(error))


panel(image_set, test)
