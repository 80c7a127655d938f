"""A grid of configurations: what to combine, a heat map and a table of what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import clustering, features, sweep
from core.features import weights
from core.features.backbones import NETWORKS
from core.grid import Grid, Listed
from core.regions.crops import CROPS
from core.uncertainty import p_text
from core.values import ImageSet
from pages.ui import engine, figures, frame
from pages.ui import knobs as page_knobs
from pages.ui.style import digits, share

Found = Mapping[str, Any]
USUAL = (features.DEFAULT, "lbp", "residual_spectrum")
SHARES = (None, 0.8, 0.9, 0.95, 0.99)


def knobs(image_set: ImageSet) -> Grid | None:
    """Each knob takes several values; None while one has none."""
    ready = [name for name in features.names() if _ready(name)]
    usual = [name for name in USUAL if name in ready]
    above, below = st.columns([1.6, 1]), st.columns([1.6, 1.4, 0.8])
    backbones = above[0].multiselect(
        "Backbones", ready, usual, format_func=features.title, key="grid_backbones"
    )
    crops = above[1].multiselect(
        "Crops", CROPS.names(), ["full"], format_func=page_knobs.CROP_WORDS.get, key="grid_crops"
    )
    names = ["kmeans", *clustering.METRICS]
    chosen = below[0].multiselect(
        "Clusterings", names, ["ward", "kmeans"], format_func=_clustering_words, key="grid_clusterings"
    )
    variances: Sequence[float | None] = (None,)
    if not image_set.real:
        variances = below[1].multiselect(
            "PCA variance", SHARES, [None, 0.95], format_func=_share_words, key="grid_variances"
        )
    ks = below[2].text_input(
        "k",
        "known" if not image_set.real else "best",
        key="grid_k",
        help="Numbers between commas, or one word",
    )
    if not (backbones and crops and chosen and variances):
        st.info("Choose at least one value of each knob.")
        return None
    grids = tuple(name for name in chosen if name != "kmeans")
    methods = (("hierarchical",) if grids else ()) + (("kmeans",) if "kmeans" in chosen else ())
    return Grid(
        tuple(features.spec(name) for name in backbones),
        tuple(crops),
        tuple(variances),
        methods,
        grids or ("ward",),
        tuple(page_knobs.number(text) for text in ks.replace("best", "known").split(",") if text.strip())
        or ("known",),
    )


def _ready(name: str) -> bool:
    return not features.is_network(name) or weights.find(NETWORKS.get(name)) is not None


def _clustering_words(name: str) -> str:
    return "k-means" if name == "kmeans" else page_knobs.LINKAGE_WORDS[name]


def _share_words(value: float | None) -> str:
    return "no PCA" if value is None else share(value)


# -- results ------------------------------------------------------------------------------------------


def live(sets: Sequence[ImageSet], listed: Listed) -> None:
    """The rows so far."""
    found = engine.store().note(sweep.name(sets, listed))
    if found and found["rows"]:
        _heat_map(found["rows"], "live_heat_map")


def show(image_set: ImageSet, found: Found) -> None:
    """The choice in words, the heat map, the table."""
    rows = found["rows"]
    if found["best"] is not None:
        best = rows[found["best"]]
        words = f"Best on {'development' if image_set.real else 'this set'}: {_words(best)}, {_value(best)}"
        tried = sum(row["error"] is None for row in rows)
        st.info(f"{words}. As the best of {tried}, p {p_text(found['p_value'])}.{_on_test(found)}")
    _heat_map(rows, "heat_map")
    st.caption("Each cell a configuration; what can't run is empty, and the table says why.")
    _table(image_set, rows)


def _on_test(found: Found) -> str:
    test = found["test"]
    if test is None:
        return " There is no test set to report it on."
    return f" On test: {test['error'] or _value(test)}."


def _heat_map(rows: Sequence[Found], key: str) -> None:
    score = _score(rows)
    down = list(dict.fromkeys(_row_of(row) for row in rows))
    across = list(dict.fromkeys(_column_of(row) for row in rows))
    values = np.full((len(down), len(across)), np.nan)
    for row in rows:
        if row["error"] is None and row.get(score) is not None:
            values[down.index(_row_of(row)), across.index(_column_of(row))] = row[score]
    text = [["" if np.isnan(value) else digits(float(value)) for value in line] for line in values]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=across,
            y=down,
            text=text,
            texttemplate="%{text}",
            zmin=0 if score == "ari" else 0.5,
            zmax=1,
            colorscale=[[0, "rgba(0,114,178,0.05)"], [1, "rgba(0,114,178,0.85)"]],
            colorbar={"title": score.upper(), "thickness": 12},
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
            hoverongaps=False,
            xgap=2,
            ygap=2,
        )
    )
    figures.layout(figure, "clustering", "backbone, crop", 120 + 34 * len(down))
    figure.update_yaxes(autorange="reversed", title=None)
    figure.update_xaxes(title=None)
    st.plotly_chart(figure, key=key, config=figures.CONFIG, alt=f"{score.upper()} of each configuration")


def _table(image_set: ImageSet, rows: Sequence[Found]) -> None:
    score = _score(rows)
    order = sorted(
        range(len(rows)), key=lambda i: -(rows[i].get(score) if rows[i].get(score) is not None else -9)
    )
    table = [
        {
            score.upper(): "–" if rows[i].get(score) is None else digits(rows[i][score]),
            "95% interval": _spread(rows[i].get(f"{score}_ci")),
            "backbone": features.title(rows[i]["config"]["backbone"]),
            "crop": page_knobs.CROP_WORDS[rows[i]["config"]["crop"]],
            "clustering": _column_of(rows[i]),
            "k": str(rows[i].get("k", "")),
            "remark": rows[i]["error"] or "",
        }
        for i in order
    ]
    event = st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height="content" if len(table) < 12 else 420,
        key="sweep_table",
        on_select="rerun",
        selection_mode="single-row",
    )
    picked = event["selection"]["rows"]
    if picked:
        config = rows[order[picked[0]]]["config"]
        target = frame.REGIONS if image_set.real else frame.GENERATORS
        knobs_of_it = {"set": image_set.name, **page_knobs.address(config)}
        st.page_link(target, label="Open this configuration on its page", query_params=knobs_of_it)
    st.caption("Choose a row to open its page with these knobs.")


def _score(rows: Sequence[Found]) -> str:
    return "ari" if any("ari" in row for row in rows) else "auc"


def _row_of(row: Found) -> str:
    config = row["config"]
    crop = "" if config["crop"] == "full" else f", {page_knobs.CROP_WORDS[config['crop']]}"
    return features.title(config["backbone"]) + crop


def _column_of(row: Found) -> str:
    config = row["config"]
    parts = [_clustering_words(config["linkage"] or "kmeans")]
    if "pca" in config:
        parts.append(_share_words(config["pca"]))
    if isinstance(config["k"], int):
        parts.append(f"k {config['k']}")
    return ", ".join(parts)


def _words(row: Found) -> str:
    return f"{_row_of(row)}, {_column_of(row)}"


def _value(row: Found) -> str:
    score = "ari" if "ari" in row else "auc"
    value = row.get(score)
    if value is None:
        return f"{score.upper()} undefined"
    return f"{score.upper()} {digits(value)} ({_spread(row[f'{score}_ci'])})"


def _spread(interval: Sequence[float] | None) -> str:
    return "–" if interval is None else f"{digits(interval[0])} to {digits(interval[1])}"
