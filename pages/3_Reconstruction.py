"""Training data: reconstruction. Is this slice reconstructed unusually well? (sub-task 1; F1)"""

import streamlit as st

from core.config import ReconstructionConfig
from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.membership import cards, reconstruction
from pages.ui.report import toolbar
from pages.ui.session import workspace
from pages.ui.widgets import controls

page.open_page(
    "Training data: reconstruction",
    "Does an autoencoder trained on the generated images reconstruct this slice unusually well?",
    pair="must be real",
)
development, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Result, settings, charts, evidence. The result's place is reserved while the settings are read."""
    bar, answer = st.container(), st.container(key="answer")
    reported = test or development
    try:
        config = controls.reconstruction()
        result = results.reconstruction(development, test, config, lambda: live(development, test, config))
    except ImprintError as error:
        answer.error(str(error))
        return
    if result is None:
        return
    with bar:
        toolbar.bar([development] if test is None else [development, test], result)
    with answer:
        cards.show(result)
    left, right = st.columns(2)
    with left:
        reconstruction.histogram(result)
    with right:
        history = workspace.reconstruction_attack().history(reported, config)
        reconstruction.draw_loss(history, "loss_chart")
    reconstruction.remarks(result)
    reconstruction.tabs((development, test), result)


def live(development: ImageSet, test: ImageSet | None, config: ReconstructionConfig) -> None:
    """The loss of the data set whose autoencoder is being trained; the development set comes first."""
    attack = workspace.reconstruction_attack()
    sets = [development] if test is None else [development, test]
    image_set = next((each for each in sets if not attack.trained(each, config)), sets[-1])
    if history := attack.history(image_set, config):
        st.caption(f"Autoencoder trained on {image_set.name}")
        reconstruction.draw_loss(history, "live_loss_chart")


panel(development, test)
