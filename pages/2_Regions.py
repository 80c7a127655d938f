"""Training data by regions: was this slice used to train the generator? (sub-task 1; F1)"""

import numpy as np
import streamlit as st

from core.engine import MEMBERSHIP
from core.errors import ImprintError
from core.training_data import Membership
from core.values import ImageSet
from pages.ui import (
    actions,
    engine,
    figures,
    frame,
    knobs,
    membership_cards,
    membership_figures,
    membership_tabs,
    slices,
    work,
)

frame.open_page("Training data: regions", "Was this slice used to train the generator?", pair="must be real")
development, test = frame.chosen_set(), frame.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Answer, knobs, picture, evidence. The answer's place is kept while the knobs below are read."""
    bar, answer = st.container(), st.container(key="answer")
    sets = [development] if test is None else [development, test]
    try:
        config = knobs.membership()
        result = work.membership(development, test, config)
        if result is None:
            return
        with bar:
            actions.bar(sets, result)
        with answer:
            membership_cards.show(result)
        picture(result)
    except ImprintError as error:
        answer.error(str(error))
        return
    tried = len(engine.gate().tried(MEMBERSHIP, sets))
    membership_cards.remarks(result, tried)
    membership_tabs.tabs((development, test), result)


def picture(result: Membership) -> None:
    """F1 over every k, and the distances behind the chosen one."""
    distance, k, rule = result.chosen
    part = membership_tabs.part_of(result)
    left, right = st.columns([1.35, 1])
    with left:
        over = engine.training_data().over_k(development, test, result.config, rule)
        baseline = membership_tabs.everything_used(result)
        st.plotly_chart(
            membership_figures.f1_over_k(over, part, (distance, k), baseline),
            key="k_chart",
            config=figures.CONFIG,
            alt=f"F1 on {part} over the number of clusters, for the distances min and avg",
        )
        st.caption(
            "Inside the grey band F1 is what shuffled truth gives. The ring is the choice. Thin: development."
        )
    with right:
        judged = result.reported
        roles = [slices.role(file) for file in judged.files]
        axis = f"{distance} distance to {k} clusters, feature units"
        st.plotly_chart(
            membership_figures.histogram(judged.distance, roles, result.development.choice.threshold, axis),
            key="distance_chart",
            config=figures.CONFIG,
            alt="Histogram of the distances of used and not used images",
        )
        left_out = int((~np.isfinite(judged.distance)).sum())
        st.caption(
            "A leak shows as used slices further left. "
            + (f"{left_out} slices without a lung have no distance." if left_out else "")
        )


panel(development, test)
