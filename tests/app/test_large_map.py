"""The map of more images than a browser draws: a sample over the density of all, and it says so."""

import numpy as np
import pytest

from core import scale
from core.values import ImageFile
from pages.ui import figures, style


@pytest.mark.parametrize("laid_out", [3000, 500])
def test_the_map_of_a_large_set(laid_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 images where 1,000 are drawn; or 500 that a sampled UMAP has laid out, which are all drawn."""
    monkeypatch.setattr(scale, "DRAWN", 1000)
    points = np.random.default_rng(0).normal(size=(3000, 2))
    points[laid_out:] = np.nan
    files = [ImageFile(f"{i}.png", str(i), label="abc"[i % 3]) for i in range(3000)]
    clusters = np.arange(3000) % 4
    figure = figures.scatter_map(points, files, clusters, style.marks(["a", "b", "c"]), None, ("x", "y"))
    density, *groups = figure.data
    count = sum(len(each.x) for each in groups)
    assert count == min(laid_out, 1000)
    assert np.expm1(np.array(density.z)).sum() == pytest.approx(laid_out, rel=0.02)  # every image is counted
    (note,) = figure.layout.annotations
    assert f"{count:,} of 3,000 images" in note.text
    assert ("not on this map" in note.text) == (laid_out == 500)
    assert len(figure.to_json()) < 400_000
