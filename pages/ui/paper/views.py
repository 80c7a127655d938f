"""The paper's rows next to ours: a chart of both, and a table with differences and remarks."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.paper import tables
from core.paper.tables import Line
from core.types import ImageSet
from pages.ui.session import workspace
from pages.ui.theme import GREY, PALETTE, digits
from pages.ui.widgets import charts, permalinks

Row = Mapping[str, Any]
DATA_SETS = ("mean", "DB1", "DB2")
OUTSIDE = "different images: compare rankings, not values"


def settings(image_set: ImageSet) -> tuple[str, bool]:
    """The table, and whether to use random weights where pretrained weights are missing."""
    fitting = tables.MEMBERSHIPS if image_set.real else tables.ATTRIBUTIONS
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    table = left.segmented_control(
        "Table",
        fitting,
        default=fitting[0],
        key=f"table_{'real' if image_set.real else 'generators'}",
        bind="query-params",
        required=True,
        format_func=lambda name: f"Table {name}",
        label_visibility="collapsed",
    )
    untrained = right.toggle(
        "Use random weights where pretrained weights are missing", key="untrained", bind="query-params"
    )
    st.caption(tables.CAPTIONS[str(table)])
    return str(table), untrained


def live(sets: Sequence[ImageSet], lines: Sequence[Line]) -> None:
    """The rows computed so far; before the first, only the paper's."""
    found = workspace.store().note(workspace.current().swept(sets, tables.listed(list(lines))))
    show(sets, lines, found["rows"] if found else [], live=True)


def show(sets: Sequence[ImageSet], lines: Sequence[Line], rows: Sequence[Row], live: bool = False) -> None:
    theirs = _theirs(lines)
    if not live:
        st.info(_in_words(lines, rows, theirs))
    ours = [tables.ours(row) for row in rows] + [None] * (len(lines) - len(rows))
    st.plotly_chart(
        _figure(lines, theirs, ours),
        key="live_paper_chart" if live else "paper_chart",
        config=charts.CONFIG,
        alt=f"{theirs} of each row of the table: published value, and our value with its interval",
    )
    st.caption(f"{OUTSIDE[0].upper()}{OUTSIDE[1:]}. Bars: 95% interval of our value.")
    _table(sets, lines, rows, theirs, ours)


def _in_words(lines: Sequence[Line], rows: Sequence[Row], theirs: str) -> str:
    """How many rows were evaluated, and whether they are ranked as in the paper."""
    pairs = [
        (line.theirs[theirs], found[0])
        for line, row in zip(lines, rows, strict=True)
        if (found := tables.ours(row)) is not None
    ]
    words = f"{len(pairs)} of {len(lines)} rows evaluated."
    if len(pairs) < 3 or len(set(pairs)) < 3:
        return f"{words} Too few to compare their ranking with the paper's."
    rho = pd.DataFrame(pairs).rank().corr().iloc[0, 1]
    return f"{words} Rank correlation with the paper: {rho:.2f} ({len(pairs)} rows)."


def _theirs(lines: Sequence[Line]) -> str:
    """The paper's column to compare with: test, of one data set or both."""
    columns = list(lines[0].theirs)
    if len(columns) == 1:
        return columns[0]
    tests = [name for name in columns if "test" in name]
    name = st.segmented_control(
        "The paper's data set", DATA_SETS, default="mean", key="data_set", required=True
    )
    return next(column for column in tests if column.endswith(str(name)))


def _figure(
    lines: Sequence[Line], theirs: str, ours: Sequence[tuple[float, list[float] | None] | None]
) -> go.Figure:
    names = [line.name for line in lines]
    figure = go.Figure(
        go.Scatter(
            x=[line.theirs[theirs] for line in lines],
            y=names,
            mode="markers",
            name="paper",
            marker={"symbol": "circle-open", "size": 10, "color": GREY, "line": {"width": 2}},
            hovertemplate="%{y}<br>paper %{x:.4f}<extra></extra>",
        )
    )
    there = [(name, *found) for name, found in zip(names, ours, strict=True) if found is not None]
    spread = [interval or [value, value] for _, value, interval in there]
    figure.add_trace(
        go.Scatter(
            x=[value for _, value, _ in there],
            y=[name for name, _, _ in there],
            mode="markers",
            name="ours",
            marker={"symbol": "diamond", "size": 9, "color": PALETTE[0]},
            error_x={
                "array": [high - value for (_, value, _), (_, high) in zip(there, spread, strict=True)],
                "arrayminus": [value - low for (_, value, _), (low, _) in zip(there, spread, strict=True)],
                "thickness": 1.5,
                "width": 3,
            },
            hovertemplate="%{y}<br>ours %{x:.3f}<extra></extra>",
        )
    )
    if theirs != "ARI":
        figure.add_vline(2 / 3, line={"dash": "dash", "width": 1.2, "color": GREY})
    charts.layout(
        figure,
        "ARI" if theirs == "ARI" else "F1 (dashed line: always predict “used”)",
        "",
        90 + 21 * len(lines),
    )
    figure.update_yaxes(autorange="reversed", title=None, categoryorder="array", categoryarray=names)
    figure.update_xaxes(range=[-0.05, 1.05])
    return figure


def _table(
    sets: Sequence[ImageSet],
    lines: Sequence[Line],
    rows: Sequence[Row],
    theirs: str,
    ours: Sequence[tuple[float, list[float] | None] | None],
) -> None:
    table = []
    for place, (line, found) in enumerate(zip(lines, ours, strict=True)):
        error = rows[place]["error"] if place < len(rows) else None
        table.append(
            {
                "row": line.name,
                "paper": f"{line.theirs[theirs]:.4f}",
                "ours": "–" if found is None else digits(found[0], *(found[1] or ())),
                "95% interval": "" if found is None or not found[1] else _spread(found[1]),
                "ours − paper": "" if found is None else f"{found[0] - line.theirs[theirs]:+.3f}",
                "AUC": _auc(rows[place]) if place < len(rows) else "",
                "open": "" if found is None else f"/{permalinks.href(line.config.flat(), sets)}",
                "remark": " ".join(text for text in (_why(error), line.remark) if text),
            }
        )
    if theirs == "ARI":
        for row in table:
            del row["AUC"]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height="content",
        key="paper_table",
        column_config={"open": st.column_config.LinkColumn("page", display_text="open")},
    )


def _auc(row: Row) -> str:
    value = row.get("test", row).get("auc")
    return "" if value is None else digits(value)


def _why(error: str | None) -> str:
    """The first sentence of why a row could not be evaluated; the System page has the rest."""
    return "" if error is None else f"Not evaluated: {error.split('. ')[0].rstrip('.')}."


def _spread(interval: Sequence[float]) -> str:
    return f"{digits(interval[0])} to {digits(interval[1])}"
