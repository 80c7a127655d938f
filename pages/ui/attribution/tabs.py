"""Below the result: contingency table, images, all scores, dendrogram, other configurations."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from core.attribution.pipeline import Attribution
from core.engine import ATTRIBUTION
from core.features import catalog
from core.numeric.statistics import format_interval
from core.types import ImageSet
from pages.ui import theme
from pages.ui.attribution import charts, groups, identify
from pages.ui.session import workspace
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import controls, gallery, permalinks, real_sets

SCORE_WORDS = {
    "ari": "ARI",
    "ami": "AMI",
    "nmi": "NMI",
    "homogeneity": "Homogeneity",
    "completeness": "Completeness",
    "v_measure": "V measure",
    "fowlkes_mallows": "Fowlkes-Mallows",
    "accuracy": "Accuracy (matched)",
    "silhouette": "Silhouette",
}
NUMBER, SELECTION, IDENTIFY = "Number of generators", "Selection of k", "Identify"
SILHOUETTE_ALT = "Mean silhouette by number of clusters"
SILHOUETTE_CAPTION = (
    "The k with the largest mean silhouette is selected. It need not be the number of generators."
)
SCORE_CAPTION = (
    "Intervals: 95%, by a Dirichlet posterior of the contingency table; the silhouette's by a bootstrap of "
    "images. By chance: mean over label permutations. "
    "The silhouette depends on the clusters only, not on the generators."
)


def contingency(result: Attribution, marks: Mapping[str, theme.Mark]) -> list[str]:
    """The contingency table; returns the names of the images in the cell or cluster that is clicked."""
    agreement = result.agreement
    if agreement.generators:
        frame = widgets_charts.contingency(agreement.table, agreement.generators, marks)
    else:
        counts = np.bincount(result.clusters, minlength=result.k)[None]
        frame = widgets_charts.contingency(counts, (theme.UNKNOWN,), marks)
    event = st.dataframe(
        widgets_charts.shaded(frame),
        key="contingency",
        on_select="rerun",
        selection_mode=["single-cell", "single-column"],
        column_config={"_index": st.column_config.Column("generator", width=130)},
        height="content",
    )
    st.caption("Images of each generator in each cluster. Click a cell or a column header to see the images.")
    return _selected(result, event["selection"], list(agreement.generators))


def _selected(result: Attribution, selection: Mapping[str, list], generators: list[str]) -> list[str]:
    cells = [(int(row), str(column)) for row, column in selection.get("cells", [])]
    cells += [(-1, str(column)) for column in selection.get("columns", [])]
    names = []
    for row, column in cells:
        if not column.startswith("c"):
            continue
        cluster = int(column[1:]) - 1
        label = generators[row] if generators and row >= 0 else None
        names += [
            file.name
            for file, c in zip(result.files, result.clusters, strict=True)
            if c == cluster and (label is None or file.label == label)
        ]
    return names


def tabs(image_set: ImageSet, result: Attribution, chosen: list[str]) -> None:
    """Only the open tab computes anything."""
    of_k = [NUMBER] if result.groups else [SELECTION] if result.silhouette_by_k else []
    names = ["Images", "Scores", "Dendrogram", *of_k, IDENTIFY, "History"]
    if st.session_state.get("tab") not in (None, *names):
        del st.session_state["tab"]
    tab = st.segmented_control(
        "Evidence", names, default="Images", key="tab", required=True, label_visibility="collapsed"
    )
    if tab == "Images":
        _images(result, chosen)
    elif tab == "Scores":
        _scores(result)
    elif tab == "Dendrogram":
        _tree(image_set, result)
    elif tab == NUMBER:
        groups.draw(result)
    elif tab == IDENTIFY:
        identify.draw(image_set, result.config)
    elif tab == SELECTION:
        st.plotly_chart(
            charts.silhouette_curve(result.silhouette_by_k, result.k),
            key="silhouette_chart",
            config=widgets_charts.CONFIG,
            alt=SILHOUETTE_ALT,
        )
        st.caption(SILHOUETTE_CAPTION)
    elif tab == "History":
        _history(image_set)


def _images(result: Attribution, chosen: list[str]) -> None:
    if not chosen:
        st.caption("No images selected. Select points on the map or a cell of the table to see them here.")
        return
    marks = theme.marks(result.agreement.generators)
    wanted = set(chosen)
    places = [place for place, file in enumerate(result.files) if file.name in wanted]
    words, pager = st.columns([5, 1], vertical_alignment="bottom")
    words.caption(f"{len(places):,} images selected. Border colour and marker show the generator.")
    files = [result.files[place] for place in places]
    notes = {result.files[place].name: f"cluster c{result.clusters[place] + 1}" for place in places}
    gallery.show(files, workspace.library(), marks, notes, key="selection", pager=pager)


def _scores(result: Attribution) -> None:
    rows = score_rows(result)
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="scores_table")
    st.caption(SCORE_CAPTION)


def score_rows(result: Attribution) -> list[dict[str, str]]:
    """Every score with its interval and the value expected by chance."""
    scores = {**result.agreement.scores, "silhouette": result.silhouette}
    return [
        {
            "score": words,
            "value": theme.number(scores[name].value),
            "95% interval": theme.spread(scores[name]),
            "by chance": theme.number(scores[name].chance),
            "remark": f"undefined: {scores[name].undefined}" if scores[name].undefined else "",
        }
        for name, words in SCORE_WORDS.items()
    ]


def _tree(image_set: ImageSet, result: Attribution) -> None:
    cluster = result.config.cluster
    if cluster.method != "hierarchical":
        st.caption("k-means has no dendrogram. Choose hierarchical clustering to see one.")
        return
    merges = workspace.pipeline().tree(image_set, result.config)
    st.plotly_chart(
        charts.dendrogram(merges, None if result.groups else result.k, cluster.metric),
        key="tree_chart",
        config=widgets_charts.CONFIG,
        alt=f"Dendrogram of the last {charts.LEAVES} merges"
        + ("" if result.groups else f", cut into {result.k}"),
    )
    st.caption(
        "The groups were found by walking down this tree; they need not be a cut at one height."
        if result.groups
        else "A large gap between merge heights at the dashed line supports this number of clusters."
    )


def _history(image_set: ImageSet) -> None:
    rows = workspace.current().ranked_runs(ATTRIBUTION, [image_set])
    frame = pd.DataFrame([_history_row(row) for row in rows])
    st.dataframe(
        frame,
        hide_index=True,
        key="history_table",
        on_select=lambda: _go(rows),
        selection_mode="single-row",
    )
    st.caption(
        "All configurations evaluated on this data set, sorted by ARI. Select a row to load its settings."
    )


def _history_row(row: Mapping) -> dict[str, object]:
    config = row["config"]
    untrained = " (untrained)" if config["weights"] == catalog.UNTRAINED else ""
    method = controls.METHOD_WORDS[config["cluster"]]
    if config["linkage"]:
        method += f", {controls.LINKAGE_WORDS[config['linkage']]}, {config['metric']}"
    more = [f"{name} {value}" for name, value in config["options"].items()]
    if config.get("whiten"):
        more.append(real_sets.describe(config["whiten"]))
    ari, spread = row["ari"], row["ari_ci"]
    return {
        "ARI": "undefined" if ari is None else theme.digits(ari, *spread),
        "95% interval": "" if spread is None else format_interval(*spread),
        "backbone": catalog.title(config["backbone"]) + untrained,
        "crop": controls.CROP_WORDS[config.get("crop", "full")],
        "PCA": "none" if config["pca"] is None else theme.share(config["pca"]),
        "features": row["n_features"],
        "clustering": method,
        "k": f"{row['k']} ({config['k']})" if isinstance(config["k"], str) else str(row["k"]),
        "more": ", ".join(more),
    }


def _go(rows: list) -> None:
    selection = st.session_state["history_table"]["selection"]["rows"]
    if selection:
        permalinks.load_settings(rows[selection[0]]["config"])
