"""A grid of configurations: its settings, a heat map and a table of results."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.clustering import methods as clustering_methods
from core.experiments.grid import Grid, Listed
from core.features import catalog, weights
from core.features.custom import registry
from core.numeric.statistics import format_interval, format_p
from core.regions.crops import CROPS
from core.types import ImageSet
from pages.ui.session import workspace
from pages.ui.theme import digits, share
from pages.ui.widgets import controls, permalinks

Found = Mapping[str, Any]
USUAL = (catalog.DEFAULT, "lbp", "residual_spectrum")
SHARES = (None, 0.8, 0.9, 0.95, 0.99)


def settings(image_set: ImageSet) -> Grid | None:
    """Each setting takes several values; None while one has none."""
    ready = [name for name in catalog.names() if _ready(name)]
    usual = [name for name in USUAL if name in ready]
    above, below = st.columns([1.6, 1]), st.columns([1.6, 1.4, 0.8])
    backbones = above[0].multiselect(
        "Backbones", ready, usual, format_func=catalog.title, key="grid_backbones"
    )
    crops = above[1].multiselect(
        "Crops", CROPS.names(), ["full"], format_func=controls.CROP_WORDS.get, key="grid_crops"
    )
    names = ["kmeans", *clustering_methods.METRICS]
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
        help="Numbers separated by commas, or one word (known, auto, best)",
    )
    if not (backbones and crops and chosen and variances):
        st.info("Choose at least one value for each setting.")
        return None
    grids = tuple(name for name in chosen if name != "kmeans")
    methods = (("hierarchical",) if grids else ()) + (("kmeans",) if "kmeans" in chosen else ())
    return Grid(
        tuple(catalog.spec(name) for name in backbones),
        tuple(crops),
        tuple(variances),
        methods,
        grids or ("ward",),
        tuple(controls.number(text) for text in ks.replace("best", "known").split(",") if text.strip())
        or ("known",),
    )


def _ready(name: str) -> bool:
    return not catalog.is_network(name) or weights.find(registry.network(name)) is not None


def _clustering_words(name: str) -> str:
    return "k-means" if name == "kmeans" else controls.LINKAGE_WORDS[name]


def _share_words(value: float | None) -> str:
    return "no PCA" if value is None else share(value)


# -- results ------------------------------------------------------------------------------------------


def live(sets: Sequence[ImageSet], listed: Listed) -> None:
    """The rows computed so far."""
    found = workspace.store().note(workspace.current().swept(sets, listed))
    if found and found["rows"]:
        st.html(heat_map(found["rows"], sets))


OPTIMISTIC = (
    "Each score on the development set is that of the best of its configuration's distances, k and rules, so "
    "it is optimistic; the p-value is corrected for the choice."
)


def show(sets: Sequence[ImageSet], found: Found) -> None:
    """The selected configuration as a sentence, the heat map, the table."""
    rows = found["rows"]
    if found.get("remark"):
        st.warning(found["remark"])
    if found["best"] is not None:
        best = rows[found["best"]]
        part = "the development set" if sets[0].real else "this data set"
        evaluated = sum(row["error"] is None for row in rows)
        st.info(
            f"Best on {part}: {_words(best)}, {_value(best)}. Corrected for selection out of {evaluated}: "
            f"p {format_p(found['p_value'])}.{_on_test(found)}"
        )
    if sets[0].real:
        st.caption(OPTIMISTIC)
    st.html(heat_map(rows, sets))
    st.caption(
        "Each cell is a configuration; click it to open its page. Empty cells could not be run (see the "
        "table)."
    )
    _table(rows)


def _on_test(found: Found) -> str:
    test = found["test"]
    if test is None:
        return " No test set is selected to report it on."
    return f" On the test set: {test['error'] or _value(test)}."


def heat_map(rows: Sequence[Found], sets: Sequence[ImageSet]) -> str:
    """HTML: a table of links, so that a cell can be clicked, tabbed to, and opened in a tab of its own."""
    cells = {(_row_of(row), _column_of(row)): _cell(row, sets) for row in rows}
    down = list(dict.fromkeys(_row_of(row) for row in rows))
    across = list(dict.fromkeys(_column_of(row) for row in rows))
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in across)
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>'
        + "".join(cells.get((name, column), "<td></td>") for column in across)
        + "</tr>"
        for name in down
    )
    title = f"{_score(rows).upper()} of each configuration"
    return (
        f'<div class="heat"><table aria-label="{title}"><thead><tr><th>{_score(rows).upper()}</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def _cell(row: Found, sets: Sequence[ImageSet]) -> str:
    score = "ari" if "ari" in row else "auc"
    value = row.get(score)
    if row["error"] or value is None:
        why = html.escape(row["error"] or "undefined")
        return f'<td title="{why}"><span aria-label="{why}">undefined</span></td>'
    above = (value - (0 if score == "ari" else 0.5)) / (1 if score == "ari" else 0.5)
    shade = 0.05 + 0.55 * min(max(above, 0.0), 1.0)
    words = html.escape(f"{_words(row)}: {_value(row)}")
    place = html.escape(permalinks.href(row["config"], sets))
    return (
        f'<td style="background-color:rgba(0,114,178,{shade:.2f})"><a href="{place}" target="_self" '
        f'title="{words}" aria-label="{words}">{_formatted(row, score)}</a></td>'
    )


def _table(rows: Sequence[Found]) -> None:
    score = _score(rows)
    order = sorted(
        range(len(rows)), key=lambda i: -(rows[i].get(score) if rows[i].get(score) is not None else -9)
    )
    table = [
        {
            score.upper(): "undefined" if rows[i].get(score) is None else _formatted(rows[i], score),
            "95% interval": _spread(rows[i].get(f"{score}_ci")),
            "backbone": catalog.title(rows[i]["config"]["backbone"]),
            "crop": controls.CROP_WORDS[rows[i]["config"]["crop"]],
            "clustering": _column_of(rows[i]),
            "k": str(rows[i].get("k", "")),
            "remark": rows[i]["error"] or "",
        }
        for i in order
    ]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height="content" if len(table) < 12 else 420,
        key="sweep_table",
    )
    st.caption("The same as a table. Click a column header to sort.")


def _formatted(row: Found, score: str) -> str:
    """As many decimals as the interval justifies."""
    return digits(row[score], *(row.get(f"{score}_ci") or (None, None)))


def _score(rows: Sequence[Found]) -> str:
    return "ari" if any("ari" in row for row in rows) else "auc"


def _row_of(row: Found) -> str:
    config = row["config"]
    crop = "" if config["crop"] == "full" else f", {controls.CROP_WORDS[config['crop']]}"
    return catalog.title(config["backbone"]) + crop


def _column_of(row: Found) -> str:
    config = row["config"]
    parts = [_clustering_words(config["linkage"] or "kmeans")]
    if "pca" in config:
        parts.append(_share_words(config["pca"]))
    if isinstance(config["k"], int):
        parts.append(f"k = {config['k']}")
    return ", ".join(parts)


def _words(row: Found) -> str:
    return f"{_row_of(row)}, {_column_of(row)}"


def _value(row: Found) -> str:
    score = "ari" if "ari" in row else "auc"
    value = row.get(score)
    if value is None:
        return f"{score.upper()} undefined"
    optimism = f"; {row['optimism']}" if row.get("optimism") else ""
    return f"{score.upper()} {_formatted(row, score)} ({_spread(row[f'{score}_ci'])}{optimism})"


def _spread(interval: Sequence[float] | None) -> str:
    return "undefined" if interval is None else format_interval(interval[0], interval[1])
