"""Training data: regions. Was this slice used to train the generator? (sub-task 1; F1)"""

import numpy as np
import streamlit as st

from core.engine import MEMBERSHIP
from core.errors import ImprintError
from core.membership.cluster_distance import Membership
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.membership import cards, slices, tabs
from pages.ui.membership import charts as membership_charts
from pages.ui.membership.charts import DISTANCE_WORDS
from pages.ui.report import toolbar
from pages.ui.session import workspace
from pages.ui.widgets import charts, controls, gallery

page.open_page(
    "Training data: regions",
    "Membership inference attack: was this slice used to train the generator?",
    pair="must be real",
)
development, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(development: ImageSet, test: ImageSet | None) -> None:
    """Result, settings, charts, evidence. The result's place is reserved while the settings are read."""
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
    evaluated = len(workspace.current().ranked_runs(MEMBERSHIP, sets))
    cards.remarks(result, evaluated)
    tabs.tabs((development, test), result)


def picture(result: Membership) -> None:
    """F1 at every k, and the distances at the selected one."""
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
            alt=f"F1 on {part} by number of clusters, for minimum and mean distance",
        )
        st.caption(membership_charts.F1_CAPTION)
    with right:
        part_result = result.reported
        roles = [gallery.role(file) for file in part_result.files]
        axis = f"{DISTANCE_WORDS[distance]} distance to {k} centroids (feature units)"
        st.plotly_chart(
            membership_charts.histogram(
                part_result.distance, roles, result.development.choice.threshold, axis
            ),
            key="distance_chart",
            config=charts.CONFIG,
            alt="Histogram of distances of used and not used images",
        )
        left_out = int((~np.isfinite(part_result.distance)).sum())
        excluded = slices.excluded_words(left_out) if left_out else ""
        st.caption(f"{membership_charts.DISTANCE_CAPTION} {excluded}")


panel(development, test)
