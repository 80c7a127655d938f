"""The page of training data by regions, without a browser; its numbers are the engine's own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import MembershipConfig
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership.cluster_distance import ClusterDistanceAttack, Membership
from core.store import Store
from core.types import ImageSet, Role
from tests.app.test_pages import metrics, words
from tests.support.samples import make_set
from tests.unit.membership.test_cluster_distance import leaky

Open = Callable[..., AppTest]
PAGE = "pages/2_Regions.py"
PIXELS = MembershipConfig(catalog.spec("pixels"))


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


def computed(library: Library, development: ImageSet, test: ImageSet | None, **choice: object) -> Membership:
    """What a job would have done: the page then only reads."""
    engine = ClusterDistanceAttack(Store(), library, Effort(8, 2))
    return engine.run(development, test, replace(PIXELS, **choice))  # type: ignore[arg-type]


def pair(library: Library, copied: float) -> tuple[ImageSet, ImageSet]:
    return leaky(library, "my development", copied), leaky(library, "my test", copied)


def test_a_leak_is_shown_with_the_engines_numbers(library: Library, open_page: Open) -> None:
    """The test set is found by its name."""
    expected = computed(library, *pair(library, 1))
    page = open_page(PAGE, backbone="Pixels")
    assert not page.exception
    shown = metrics(page)
    assert expected.test is not None
    assert expected.test.verdict is not None
    assert float(shown["F1 on test"]) == pytest.approx(expected.test.verdict.scores["f1"].value, abs=0.005)
    assert float(shown["AUC on test"]) == pytest.approx(expected.test.verdict.scores["auc"].value, abs=0.005)
    assert shown["Baseline F1"] == "0.667"
    assert "A leak was found" in words(page)


def test_no_leak_is_never_called_safe(library: Library, open_page: Open) -> None:
    computed(library, *pair(library, 0))
    page = open_page(PAGE, backbone="Pixels")
    assert "No leak was found by this attack at this sample size" in words(page)
    assert "safe" not in words(page).lower()


def test_without_a_test_set_development_is_reported_and_said_to_be(library: Library, open_page: Open) -> None:
    computed(library, leaky(library, "alone", 1), None)
    page = open_page(PAGE, backbone="Pixels")
    assert not page.exception
    assert metrics(page)["F1 on test"] == "–"
    assert "AUC on development" in metrics(page)


def test_unknown_truth_gets_predictions_and_no_score(library: Library, open_page: Open) -> None:
    development = leaky(library, "my development", 1)
    computed(library, development, leaky(library, "my test", 1, unknown=True))
    page = open_page(PAGE, backbone="Pixels")
    assert not page.exception
    assert "AUC on test" not in metrics(page)
    assert metrics(page)["Predicted “used”"].endswith("%")
    assert "there are predictions but no scores" in words(page)


def test_one_class_in_development_is_one_sentence(library: Library, open_page: Open) -> None:
    whole = leaky(library, "whole", 1)
    computed(library, whole, None)
    files = tuple(file for file in whole.files if file.role is not Role.REAL_NOT_USED)
    library.add(ImageSet("one class", "membership", files))
    page = open_page(PAGE, set="one class", backbone="Pixels")
    assert not page.exception
    assert "no real image labelled “not used”" in words(page)


def test_a_set_without_real_images_gives_way_and_the_page_says_so(library: Library, open_page: Open) -> None:
    make_set(library, "a generators set")
    computed(library, leaky(library, "with real images", 1), None)
    page = open_page(PAGE, set="a generators set", backbone="Pixels")
    assert not page.exception
    assert "“a generators set” has no real images; showing “with real images” instead" in words(page)


@pytest.mark.parametrize("tab", ["Slices", "ROC", "All crops", "Scores", "Rules", "History"])
def test_every_tab_opens(tab: str, library: Library, open_page: Open) -> None:
    computed(library, *pair(library, 0.5))
    page = open_page(PAGE, backbone="Pixels")
    page.segmented_control(key="tab").set_value(tab).run()
    assert not page.exception
    assert not page.error


def test_a_fixed_choice_is_taken(library: Library, open_page: Open) -> None:
    computed(library, *pair(library, 1), distance="avg", k=4, rule="median")
    page = open_page(PAGE, backbone="Pixels", distance="avg", clusters="4", rule="Median")
    assert "Mean distance, k = 4, rule “median”." in words(page)
