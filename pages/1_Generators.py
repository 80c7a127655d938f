"""Generators: which generative model made each image? (sub-task 2; ARI)"""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.attribution.pipeline import Attribution
from core.config import PipelineConfig
from core.engine import ATTRIBUTION
from core.errors import ImprintError
from core.features import catalog
from core.paper import reference
from core.types import ImageSet
from pages.ui import theme
from pages.ui.attribution import cards, tabs
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.report import toolbar
from pages.ui.session import workspace
from pages.ui.widgets import charts, controls, map_hover

page.open_page("Generators", "Model attribution: which generator made each image?")
image_set = page.chosen_set()


@st.fragment
def panel(image_set: ImageSet) -> None:
    """Result, settings, charts, evidence. The result's place is reserved while the settings are read."""
    bar, answer = st.container(), st.container(key="answer")
    try:
        config = controls.attribution()
        result = results.attribution(image_set, config)
    except ImprintError as error:
        answer.error(str(error))
        return
    if result is None:
        return
    with bar:
        toolbar.bar([image_set], result)
    with answer:
        cards.attribution(result, reference.references(result.config))
    chosen = picture(image_set, result)
    cards.remarks(result, len(workspace.current().ranked_runs(ATTRIBUTION, [image_set])))
    tabs.tabs(image_set, result, chosen)


def picture(image_set: ImageSet, result: Attribution) -> list[str]:
    """The map and the table, side by side; the names of the images selected in either."""
    marks = theme.marks(result.agreement.generators)
    left, right = st.columns([1.55, 1])
    with left:
        bar = st.columns([1, 1.2])
        kind = switch(bar[0], "Map", {"pca": "PCA", "umap": "UMAP"}, "map")
        colour_by = switch(
            bar[1], "Colour by", {"generator": "by generator", "cluster": "by cluster"}, "colour"
        )
        try:
            on_map = draw_map(image_set, result, kind, colour_by, marks)
        except ImprintError as error:
            st.info(str(error))
            on_map = []
    with right:
        in_table = tabs.contingency(result, marks)
    return latest(on_map, in_table)


def latest(on_map: list[str], in_table: list[str]) -> list[str]:
    """The selection that was made last, or the other one if that was undone."""
    state = st.session_state
    before_map, before_table = state.get("selections", ([], []))
    state["selections"] = (on_map, in_table)
    if in_table != before_table:
        state["table_first"] = bool(in_table)
    elif on_map != before_map:
        state["table_first"] = not on_map
    return in_table or on_map if state.get("table_first") else on_map or in_table


def switch(place: DeltaGenerator, label: str, words: dict[str, str], key: str) -> str:
    """A choice between a few options, the first by default, kept in the address."""
    return str(
        place.segmented_control(
            label,
            list(words),
            default=next(iter(words)),
            key=key,
            bind="query-params",
            required=True,
            format_func=words.get,
            label_visibility="collapsed",
        )
    )


def draw_map(
    image_set: ImageSet, result: Attribution, kind: str, colour_by: str, marks: dict[str, theme.Mark]
) -> list[str]:
    config: PipelineConfig = result.config
    if kind == "umap" and not results.umap_ready(image_set, config):
        kind = "pca"
    points: np.ndarray = workspace.pipeline().map(image_set, config, kind)
    colours = None
    if colour_by == "cluster":
        colours = theme.cluster_colours(
            result.agreement.table.shape[1], result.agreement.matching, result.agreement.generators
        )
    axes = ("component 1", "component 2") if kind == "pca" else ("UMAP 1", "UMAP 2")
    of = f"{len(result.files):,} images, features of {catalog.title(config.feature.backbone)}"
    event = st.plotly_chart(
        charts.scatter_map(points, result.files, result.clusters, marks, colours, axes, live=True),
        key="map_chart",
        on_select="rerun",
        selection_mode=("lasso", "points", "box"),
        config=charts.CONFIG,
        alt=f"Map of {of}, {kind.upper()}",
    )
    map_hover.hover(
        "map_chart",
        result.files,
        result.clusters,
        charts.drawn(points, result.files),
        workspace.store(),
        workspace.library(),
    )
    st.caption(
        "Points close together have similar features. Click a point or draw a lasso to see the images."
    )
    return [result.files[int(point["customdata"])].name for point in event["selection"]["points"]]


panel(image_set)
