"""Charts of an assessment: attacks with their placebos, and privacy against fidelity."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.release.result import CANNOT_TELL, FOUND, AttackRow
from pages.ui.theme import GREY, PALETTE
from pages.ui.widgets.charts import layout

SIGNIFICANT = 0.05
WARNING = "#D55E00"
OUTCOMES = {  # colour and marker; markers differ for readers who can't tell the colours apart
    FOUND: (WARNING, "diamond"),
    CANNOT_TELL: ("#E69F00", "triangle-up"),
    "not found": (PALETTE[0], "circle"),
}
ROW, FRAME = 34, 90  # px of an attack, and of legend and axis


@dataclass(frozen=True)
class Candidate:
    """One assessed set on the plane; ``x`` and ``y`` with their ends."""

    name: str
    verdict: str
    x: tuple[float, float, float]
    y: tuple[float, float, float]
    sizes: str
    chosen: bool


def attacks(rows: Sequence[AttackRow], headline: str) -> go.Figure:
    """AUC of every attack with its interval, the strongest on top; the placebo's beside it."""
    figure = go.Figure()
    for certain, name, colour, symbol in (
        (True, "finds exposure", WARNING, "diamond"),
        (False, "finds none", PALETTE[0], "circle"),
    ):
        of = [row for row in rows if (row.corrected_p < SIGNIFICANT) == certain]
        if of:
            figure.add_trace(_intervals(of, headline, name, colour, symbol))
    placebos = [row for row in rows if row.placebo_auc is not None]
    if placebos:
        figure.add_trace(
            go.Scatter(
                x=[row.placebo_auc for row in placebos],
                y=[_title(row, headline) for row in placebos],
                mode="markers",
                name="placebo",
                marker={"color": GREY, "symbol": "x-thin", "size": 9, "line": {"width": 2, "color": GREY}},
                hovertemplate="%{y}, placebo: AUC %{x:.3f}<extra></extra>",
            )
        )
    layout(figure, "AUC, 95% interval", "", ROW * len(rows) + FRAME)
    figure.add_vline(0.5, line={"color": GREY, "dash": "dot", "width": 1.2})
    lowest = min(_low(row) for row in rows)
    figure.update_xaxes(range=[min(0.28, lowest - 0.02), 1.02], zeroline=False)
    order = [_title(row, headline) for row in reversed(rows)]
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=False, title=None)
    return figure


def _intervals(rows: Sequence[AttackRow], headline: str, name: str, colour: str, symbol: str) -> go.Scatter:
    ends = [row.auc_ci or (row.auc, row.auc) for row in rows]
    return go.Scatter(
        x=[row.auc for row in rows],
        y=[_title(row, headline) for row in rows],
        mode="markers",
        name=name,
        marker={"color": colour, "symbol": symbol, "size": 9},
        error_x=_error([row.auc for row in rows], ends, colour),
        hovertemplate="%{y}: AUC %{x:.3f}<extra></extra>",
    )


def _title(row: AttackRow, headline: str) -> str:
    return f"<b>{row.title}</b>" if row.attack == headline else row.title


def _low(row: AttackRow) -> float:
    values = [row.auc, *(row.auc_ci or ()), *([] if row.placebo_auc is None else [row.placebo_auc])]
    return min(values)


def _error(values: Sequence[float], ends: Sequence[tuple[float, float]], colour: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for value, (_, high) in zip(values, ends, strict=True)],
        "arrayminus": [value - low for value, (low, _) in zip(values, ends, strict=True)],
        "color": colour,
        "thickness": 1.5,
        "width": 0,
    }


def plane(candidates: Sequence[Candidate], axis: str) -> go.Figure:
    """Each assessed set a point: what it is worth by what the headline attack sees of it."""
    figure = go.Figure()
    for verdict, (colour, symbol) in OUTCOMES.items():
        of = [each for each in candidates if each.verdict == verdict]
        if not of:
            continue
        figure.add_trace(
            go.Scatter(
                x=[each.x[0] for each in of],
                y=[each.y[0] for each in of],
                mode="markers",
                name=verdict,
                marker={
                    "color": colour,
                    "symbol": symbol,
                    "size": [13 if each.chosen else 8 for each in of],
                    "line": {"width": 0},
                },
                error_x=_error([e.x[0] for e in of], [e.x[1:] for e in of], colour),
                error_y=_error([e.y[0] for e in of], [e.y[1:] for e in of], colour),
                customdata=[[each.name, each.sizes] for each in of],
                hovertemplate="%{customdata[0]}<br>AUC %{y:.3f}, %{x:.3g}<br>%{customdata[1]}<extra></extra>",
            )
        )
    layout(figure, axis, "AUC of the headline attack", 340)
    figure.update_layout(showlegend=True)
    figure.add_hline(0.5, line={"color": GREY, "dash": "dot", "width": 1.2})
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(range=[min([0.28, *(each.y[1] - 0.02 for each in candidates)]), 1.02], zeroline=False)
    return figure
