"""The page Paper on one data set and on several: which are taken by themselves, and what is mean of what."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import MembershipConfig
from core.engine import Engine
from core.experiments import sweep
from core.images.library import Library
from core.paper import reproduction, tables
from core.paper.data_sets import DataSet, paired
from core.paper.tables import Line
from core.store import Store
from tests.app.test_pages import words
from tests.support import textures
from tests.support.textures import NAME
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

Open = Callable[..., AppTest]
PAPER = "pages/6_Paper.py"
THEIRS = {
    f"F1 {part} {name}": value
    for part, more in (("dev.", 0.0), ("test", 0.1))
    for name, value in (("DB1", 0.4), ("DB2", 0.6), ("mean", 0.5))
    for value in (value + more,)
}
LINES = [Line(f"run {k}", MembershipConfig(PIXELS, distance="min", k=k), THEIRS, run=k) for k in (2, 3, 5)]
FIRST, SECOND = "ct DB1 development", "ct DB2 development"


@pytest.fixture
def pair(home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """DB1, of which everything is copied, and DB2, of which half is; three runs in place of table 3's."""
    monkeypatch.setattr(tables, "lines", lambda table, untrained=False: LINES)
    library = Library()
    for number, copied in ((1, 1.0), (2, 0.5)):
        leaky(library, f"ct DB{number} development", copied, seed=number)
        leaky(library, f"ct DB{number} test", copied, seed=number + 2)
    return library


def computed(library: Library, data_sets: list[DataSet]) -> reproduction.TableResult:
    """What the jobs would have done: the page then only reads."""
    return reproduction.reproduce(Engine(Store(), library), "3", data_sets)


def test_a_pair_is_taken_by_itself_and_its_mean_is_shown(pair: Library, open_page: Open) -> None:
    """DB2 stands beside DB1 unasked; the mean is the engine's own, and the paper's column is its mean."""
    data_sets = paired([pair.get(FIRST), pair.get(SECOND)], pair)
    rows = computed(pair, data_sets).rows()
    page = open_page(PAPER, set=FIRST)
    assert not page.exception
    assert page.multiselect[0].value == [SECOND]
    shown = page.dataframe[0].value
    assert [float(value) for value in shown["ours, mean"]] == pytest.approx(
        [row["test"]["f1"] for row in rows], abs=0.005
    )
    for place, title in enumerate(("DB1", "DB2")):
        expected = [row["data_sets"][place]["test"]["f1"] for row in rows]
        assert [float(value) for value in shown[title]] == pytest.approx(expected, abs=0.005)
    assert list(shown["paper"]) == ["0.6000"] * 3
    said = words(page)
    assert "Ours: mean of 2 data sets." in said
    assert f"DB1: fitted on “{FIRST}”, reported on “ct DB1 test”; DB2: fitted on “{SECOND}”, " in said
    assert "3 of 3 rows evaluated" in said


def test_one_of_the_papers_data_sets_stands_beside_ours_of_that_number(
    pair: Library, open_page: Open
) -> None:
    rows = computed(pair, paired([pair.get(FIRST), pair.get(SECOND)], pair)).rows()
    page = open_page(PAPER, set=FIRST)
    page = page.button_group(key="data_set").set_value("DB2").run()
    shown = page.dataframe[0].value
    assert list(shown["paper"]) == ["0.7000"] * 3
    assert [float(value) for value in shown["ours, DB2"]] == pytest.approx(
        [row["data_sets"][1]["test"]["f1"] for row in rows], abs=0.005
    )
    assert "optimistic" not in words(page)
    page = page.button_group(key="part").set_value("development").run()
    assert "Ours on development is cross-validated; each row is the best of 4, optimistic." in words(page)
    shown = page.dataframe[0].value
    assert list(shown["paper"]) == ["0.6000"] * 3
    assert [float(value) for value in shown["ours, DB2"]] == pytest.approx(
        [row["data_sets"][1]["f1"] for row in rows], abs=0.005
    )


def test_alone_a_data_set_is_shown_as_before(pair: Library, open_page: Open) -> None:
    """The address holds that nothing stands beside it."""
    swept = sweep.run_sweep(
        Engine(Store(), pair), [pair.get(FIRST), pair.get("ct DB1 test")], tables.listed(LINES)
    )
    page = open_page(PAPER, set=FIRST, **{"with": ""})
    assert not page.exception
    assert page.multiselect[0].value == []
    shown = page.dataframe[0].value
    assert [float(value) for value in shown["ours"]] == pytest.approx(
        [row.numbers["test"]["f1"] for row in swept.rows], abs=0.005
    )
    assert "DB1" not in shown
    assert "mean of" not in words(page)


def test_an_unlabelled_test_part_is_undefined_and_development_is_shown_first(
    pair: Library, open_page: Open
) -> None:
    pair.delete("ct DB2 test")
    leaky(pair, "ct DB2 test", 1, unknown=True)
    rows = computed(pair, paired([pair.get(FIRST), pair.get(SECOND)], pair)).rows()
    page = open_page(PAPER, set=FIRST)
    assert not page.exception
    assert page.button_group(key="part").value == "development"
    shown = page.dataframe[0].value
    assert [float(value) for value in shown["ours, mean"]] == pytest.approx(
        [row["f1"] for row in rows], abs=0.005
    )
    assert "'ct DB2 test' is unlabelled, so there are predictions but no scores." in words(page)
    shown = page.button_group(key="part").set_value("test").run().dataframe[0].value
    assert set(shown["ours, mean"]) == {"undefined"}
    assert set(shown["DB2"]) == {"undefined"}
    assert all(float(value) > 0 for value in shown["DB1"])


def test_before_anything_is_computed_one_click_runs_all(pair: Library, open_page: Open) -> None:
    page = open_page(PAPER, set=FIRST)
    assert not page.exception
    assert page.button(key="run_sweep").label == "Run 3 configurations on 2 data sets"
    assert list(page.dataframe[0].value["ours, mean"]) == ["–"] * 3


def test_data_sets_without_real_images_have_no_others_by_default(small: Library, open_page: Open) -> None:
    textures.install(small, "Other", 4, seed=1)
    page = open_page(PAPER, set=NAME)
    assert not page.exception
    assert page.multiselect[0].options == ["Other"]
    assert page.multiselect[0].value == []
    assert "ours" in page.dataframe[0].value


# -- is it possible? ---------------------------------------------------------------------------------


def test_published_scores_are_checked(small: Library, open_page: Open) -> None:
    """The example that can't be true, and the paper's run 8 on DB1, whose F1 3910 / 5913 is cut off."""
    page = open_page(PAPER, set=NAME)
    page = page.selectbox(key="possible_example").select_index(0).run()
    assert not page.exception
    assert page.text_input(key="possible_f1").value == "0.540"
    said = page.warning[0].value
    assert "can't all be true on 100 used and 100 not used images" in said
    assert "a prevalence of 10.47% to 10.61% used images" in said
    page = page.selectbox(key="possible_example").select("Table 4, run 8 (SSIM), DB1").run()
    said = page.success[0].value
    assert "can all be true on 2,000 used and 2,000 not used images, if digits were cut off" in said
    assert "1,955 used and 1,958 not used images predicted “used”" in said


def test_figures_that_are_no_scores_are_told(small: Library, open_page: Open) -> None:
    page = open_page(PAPER, set=NAME)
    page = page.text_input(key="possible_accuracy").set_value("high").run()
    assert "must be a number as it was printed" in page.error[0].value
    page = page.text_input(key="possible_accuracy").set_value("0.9").run()
    page = page.number_input(key="possible_used").set_value(10).run()
    assert "Give the numbers of used and of not used images" in page.error[0].value
