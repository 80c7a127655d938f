"""The page Audit, without a browser: the engine's findings, the pairs, the switches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.attribution.pipeline import Pipeline
from core.audit.pipeline import Auditor
from core.config import PipelineConfig
from core.experiments import run_log
from core.features import catalog
from core.images.library import Library
from core.store import Store
from core.types import ImageSet
from tests.app.test_pages import metrics, words
from tests.support.samples import encoded
from tests.unit.audit.planted_confounds import files, generators, membership, take

Open = Callable[..., AppTest]
PAGE = "pages/7_Audit.py"


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


def brighter(pixels: np.ndarray) -> bytes:
    return encoded(pixels + 3)


def attribute(library: Library, image_set: ImageSet) -> None:
    """What the page Generators leaves in the run log."""
    config = PipelineConfig(catalog.spec("lbp"))
    run_log.record([image_set], Pipeline(Store(), library).attribute(image_set, config))


def html(page: AppTest) -> str:
    return " ".join(each.proto.body for each in page.get("html"))


def test_it_opens_on_an_empty_home(library: Library, open_page: Open) -> None:
    page = open_page(PAGE)
    assert not page.exception
    assert "Import a folder or an archive" in words(page)


def test_the_page_says_what_the_engine_found(library: Library, open_page: Open) -> None:
    image_set = generators(library, brighter)
    page = open_page(PAGE)
    found = Auditor(Store(), library).audit(image_set)
    assert not page.exception
    assert metrics(page)["Warnings"] == str(len(found.warnings))
    assert found.sentence in words(page)
    table = page.dataframe[0].value.set_index("baseline")
    assert table.loc["Darkest grey", "remark"] == "Above chance: higher in c, AUC 1.00."
    assert metrics(page)["Method, ARI"] == "–"
    assert page.button(key="run_method").label == "Run the method"


def test_many_images_wait_for_a_click(
    library: Library, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.ui.audit.views.UNASKED", 10)
    generators(library)
    page = open_page(PAGE)
    assert "120 images not analysed yet" in words(page)
    page = page.button(key="look").click().run()
    assert not page.exception
    assert metrics(page)["Warnings"] == "0"


def test_a_clean_set_is_called_so(library: Library, open_page: Open) -> None:
    membership(library)
    page = open_page(PAGE)
    assert not page.exception
    assert metrics(page)["Warnings"] == "0"
    assert "None of 12 blind baselines matches the method" in page.success[0].value


def test_pairs_stand_side_by_side(library: Library, open_page: Open) -> None:
    content = files(("a", "b"))
    take(library, content | {"b/900.png": content["a/000.png"]})
    page = open_page(PAGE).segmented_control(key="tab").set_value("Duplicates and near-duplicates").run()
    assert not page.exception
    assert metrics(page)["Across classes"] == "1"
    assert any("**a and b: 1 pair.**" in each.value for each in page.markdown)
    assert all(text in html(page) for text in ("a/000.png", "b/900.png", "exact copy"))


def test_the_switches_make_a_set_and_compare(library: Library, open_page: Open) -> None:
    """Off at first; then the button; then the derived set beside this one, and the method's ARI of both."""
    image_set = generators(library, brighter)
    attribute(library, image_set)
    page = open_page(PAGE)
    assert "Select transforms" in words(page)
    page = page.toggle(key="step_histogram").set_value(True).run()
    page = page.button(key="derive").click().run()
    assert not page.exception
    derived = library.get("set, histogram matched")
    table = page.dataframe[1].value.set_index("")
    assert table.loc["Method, ARI", "derived"] == "not run yet"
    attribute(library, derived)
    table = page.run().dataframe[1].value.set_index("")
    assert table.loc["Method, ARI", "derived"] != "not run yet"
    assert table.loc["Warnings", "original"] == metrics(page)["Warnings"]


def test_the_method_is_run_from_here(
    library: Library, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the backbone of the house where its features are at hand; the ARI then stands on the page."""
    image_set = generators(library)
    config = PipelineConfig(catalog.spec("lbp"))
    expected = Pipeline(Store(), library).attribute(image_set, config).agreement.scores["ari"]
    monkeypatch.setattr("pages.ui.audit.views.catalog.spec", lambda: config.feature)
    page = open_page(PAGE).button(key="run_method").click().run()
    assert not page.exception
    assert float(metrics(page)["Method, ARI"]) == pytest.approx(expected.value, abs=0.006)
