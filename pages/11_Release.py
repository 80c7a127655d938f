"""Release: may the generated images be released, and whom would they expose?"""

import streamlit as st

from core.errors import ImprintError
from core.release.config import ReleaseConfig
from core.release.result import Release
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.release import dossier, evidence, exposing, intro, people, settings, verdict, worth

page.open_page(
    "Release",
    "May these generated images be released, and whose images would they expose?",
    pair="must be real",
)
development, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Verdict, settings, people, evidence. The verdict's place is reserved while the settings are read."""
    answer = st.container(key="answer")
    sets = [development] if test is None else [development, test]
    try:
        config, reference = settings.read(sets)
        every = [*sets, reference] if reference else sets
        announced = st.empty()
        announced.caption(intro.words(sets, config))
        found = results.release(every, config)
        if found is None:
            return
        announced.empty()
        with answer:
            verdict.show(found)
            with st.expander("Dossier: the assessment on paper"):
                dossier.downloads(found, every, config)
        details(found, sets, reference, config)
    except ImprintError as error:
        answer.error(str(error))


def details(found: Release, sets: list[ImageSet], reference: ImageSet | None, config: ReleaseConfig) -> None:
    """Who is exposed, by what, and what the images are worth."""
    people.section(found, sets[-1])
    exposing.section(found, sets)
    evidence.section(found, sets)
    worth.section(found, sets, reference, config)


panel(development, test)
