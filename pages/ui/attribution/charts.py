"""Charts of a clustering: its dendrogram, what speaks for its number of clusters, residual spectra."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui.theme import GREY
from pages.ui.widgets.charts import layout

LEAVES = 40


def dendrogram(merges: np.ndarray, k: int | None, metric: str) -> go.Figure:
    """The last merges of the tree, and the height at which it is cut into k clusters, if it is."""
    from scipy.cluster.hierarchy import dendrogram as lay_out

    tree = lay_out(merges, p=LEAVES, truncate_mode="lastp", no_plot=True, count_sort="ascending")
    x: list[float | None] = []
    y: list[float | None] = []
    for xs, ys in zip(tree["icoord"], tree["dcoord"], strict=True):
        x += [*xs, None]
        y += [*ys, None]
    figure = go.Figure(
        go.Scatter(
            x=x, y=y, mode="lines", line={"color": GREY, "width": 1.5}, hoverinfo="skip", showlegend=False
        )
    )
    if k is not None and 1 < k <= len(merges):
        height = (merges[-k, 2] + merges[-(k - 1), 2]) / 2
        figure.add_hline(
            height, line={"dash": "dash", "width": 1.5, "color": "#D55E00"}, annotation_text=f"cut into {k}"
        )
    ticks = [5 + 10 * i for i in range(len(tree["ivl"]))]
    layout(figure, "number of images under each branch", f"{metric} distance of the merge", 360)
    figure.update_xaxes(tickvals=ticks, ticktext=[_leaf(text) for text in tree["ivl"]], showgrid=False)
    return figure


def _leaf(text: str) -> str:
    return text if text.startswith("(") else "(1)"


def silhouette_curve(by_k: Mapping[int, float], chosen: int) -> go.Figure:
    ks = sorted(by_k)
    colours = ["#D55E00" if k == chosen else GREY for k in ks]
    figure = go.Figure(
        go.Scatter(
            x=ks,
            y=[by_k[k] for k in ks],
            mode="lines+markers",
            marker={"color": colours, "size": 10},
            line={"color": GREY},
            hovertemplate="k = %{x}: %{y:.3f}<extra></extra>",
        )
    )
    layout(figure, "number of clusters k", "mean silhouette", 300)
    figure.update_xaxes(dtick=1)
    return figure


def counts_of_k(ks: Sequence[int], chosen: int) -> go.Figure:
    """In how many random parts of the images each number of groups was found."""
    tallest = range(min(*ks, chosen), max(*ks, chosen) + 1)
    figure = go.Figure(
        go.Bar(
            x=list(tallest),
            y=[ks.count(k) for k in tallest],
            marker={"color": ["#D55E00" if k == chosen else GREY for k in tallest]},
            hovertemplate="k = %{x}: %{y} of " + str(len(ks)) + " parts<extra></extra>",
        )
    )
    layout(figure, "number of groups k", "random parts", 240)
    figure.update_xaxes(dtick=1, range=[max(tallest[0] - 1.5, 0.25), tallest[-1] + 1.5])
    return figure


def spectra(lines: Mapping[str, tuple[np.ndarray, str, int]]) -> go.Figure:
    """Residual spectra by title: log10 power by frequency up to Nyquist, colour, and width of the line."""
    figure = go.Figure()
    for title, (power, colour, width) in lines.items():
        figure.add_scatter(
            x=(np.arange(len(power)) + 0.5) / len(power) / 2,
            y=power,
            mode="lines",
            name=html.escape(title, quote=False),
            line={"color": colour, "width": width},
            hovertemplate="%{x:.2f} cycles/px: %{y:.2f}<extra></extra>",
        )
    return layout(figure, "frequency (cycles per pixel)", "residual power (log10, less its mean)", 300)
