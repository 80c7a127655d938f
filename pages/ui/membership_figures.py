"""Plots of training-data fingerprints. Each takes values and gives a figure; none computes a score."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.training_data import OverK
from pages.ui.figures import layout
from pages.ui.style import DASHES, DISTANCES, GREY, PALETTE, ROLES

BAND = "rgba(138,145,153,0.22)"
BINS = 40


def f1_over_k(over: OverK, part: str, chosen: tuple[str, int], everything_used: float | None) -> go.Figure:
    """Lines of min and avg on the reported part, faint ones on development, and the band of chance."""
    figure = go.Figure()
    ks, low, high = _band(over)
    figure.add_trace(_area(ks, low, high, "95% by chance"))
    for kind, colour in DISTANCES.items():
        ks, development, test = _lines(over, kind)
        shown = development if test is None else test
        figure.add_trace(_line(ks, shown, f"{kind}, {part}", colour, width=2, mode="lines+markers"))
        if test is not None:
            figure.add_trace(_line(ks, development, f"{kind}, development", colour, width=1, dash="dot"))
    if (place := _place(over, chosen)) is not None:
        curve = over.curves.development if over.curves.test is None else over.curves.test
        figure.add_trace(
            go.Scatter(
                x=[chosen[1]],
                y=[curve[place]],
                mode="markers",
                name="chosen",
                marker={"symbol": "circle-open", "size": 15, "color": GREY, "line": {"width": 2.5}},
                hoverinfo="skip",
            )
        )
    layout(figure, "number of clusters k", f"F1 on {part}", 300)
    _lines_of_chance(figure, over, everything_used)
    figure.update_xaxes(type="log", tickvals=[2, 3, 5, 10, 20, 30, 50, 100])
    figure.update_yaxes(range=[0, 1.02])
    return figure


def all_crops(
    found: Mapping[tuple[str, str], OverK], crops: Mapping[str, str], part: str, everything_used: float | None
) -> go.Figure:
    """One panel a crop, a colour a backbone, a dash a distance; ``found`` by backbone's title and crop."""
    figure = make_subplots(1, len(crops), shared_yaxes=True, subplot_titles=list(crops.values()))
    titles = sorted({title for title, _ in found})
    for column, crop in enumerate(crops, start=1):
        here = {title: over for (title, kind), over in found.items() if kind == crop}
        if here:
            ks, lows, highs = zip(*map(_band, here.values()), strict=True)  # one crop has the same k for all
            area = _area(ks[0], np.min(lows, axis=0), np.max(highs, axis=0), "95% by chance")
            area.showlegend = column == 1
            figure.add_trace(area, 1, column)
        for title, over in here.items():
            colour = PALETTE[titles.index(title) % len(PALETTE)]
            for kind in DISTANCES:
                at, development, test = _lines(over, kind)
                line = _line(
                    at, development if test is None else test, f"{title}, {kind}", colour, 1.6, DASHES[kind]
                )
                line.legendgroup = line.name
                line.showlegend = not any(trace.name == line.name for trace in figure.data)
                figure.add_trace(line, 1, column)
    layout(figure, "", f"F1 on {part}", 330)
    figure.update_layout(margin_t=60, legend={"y": 1.12})
    figure.update_xaxes(type="log", tickvals=[2, 5, 10, 20, 50, 100], title_text="k")
    figure.update_yaxes(range=[0, 1.02])
    if everything_used is not None:
        figure.add_hline(everything_used, line={"dash": "dash", "width": 1.2, "color": GREY})
    return figure


def histogram(distance: np.ndarray, roles: Sequence[str], threshold: float, axis: str) -> go.Figure:
    """Images over distance, by role; the boundary of the rule. Infinite distances are left out."""
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
                        hovertemplate=f"{name}: %{{y}} images at %{{x:.3g}}<extra></extra>",
                    )
                )
    if np.isfinite(threshold):
        figure.add_vline(
            threshold,
            line={"dash": "dash", "width": 1.5, "color": "#D55E00"},
            annotation_text="boundary",
            annotation_position="top",
        )
    layout(figure, axis, "images", 300)
    figure.update_layout(barmode="overlay", bargap=0, margin_t=24)
    return figure


def roc(curves: Mapping[str, np.ndarray], resolution: float, logarithmic: bool) -> go.Figure:
    """True over false positive rates (m, 2) by part; below one false positive nothing can be measured."""
    figure = go.Figure()
    floor = resolution / 2
    xs = np.geomspace(floor, 1, 50) if logarithmic else np.array([0.0, 1.0])
    figure.add_trace(_line(xs, xs, "by chance", GREY, 1.2, "dash"))
    for (name, points), colour in zip(curves.items(), ("#0072B2", "#56B4E9"), strict=False):
        x, y = points.T
        if logarithmic:
            x, y = np.maximum(x, floor), np.maximum(y, floor)
        line = _line(x, y, name, colour, 2)
        line.line.shape = "hv"
        figure.add_trace(line)
    layout(figure, "false positive rate", "true positive rate", 330)
    if logarithmic:
        figure.add_vline(
            resolution,
            line={"dash": "dot", "width": 1, "color": GREY},
            annotation_text="1 image",
            annotation_position="bottom right",
        )
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
    """At each k the widest of both distances."""
    ks = sorted({k for _, k in over.candidates})
    at = [[i for i, (_, k) in enumerate(over.candidates) if k == wanted] for wanted in ks]
    low = np.array([over.curves.low[places].min() for places in at])
    high = np.array([over.curves.high[places].max() for places in at])
    return ks, low, high


def _place(over: OverK, chosen: tuple[str, int]) -> int | None:
    return over.candidates.index(chosen) if chosen in over.candidates else None


def _lines_of_chance(figure: go.Figure, over: OverK, everything_used: float | None) -> None:
    best = over.curves.best_by_chance
    lines = [(best, "dot", f"best of {len(over.candidates)} by chance", "bottom left")]
    if everything_used is not None:
        lines.append((everything_used, "dash", "everything used", "top left"))
    for height, dash, words, place in lines:
        figure.add_hline(
            height,
            line={"dash": dash, "width": 1.2, "color": GREY},
            annotation_text=words,
            annotation_position=place,
            annotation_font_size=11,
        )


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
