"""Plots. Each takes values and gives a figure; none computes a score or knows the page."""

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.clustering import scaling
from core.memoize import cache_per_tuple
from core.types import ImageFile
from pages.ui.theme import GREY, SYMBOL_NUMBERS, UNKNOWN, Mark

WEBGL_FROM = 1000  # points; below, SVG is sharper and as fast
HOVER = "%{customdata[0]}<br>%{customdata[1]}, cluster %{customdata[2]}<extra></extra>"
DENSITY_CELLS = 100  # a side
LEGEND_ROW = 12  # entries beside each other; more stand below each other, and scroll
SIGNS = {"size": 7, "opacity": 0.8, "line": {"width": 0.5, "color": "rgba(255,255,255,0.6)"}}
DOTS = {"size": 4, "opacity": 0.6, "line": {"width": 0}}  # of a sample: the density is to be seen behind it
CONFIG = {"showSendToCloud": False, "displaylogo": False, "scrollZoom": True}


def layout(figure: go.Figure, x: str, y: str, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis_title=x,
        yaxis_title=y,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None},
        hoverlabel={"font_size": 12},
    )
    return figure


def scatter_map(
    points: np.ndarray,
    files: Sequence[ImageFile],
    clusters: np.ndarray,
    marks: Mapping[str, Mark],
    cluster_colours: Sequence[str] | None,
    axes: tuple[str, str],
    selected: Collection[str] = (),
    live: bool = False,
) -> go.Figure:
    """Each image a point; its shape is the generator, its colour the generator or (given) the cluster.

    ``selected``: names of images that stand out, as if they had been selected on this very map. ``live``: a
    point carries the place of its image in ``files`` alone, and the tip beside the chart (thumbnails.hover)
    names it: another clustering then sends, and draws, a map by generator not again. Of more images than a
    browser draws, a sample, over the density of all; the map says so.
    """
    points = _rounded(points).astype(np.float32)
    shown = drawn(points, files)
    sampled = len(shown) < len(files)
    labels = np.array([files[place].label or UNKNOWN for place in shown])
    traces = [_density(points)] if sampled else []
    for name, colour, those in _entries(labels, clusters[shown], marks, cluster_colours):
        chosen = shown[those]
        names = [] if live and not selected else [files[place].name for place in chosen]
        symbols = _symbols(labels[those], marks)
        trace = {
            "type": "scattergl" if len(files) > WEBGL_FROM else "scatter",
            "x": points[chosen, 0],
            "y": points[chosen, 1],
            "mode": "markers",
            "name": name,
            "marker": {**(DOTS if sampled else SIGNS), "color": colour, "symbol": symbols},
            "selectedpoints": _places(selected, names),
            "selected": {"marker": {"opacity": 1}},
            "unselected": {"marker": {"opacity": 0.15}},
        }
        if live:
            trace |= {"customdata": chosen.astype(np.int32), "hoverinfo": "none"}
        else:
            told = [f"c{c + 1}" for c in clusters[chosen]]
            # An array: of lists, Plotly would look at each.
            trace["customdata"] = np.stack([np.array(names), labels[those], np.array(told)], axis=1)
            trace["hovertemplate"] = HOVER
        traces.append(trace)
    if sampled:
        words = scaling.map_note(len(files), len(shown), bool(np.isnan(points).any()))
        axes = (f'{axes[0]}<br><span style="font-size: 11px">{words}</span>', axes[1])
    figure = layout(go.Figure(traces), *axes, height=330)
    figure.update_layout(legend_itemsizing="constant" if sampled else "trace")
    if len(traces) > LEGEND_ROW:
        figure.update_layout(legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"})
    # A first tool that selects: the lasso is what the map is for.
    figure.update_layout(dragmode="lasso", uirevision="map")
    return figure


def _entries(
    labels: np.ndarray, clusters: np.ndarray, marks: Mapping[str, Mark], colours: Sequence[str] | None
) -> Iterator[tuple[str, str, np.ndarray]]:
    """The legend's entries, a trace each: name, colour, and the places of its points, by generator."""
    order = {name: place for place, name in enumerate(marks)}
    by_label = np.argsort([order[label] for label in labels.tolist()], kind="stable")
    names = labels if colours is None else clusters
    present = set(names.tolist())
    for name in sorted(present, key=order.get if colours is None else None):
        those = by_label[names[by_label] == name]
        yield (name, marks[name].colour, those) if colours is None else (f"c{name + 1}", colours[name], those)


def _symbols(labels: np.ndarray, marks: Mapping[str, Mark]) -> str | dict[str, str]:
    """The shape of all; or those of each by their numbers, packed as they travel: of an array, Plotly looks
    up every element in its list of symbols."""
    names, places = np.unique(labels, return_inverse=True)
    if len(names) == 1:
        return marks[names[0]].symbol
    numbers = np.array([SYMBOL_NUMBERS[marks[name].symbol] for name in names], np.uint8)[places]
    return {"dtype": "u1", "bdata": base64.b64encode(numbers.tobytes()).decode()}


def _places(selected: Collection[str], names: Sequence[str]) -> list[int] | None:
    """None where nothing is selected: all stand out alike."""
    return [place for place, name in enumerate(names) if name in selected] if selected else None


def drawn(points: np.ndarray, files: Sequence[ImageFile]) -> np.ndarray:
    """Places of the points that are drawn: all that have one on the map, or those whose images' hashes are
    the smallest, which is a random sample that no file name changes."""
    placed = np.isfinite(points).all(1)
    if placed.sum() <= scaling.DRAWN:
        return np.flatnonzero(placed)
    order = _by_content(tuple(files))
    return np.sort(order[placed[order]][: scaling.DRAWN])


@cache_per_tuple
def _by_content(files: tuple[ImageFile, ...]) -> np.ndarray:
    """int (n,): the places of the images in the order of their hashes, of copies in that of their labels."""
    return np.array(sorted(range(len(files)), key=lambda at: (files[at].sha256, files[at].label or "")))


def _density(points: np.ndarray) -> dict[str, object]:
    """How many images lie in each cell of a grid, as a shade behind the points; counted here, not there."""
    placed = points[np.isfinite(points).all(1)]
    counts, x, y = np.histogram2d(*placed.T, bins=DENSITY_CELLS)
    return {
        "type": "heatmap",
        "x": x.round(4),
        "y": y.round(4),
        "z": np.log1p(counts.T).round(2),
        "colorscale": [[0, "rgba(128,128,128,0)"], [1, "rgba(128,128,128,0.7)"]],
        "showscale": False,
        "hoverinfo": "skip",
    }


def _rounded(points: np.ndarray) -> np.ndarray:
    """To a thousandth of the extent: no pixel sees more, and each digit would travel."""
    extent = float(np.nanmax(points) - np.nanmin(points)) or 1.0
    return points.round(int(np.ceil(3 - np.log10(extent))))


def contingency(table: np.ndarray, generators: Sequence[str], glyphs: Mapping[str, Mark]) -> pd.DataFrame:
    """Generators by clusters, named as on the map."""
    index = [f"{glyphs[name].glyph} {name}" for name in generators]
    return pd.DataFrame(table, index=index, columns=[f"c{c + 1}" for c in range(table.shape[1])])


def shaded(frame: pd.DataFrame) -> "pd.io.formats.style.Styler":
    """The darker, the larger the cell's share of its generator; zeros stand back."""
    return frame.style.apply(shades, axis=1)


def shades(row: Sequence[float]) -> list[str]:
    """CSS of each cell of a generator's row."""
    total = max(float(sum(row)), 1.0)
    return [
        f"background-color: rgba(0,114,178,{0.55 * value / total:.2f})" if value else f"color: {GREY}"
        for value in row
    ]
