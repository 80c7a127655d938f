"""The chart of an audit: the score of every blind baseline next to the method's."""

import plotly.graph_objects as go

from core.audit.baselines import BASELINES
from core.audit.blind_scores import Finding
from core.audit.pipeline import Audit
from core.numeric.statistics import Score
from pages.ui.theme import GREY, PALETTE, p_value
from pages.ui.widgets.charts import layout

WARNING = "#D55E00"
OUTCOMES = {  # legend, colour and marker; markers differ for readers who can't tell the colours apart
    "competes": ("matches the method", WARNING, "diamond"),
    "marks": ("identifies one generator", WARNING, "square"),
    "above": ("above chance", PALETTE[0], "circle"),
    "chance": ("at chance", GREY, "circle-open"),
}
HEIGHT = 362  # px; as high as the table next to it, with twelve rows


def baselines(found: Audit) -> go.Figure:
    """One marker per baseline with its interval; ticks: expected by chance; band and line: the method."""
    shown = [each for each in found.findings if each.whole.score.value is not None]
    shown.sort(key=lambda each: each.whole.score.value or 0)
    figure = go.Figure()
    if shown:
        figure.add_trace(_expected(shown))
    for outcome in OUTCOMES:
        of = [each for each in shown if each.outcome(found.method) == outcome]
        if of:
            figure.add_trace(_dots(of, found.score, outcome))
    _method(figure, found.method)
    layout(figure, f"{found.score}, 95% interval", "", HEIGHT)
    figure.update_xaxes(range=[-0.08, 1.06] if found.score == "ARI" else [0.3, 1.03], zeroline=False)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[_title(each) for each in shown], showgrid=False, title=None
    )
    return figure


def _dots(of: list[Finding], score: str, outcome: str) -> go.Scatter:
    words, colour, symbol = OUTCOMES[outcome]
    values = [each.whole.score for each in of]
    return go.Scatter(
        x=[score_.value for score_ in values],
        y=[_title(each) for each in of],
        mode="markers",
        name=words,
        marker={"color": colour, "symbol": symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(each.high or 0) - (each.value or 0) for each in values],
            "arrayminus": [(each.value or 0) - (each.low or 0) for each in values],
            "color": colour,
            "thickness": 1.5,
            "width": 0,
        },
        customdata=[[p_value(each.whole.p_value or 1.0)] for each in of],
        hovertemplate=f"%{{y}}: {score} %{{x:.3f}}, %{{customdata[0]}}<extra></extra>",
    )


def _expected(shown: list[Finding]) -> go.Scatter:
    return go.Scatter(
        x=[each.whole.score.chance for each in shown],
        y=[_title(each) for each in shown],
        mode="markers",
        name="expected by chance",
        marker={"symbol": "line-ns", "size": 11, "line": {"width": 1.5, "color": GREY}},
        hovertemplate="expected by chance: %{x:.3f}<extra></extra>",
    )


def _method(figure: go.Figure, method: Score | None) -> None:
    if method is None or method.value is None:
        return
    if method.low is not None and method.high is not None:
        figure.add_vrect(method.low, method.high, fillcolor=PALETTE[2], opacity=0.18, line_width=0)
    line = {"color": PALETTE[2], "width": 1.5}
    figure.add_vline(method.value, line=line)
    figure.add_trace(go.Scatter(x=[None], y=[None], mode="lines", name="the method", line=line))


def _title(finding: Finding) -> str:
    return BASELINES.get(finding.name).title
