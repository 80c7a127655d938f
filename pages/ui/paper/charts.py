"""The chart of the page Paper: published values, ours with their intervals, and those of each data set."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.paper.tables import Line
from pages.ui.theme import GREY, PALETTE, SYMBOLS
from pages.ui.widgets import charts

Found = tuple[float, list[float] | None]  # a value and its interval


def figure(
    lines: Sequence[Line],
    theirs: str,
    heading: str,
    ours: Sequence[Found | None],
    each: Mapping[str, Sequence[tuple[str, float]]],
) -> go.Figure:
    """The column ``theirs`` and our values, called ``heading``; ``each``: rows and values by data set."""
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
    for place, (title, values) in enumerate(each.items(), 1):
        figure.add_trace(
            go.Scatter(
                x=[value for _, value in values],
                y=[name for name, _ in values],
                mode="markers",
                name=f"ours, {title}",
                marker={
                    "symbol": SYMBOLS[(place + 1) % len(SYMBOLS)],
                    "size": 6,
                    "color": PALETTE[place % len(PALETTE)],
                },
                hovertemplate="%{y}<br>ours %{x:.3f}<extra></extra>",
            )
        )
    there = [(name, *found) for name, found in zip(names, ours, strict=True) if found is not None]
    spread = [interval or [value, value] for _, value, interval in there]
    figure.add_trace(
        go.Scatter(
            x=[value for _, value, _ in there],
            y=[name for name, _, _ in there],
            mode="markers",
            name=heading,
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
