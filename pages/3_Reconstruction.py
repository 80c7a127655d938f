"""Training data by reconstruction: does an autoencoder of the generated images know this slice? (F1)"""

import streamlit as st

from core.errors import ImprintError
from core.values import ImageSet, ReconstructionConfig
from pages.ui import actions, engine, frame, knobs, membership_cards, reconstruction_views, work

frame.open_page(
    "Training data: reconstruction",
    "Does an autoencoder that learnt from the generated images find this slice familiar?",
    pair="must be real",
)
development, test = frame.chosen_set(), frame.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Answer, knobs, picture, evidence. The answer's place is kept while the knobs below are read."""
    bar, answer = st.container(), st.container(key="answer")
    reported = test or development
    try:
        config = knobs.reconstruction()
        result = work.reconstruction(development, test, config, lambda: live(development, test, config))
    except ImprintError as error:
        answer.error(str(error))
        return
    if result is None:
        return
    with bar:
        actions.bar([development] if test is None else [development, test], result)
    with answer:
        membership_cards.show(result)
    left, right = st.columns(2)
    with left:
        reconstruction_views.histogram(result)
    with right:
        history = engine.reconstructing().history(reported, config)
        reconstruction_views.draw_loss(history, "loss_chart")
    reconstruction_views.remarks(result)
    reconstruction_views.tabs((development, test), result)


def live(development: ImageSet, test: ImageSet | None, config: ReconstructionConfig) -> None:
    """The loss of the set whose autoencoder is being trained: development's comes first."""
    reconstructing = engine.reconstructing()
    sets = [development] if test is None else [development, test]
    image_set = next((each for each in sets if not reconstructing.trained(each, config)), sets[-1])
    if history := reconstructing.history(image_set, config):
        st.caption(f"Autoencoder of {image_set.name}")
        reconstruction_views.draw_loss(history, "live_loss_chart")


panel(development, test)
