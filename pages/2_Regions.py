"""Training data by regions: was this slice used to train the generator? (sub-task 1; F1)"""

import numpy as np
import streamlit as st

from core.engine import MEMBERSHIP
from core.errors import ImprintError
from core.membership.cluster_distance import Membership
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.membership import cards, tabs
from pages.ui.membership import charts as membership_charts
from pages.ui.report import toolbar
from pages.ui.session import workspace
from pages.ui.widgets import charts, controls, gallery

page.open_page("Training data: regions", "Was this slice used to train the generator?", pair="must be real")
development, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Answer, knobs, picture, evidence. The answer's place is kept while the knobs below are read."""
    bar, answer = st.container(), st.container(key="answer")
    sets = [development] if test is None else [development, test]
    try:
        config = controls.membership()
        result = results.membership(development, test, config)
        if result is None:
            return
        with bar:
            toolbar.bar(sets, result)
        with answer:
            cards.show(result)
        picture(result)
    except ImprintError as error:
        answer.error(str(error))
        return
    tried = len(workspace.current().tried(MEMBERSHIP, sets))
    cards.remarks(result, tried)
    tabs.tabs((development, test), result)


def picture(result: Membership) -> None:
    """F1 over every k, and the distances behind the chosen one."""
    distance, k, rule = result.chosen
    part = tabs.part_of(result)
    left, right = st.columns([1.35, 1])
    with left:
        over = workspace.cluster_distance_attack().over_k(development, test, result.config, rule)
        baseline = tabs.everything_used(result)
        st.plotly_chart(
            membership_charts.f1_over_k(over, part, (distance, k), baseline),
            key="k_chart",
            config=charts.CONFIG,
            alt=f"F1 on {part} over the number of clusters, for the distances min and avg",
        )
        st.caption(
            "Inside the grey band F1 is what shuffled truth gives. The ring is the choice. Thin: development."
        )
    with right:
        judged = result.reported
        roles = [gallery.role(file) for file in judged.files]
        axis = f"{distance} distance to {k} clusters, feature units"
        st.plotly_chart(
            membership_charts.histogram(judged.distance, roles, result.development.choice.threshold, axis),
            key="distance_chart",
            config=charts.CONFIG,
            alt="Histogram of the distances of used and not used images",
        )
        left_out = int((~np.isfinite(judged.distance)).sum())
        st.caption(
            "A leak shows as used slices further left. "
            + (f"{left_out} slices without a lung have no distance." if left_out else "")
        )


panel(development, test)
