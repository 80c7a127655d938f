"""The page What-if, without a browser: the grid's rows are the sweep's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.engine import Engine
from core.experiments import sweep
from core.experiments.grid import Grid
from core.features import catalog
from core.images.library import Library
from core.store import Store
from tests.app.test_pages import words
from tests.support.textures import NAME
from tests.unit.membership.test_cluster_distance import leaky

Open = Callable[..., AppTest]
PAGE = "pages/4_What-if.py"


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


def run(library: Library, *names: str, **parts: object) -> dict[str, object]:
    grid = Grid(methods=("hierarchical", "kmeans"), **parts)  # type: ignore[arg-type]
    sets = [library.get(name) for name in names]
    return sweep.run_sweep(Engine(Store(), library), sets, grid.listed(sets[0])).as_json()


def choose(page: AppTest, *backbones: str) -> AppTest:
    return page.multiselect(key="grid_backbones").set_value(list(backbones)).run()


def test_rows_of_a_set_of_generators(small: Library, open_page: Open) -> None:
    """2 backbones x 2 clusterings x 2 PCA shares; the best by ARI in words, the table best first."""
    specs = (catalog.spec("lbp"), catalog.spec("residual_spectrum"))
    found = run(small, NAME, features=specs, variances=(None, 0.95))
    page = choose(open_page(PAGE, set=NAME), "lbp", "residual_spectrum")
    assert not page.exception
    assert "Corrected for selection out of 8: p < 0.001" in words(page)
    shown = [float(value) for value in page.dataframe[0].value["ARI"]]
    assert shown == pytest.approx(sorted((row["ari"] for row in found["rows"]), reverse=True), abs=0.005)  # type: ignore[attr-defined]


def test_rows_of_a_pair_for_membership(library: Library, open_page: Open) -> None:
    leaky(library, "my development", 1)
    leaky(library, "my test", 1)
    specs = (catalog.spec("pixels"), catalog.spec("lbp"))
    run(library, "my development", "my test", features=specs)
    page = choose(open_page(PAGE, set="my development"), "pixels", "lbp")
    assert not page.exception
    assert "Best on the development set: Pixels" in words(page)
    assert "On the test set: AUC" in words(page)


def test_a_grid_waits_for_a_click_and_an_empty_one_says_so(small: Library, open_page: Open) -> None:
    page = choose(open_page(PAGE, set=NAME), "lbp")
    assert not page.exception
    assert page.button(key="run_sweep").label == "Run 4 configurations"
    assert "Choose at least one value for each setting" in words(choose(page))


def test_a_wrong_k_is_one_sentence(small: Library, open_page: Open) -> None:
    page = open_page(PAGE, set=NAME)
    page = page.text_input(key="grid_k").set_value("many").run()
    assert not page.exception
    assert "k is a whole number from 1, 'known', 'auto' or 'silhouette'; got 'many'" in words(page)
