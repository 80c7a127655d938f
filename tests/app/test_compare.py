"""The pages Compare, Paper and Runs, without a browser: their numbers are the engine's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import ClusterSpec, MembershipConfig, PipelineConfig
from core.engine import ATTRIBUTION, Config, Engine
from core.experiments import run_log, sweep
from core.experiments.comparison import compare
from core.features import catalog
from core.hashing import key
from core.images.library import Library
from core.paper import tables
from core.store import Store
from core.types import ImageSet
from tests.app.test_pages import metrics, words
from tests.support.textures import NAME
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

Open = Callable[..., AppTest]
COMPARE, PAPER, RUNS = "pages/5_Compare.py", "pages/6_Paper.py", "pages/8_Runs.py"
LBP, SMALL = catalog.spec("lbp"), catalog.spec("pixels", options={"side": 8})


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


def answered(library: Library, sets: list[ImageSet], *configs: Config) -> list:
    """As the pages do it: asked and noted in the log."""
    by = Engine(Store(), library)
    found = [by.answer(sets, config) for config in configs]
    for answer in found:
        run_log.record(sets, answer)
    return found


def test_two_of_what_was_tried_are_compared(small: Library, open_page: Open) -> None:
    configs = [PipelineConfig(spec, cluster=ClusterSpec(k=3)) for spec in (LBP, SMALL)]
    first, second = answered(small, [small.get(NAME)], *configs)
    asked = ",".join(key(config)[:12] for config in configs)
    page = open_page(COMPARE, set=NAME, of=asked)
    assert not page.exception
    expected = compare(first, second)
    shown = metrics(page)
    assert float(shown["B − A"]) == pytest.approx(expected.differences["ari"].value, abs=0.0005)
    assert int(shown["Changed"]) == len(expected.changed)
    assert float(shown["A: ARI"]) == pytest.approx(first.agreement.scores["ari"].value, abs=0.005)


def test_training_data_is_compared_as_well(library: Library, open_page: Open) -> None:
    sets = [leaky(library, "my development", 1), leaky(library, "my test", 1)]
    first, second = answered(library, sets, MembershipConfig(PIXELS), MembershipConfig(LBP))
    page = open_page(COMPARE, set="my development")
    assert not page.exception
    assert int(metrics(page)["Changed"]) == len(compare(first, second).changed)
    assert "Slices off the diagonal are ranked differently" in words(page)


def test_where_nothing_was_tried_it_says_how(small: Library, open_page: Open) -> None:
    page = open_page(COMPARE, set=NAME)
    assert not page.exception
    assert "Fewer than two configurations have been evaluated" in words(page)
    assert "No runs yet" in words(open_page(RUNS))


def test_the_papers_rows_that_can_run_stand_beside_ours(small: Library, open_page: Open) -> None:
    """Table 5 has ten rows; without downloaded weights only LBP's two run, the others say what they need."""
    found = tables.lines("5")
    sets = [small.get(NAME)]
    swept = sweep.run_sweep(Engine(Store(), small), sets, tables.listed(found))
    page = open_page(PAPER, set=NAME, table_generators="Table 5")
    assert not page.exception
    assert "2 of 10 rows evaluated" in words(page)
    table = page.dataframe[0].value
    assert list(table["paper"]) == [f"{line.theirs['ARI']:.4f}" for line in found]
    ours = [value for value in table["ours"] if value != "–"]
    assert [float(value) for value in ours] == pytest.approx(
        [row.score for row in swept.rows if row.score is not None], abs=0.005
    )
    assert sum("Not evaluated" in remark for remark in table["remark"]) == 8


def test_the_log_is_filtered_by_words(small: Library, open_page: Open) -> None:
    answered(small, [small.get(NAME)], PipelineConfig(LBP), PipelineConfig(SMALL))
    page = open_page(RUNS)
    assert "2 of 2 runs" in words(page)
    page = page.text_input(key="filter").set_value("lbp").run()
    assert not page.exception
    assert "1 of 2 runs" in words(page)
    assert len(run_log.ranked_runs(ATTRIBUTION, [small.get(NAME)])) == 2
