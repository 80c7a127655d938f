"""The map of more images than a browser draws: a sample over the density of all, and it says so."""

import base64

import numpy as np
import pytest

from core.clustering import scaling
from core.hashing import bytes_key
from core.types import ImageFile
from pages.ui import theme
from pages.ui.widgets import charts


@pytest.mark.parametrize("laid_out", [3000, 500])
def test_the_map_of_a_large_set(laid_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 images where 1,000 are drawn; or 500 that a sampled UMAP has laid out, which are all drawn."""
    monkeypatch.setattr(scaling, "DRAWN", 1000)
    points = np.random.default_rng(0).normal(size=(3000, 2))
    points[laid_out:] = np.nan
    files = [ImageFile(f"{i}.png", str(i), label="abc"[i % 3]) for i in range(3000)]
    clusters = np.arange(3000) % 4
    figure = charts.scatter_map(points, files, clusters, theme.marks(["a", "b", "c"]), None, ("x", "y"))
    density, *groups = figure.data
    count = sum(len(each.x) for each in groups)
    assert count == min(laid_out, 1000)
    assert np.expm1(np.array(density.z)).sum() == pytest.approx(laid_out, rel=0.02)  # every image is counted
    note = figure.layout.xaxis.title.text  # below the picture: points would lie on it
    assert f"{count:,} of 3,000 images" in note
    assert ("not on this map" in note) == (laid_out == 500)
    assert len(figure.to_json()) < 400_000


def test_other_names_and_another_order_draw_the_same_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 images where 1,000 are drawn: of the files turned round, the same contents."""
    monkeypatch.setattr(scaling, "DRAWN", 1000)
    points = np.random.default_rng(0).normal(size=(3000, 2))
    points[::7] = np.nan  # not laid out
    files = tuple(ImageFile(f"{i}.png", bytes_key(b"%d" % i)) for i in range(3000))
    turned = tuple(ImageFile(f"{9999 - i}.png", files[i].sha256) for i in range(3000))[::-1]
    one, other = charts.drawn(points, files), charts.drawn(points[::-1], turned)
    assert len(one) == 1000
    assert {files[place].sha256 for place in one} == {turned[place].sha256 for place in other}
    assert np.isfinite(points[one]).all()
    assert (np.diff(one) > 0).all()


def test_many_clusters_are_a_trace_each() -> None:
    """30 clusters x 5 generators, 1,500 images: 30 traces, not 150, each point with its generator's shape
    (Plotly numbers them: circle 0, diamond 2, square 1, triangle 5, cross 3), and a legend that scrolls."""
    marks = theme.marks(list("abcde"))
    files = [ImageFile(f"{i}.png", str(i), label="abcde"[i // 30 % 5]) for i in range(1500)]
    clusters, points = np.arange(1500) % 30, np.random.default_rng(0).normal(size=(1500, 2))
    colours = theme.cluster_colours(30, [0, 1, 2, 3, 4], list("abcde"))
    figure = charts.scatter_map(points, files, clusters, marks, colours, ("x", "y"), live=True)
    assert [trace.name for trace in figure.data] == [f"c{c + 1}" for c in range(30)]
    numbers = {"a": 0, "b": 2, "c": 1, "d": 5, "e": 3}
    for trace in figure.data:
        shapes = np.frombuffer(base64.b64decode(trace.marker.symbol["bdata"]), np.uint8)
        assert shapes.tolist() == [numbers[str(files[place].label)] for place in trace.customdata]
    assert sorted(place for trace in figure.data for place in trace.customdata) == list(range(1500))
    assert figure.layout.legend.orientation == "v"
