"""Charts of membership inference. Each takes values and returns a figure; none computes a score."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.membership.cluster_distance import OverK
from pages.ui.theme import DASHES, DISTANCES, GREY, PALETTE, ROLES
from pages.ui.widgets.charts import layout

BAND = "rgba(138,145,153,0.22)"
BINS = 40
BY_CHANCE = "95% range by chance"
F1_CAPTION = (
    "Grey band: 95% range of F1 under permuted labels. Circle: selected k. Thin lines: development set."
)
DISTANCE_CAPTION = (
    "If the generator leaks training data, the “used” slices have smaller distances (further left)."
)
DISTANCE_WORDS = {"min": "minimum", "avg": "mean"}


def f1_over_k(over: OverK, part: str, chosen: tuple[str, int], everything_used: float | None) -> go.Figure:
    """F1 by k: both distances on ``part``, thin lines on development, and the band under permuted labels."""
    figure = go.Figure()
    ks, low, high = _band(over)
    figure.add_trace(_area(ks, low, high, BY_CHANCE))
    for kind, colour in DISTANCES.items():
        ks, development, test = _lines(over, kind)
        shown = development if test is None else test
        figure.add_trace(_line(ks, shown, DISTANCE_WORDS[kind], colour, width=2, mode="lines+markers"))
        if test is not None:
            faint = _line(
                ks, development, f"{DISTANCE_WORDS[kind]}, development", colour, width=1, dash="dot"
            )
            figure.add_trace(faint.update(showlegend=False))
    if (place := _place(over, chosen)) is not None:
        curve = over.curves.development if over.curves.test is None else over.curves.test
        figure.add_trace(
            go.Scatter(
                x=[chosen[1]],
                y=[curve[place]],
                mode="markers",
                showlegend=False,
                marker={"symbol": "circle-open", "size": 15, "color": GREY, "line": {"width": 2.5}},
                hoverinfo="skip",
            )
        )
    for level in _levels(ks, over, everything_used):
        figure.add_trace(level)
    layout(figure, "number of clusters k", f"F1 on {part}", 300)
    figure.update_xaxes(type="log", tickvals=[2, 3, 5, 10, 20, 30, 50, 100])
    figure.update_yaxes(range=[0, 1.06])
    return figure


def all_crops(
    found: Mapping[tuple[str, str], OverK], crops: Mapping[str, str], part: str, everything_used: float | None
) -> go.Figure:
    """One panel per crop, one colour per backbone, one dash per distance; ``found`` by title and crop."""
    figure = make_subplots(1, len(crops), shared_yaxes=True, subplot_titles=list(crops.values()))
    titles = sorted({title for title, _ in found})
    for column, crop in enumerate(crops, start=1):
        here = {title: over for (title, kind), over in found.items() if kind == crop}
        for trace in _panel(here, titles) or [_not_computed()]:
            trace.showlegend = trace.name is not None and all(trace.name != t.name for t in figure.data)
            figure.add_trace(trace, 1, column)
    layout(figure, "", f"F1 on {part}", 330)
    figure.update_layout(margin_t=60, legend={"y": 1.12})
    figure.update_xaxes(type="log", range=[0.2, 2.1], tickvals=[2, 5, 10, 20, 50, 100], title_text="k")
    figure.update_yaxes(range=[0, 1.06])
    if everything_used is not None:
        figure.add_hline(everything_used, line={"dash": "dash", "width": 1.2, "color": GREY})
    return figure


def _panel(found: Mapping[str, OverK], titles: list[str]) -> list[go.Scatter]:
    """The lines of one crop over their band."""
    if not found:
        return []
    ks, lows, highs = zip(*map(_band, found.values()), strict=True)  # one crop has the same k for all
    traces = [_area(ks[0], np.min(lows, axis=0), np.max(highs, axis=0), BY_CHANCE)]
    for title, over in found.items():
        colour = PALETTE[titles.index(title) % len(PALETTE)]
        for kind in DISTANCES:
            at, development, test = _lines(over, kind)
            shown = development if test is None else test
            traces.append(_line(at, shown, f"{title}, {DISTANCE_WORDS[kind]}", colour, 1.6, DASHES[kind]))
            traces[-1].legendgroup = traces[-1].name
    return traces


def _not_computed() -> go.Scatter:
    """A text in place of curves."""
    return go.Scatter(
        x=[14], y=[0.5], mode="text", text=["not computed yet"], textfont={"color": GREY}, hoverinfo="skip"
    )


def histogram(distance: np.ndarray, roles: Sequence[str], threshold: float, axis: str) -> go.Figure:
    """Images by distance and role, with the rule's threshold. Infinite distances are excluded."""
    names, finite = np.array(roles), np.isfinite(distance)
    figure = go.Figure()
    if finite.any():
        edges = np.histogram_bin_edges(distance[finite], min(BINS, max(8, int(np.sqrt(finite.sum()) * 1.5))))
        for name, colour in ROLES.items():
            chosen = finite & (names == name)
            if chosen.any():
                counts, _ = np.histogram(distance[chosen], edges)
                figure.add_trace(
                    go.Bar(
                        x=(edges[:-1] + edges[1:]) / 2,
                        y=counts,
                        width=np.diff(edges),
                        name=name,
                        marker={"color": colour, "line": {"width": 0}},
                        opacity=0.6,
                        hovertemplate=f"{name}: n = %{{y}} at %{{x:.3g}}<extra></extra>",
                    )
                )
    if np.isfinite(threshold):
        figure.add_vline(
            threshold,
            line={"dash": "dash", "width": 1.5, "color": "#D55E00"},
            annotation_text="threshold",
            annotation_position="top right",
        )
    layout(figure, axis, "images", 300)
    figure.update_layout(barmode="overlay", bargap=0)
    return figure


def roc(curves: Mapping[str, np.ndarray], resolution: float, logarithmic: bool) -> go.Figure:
    """ROC curves of each part, from false and true positive rates (m, 2).

    ``resolution``: the rate of one false positive, below which nothing can be measured.
    """
    figure = go.Figure()
    floor = resolution / 2
    xs = np.geomspace(floor, 1, 50) if logarithmic else np.array([0.0, 1.0])
    figure.add_trace(_line(xs, xs, "chance", GREY, 1.2, "dash"))
    for (name, points), colour in zip(curves.items(), ("#0072B2", "#56B4E9"), strict=False):
        x, y = points.T
        if logarithmic:
            x, y = np.maximum(x, floor), np.maximum(y, floor)
        line = _line(x, y, name, colour, 2)
        line.line.shape = "hv"
        figure.add_trace(line)
    layout(figure, "false positive rate", "true positive rate", 330)
    if logarithmic:
        edge = np.array([floor, 1.0])
        figure.add_trace(_line(np.full(2, resolution), edge, "one false positive", GREY, 1, "dot"))
        figure.update_xaxes(type="log", range=[np.log10(floor), 0.02], dtick=1)
        figure.update_yaxes(type="log", range=[np.log10(floor), 0.02], dtick=1)
    else:
        figure.update_xaxes(range=[-0.01, 1.01])
        figure.update_yaxes(range=[-0.01, 1.02])
    return figure


# -- parts --------------------------------------------------------------------------------------------


def _lines(over: OverK, kind: str) -> tuple[list[int], np.ndarray, np.ndarray | None]:
    places = [i for i, (name, _) in enumerate(over.candidates) if name == kind]
    test = over.curves.test
    ks = [over.candidates[i][1] for i in places]
    return ks, over.curves.development[places], None if test is None else test[places]


def _band(over: OverK) -> tuple[list[int], np.ndarray, np.ndarray]:
    """The range at each k that covers both distances."""
    ks = sorted({k for _, k in over.candidates})
    at = [[i for i, (_, k) in enumerate(over.candidates) if k == wanted] for wanted in ks]
    low = np.array([over.curves.low[places].min() for places in at])
    high = np.array([over.curves.high[places].max() for places in at])
    return ks, low, high


def _place(over: OverK, chosen: tuple[str, int]) -> int | None:
    return over.candidates.index(chosen) if chosen in over.candidates else None


def _levels(ks: Sequence[int], over: OverK, everything_used: float | None) -> list[go.Scatter]:
    """Reference levels: always predicting “used”, and the best of as many candidates by chance."""
    ends = [min(ks), max(ks)]
    levels = {f"best of {len(over.candidates)} by chance": (over.curves.best_by_chance, "dot")}
    if everything_used is not None:
        levels["always “used”"] = (everything_used, "dash")
    return [
        _line(ends, np.array([height] * 2), name, GREY, 1.4, dash) for name, (height, dash) in levels.items()
    ]


def _line(
    x: Sequence[float] | np.ndarray,
    y: np.ndarray,
    name: str,
    colour: str,
    width: float,
    dash: str = "solid",
    mode: str = "lines",
) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=np.round(y, 4),
        mode=mode,
        name=name,
        line={"color": colour, "width": width, "dash": dash},
        marker={"size": 5},
        hovertemplate=f"{name}: %{{y:.3f}} at %{{x:.3g}}<extra></extra>",
    )


def _area(x: Sequence[float], low: np.ndarray, high: np.ndarray, name: str) -> go.Scatter:
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=np.round([*high, *low[::-1]], 4),
        fill="toself",
        fillcolor=BAND,
        mode="lines",
        line={"width": 0},
        name=name,
        hoverinfo="skip",
    )
