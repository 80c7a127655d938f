"""The paper's tables on several data sets: the numbers are those of each by itself, and their mean."""

from dataclasses import replace

import pytest

from core.config import MembershipConfig
from core.engine import Engine
from core.errors import BadChoice
from core.experiments import submission, sweep
from core.images.library import Library
from core.paper import reproduction, tables, text
from core.paper.data_sets import DataSet
from core.paper.tables import Line
from core.store import Store
from core.types import ImageSet
from tests.support.samples import generators, make_set
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

THEIRS = {f"F1 {part} {name}": 0.5 for part in ("dev.", "test") for name in ("DB1", "DB2", "mean")}
LINES = [Line(f"run {k}", MembershipConfig(PIXELS, distance="min", k=k), THEIRS, run=k) for k in (3, 5)]


@pytest.fixture
def engine(store: Store, library: Library) -> Engine:
    return Engine(store, library)


@pytest.fixture
def pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that need no weights, in place of table 3's."""
    monkeypatch.setattr(tables, "lines", lambda table, untrained=False: LINES)


@pytest.fixture
def both(library: Library, pixels: None) -> list[DataSet]:
    return [
        DataSet(
            leaky(library, f"ct DB{n} dev", copied, seed=n), leaky(library, f"ct DB{n} test", copied, seed=n)
        )
        for n, copied in ((1, 1), (2, 0.5))
    ]


def test_each_data_set_by_itself_and_their_mean(engine: Engine, both: list[DataSet]) -> None:
    found = reproduction.reproduce(engine, "3", both)
    alone = [
        sweep.run_sweep(engine, list(each.parts), tables.listed(LINES)).as_json()["rows"] for each in both
    ]
    for place, row in enumerate(found.rows()):
        expected = [rows[place]["test"]["f1"] for rows in alone]
        assert [each["test"]["f1"] for each in row["data_sets"]] == expected
        assert row["test"]["f1"] == pytest.approx(sum(expected) / 2)
        assert row["f1"] == pytest.approx(sum(rows[place]["f1"] for rows in alone) / 2)
        low, high = row["test"]["f1_ci"]
        assert low < row["test"]["f1"] < high
        assert row["data_sets"][1]["parts"] == ["ct DB2 dev", "ct DB2 test"]


def test_an_unlabelled_test_part_leaves_its_mean_undefined_and_says_why(
    engine: Engine, both: list[DataSet], library: Library
) -> None:
    both = [both[0], DataSet(both[1].development, leaky(library, "hidden", 1, unknown=True))]
    found = reproduction.reproduce(engine, "3", both)
    for row in found.rows():
        assert row["test"]["f1"] is None
        assert row["f1"] is not None
        assert row["data_sets"][0]["test"]["f1"] is not None
    shown = "\n".join(text.lines(found))
    assert "mean undefined" in shown
    assert "F1 test is undefined: 'hidden' is unlabelled, so there are predictions but no scores." in shown


def test_data_sets_that_share_patients_are_dependent(engine: Engine, both: list[DataSet]) -> None:
    """With the set's own name taken off, groups are u0, u1 ... in all of them: the sentence says so."""

    def alike(image_set: ImageSet) -> ImageSet:
        files = (
            replace(file, group=file.group and file.group.rpartition("-")[2]) for file in image_set.files
        )
        return replace(image_set, files=tuple(files))

    sharing = [DataSet(alike(each.development), each.test and alike(each.test)) for each in both]
    assert "share images or names of patient groups" in reproduction.remarks("3", sharing)[0]
    assert not any("share" in remark for remark in reproduction.remarks("3", both))


def test_tables_2_and_5_are_of_development_and_test(
    engine: Engine, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LBP's rows, which need no weights: two in each table. Table 5's ARI is that of the test parts."""
    every = tables.lines
    monkeypatch.setattr(
        tables, "lines", lambda table, untrained: [line for line in every(table) if "LBP" in line.name]
    )
    made = [
        DataSet(*(make_set(library, f"DB{n} {part}", generators(4)) for part in ("a", "b"))) for n in (1, 2)
    ]
    for table, parts in (("2", ["DB1 a", "DB2 a"]), ("5", ["DB1 b", "DB2 b"])):
        rows = reproduction.reproduce(engine, table, made).rows()
        assert len(rows) == 2
        for row in rows:
            assert [each["parts"] for each in row["data_sets"]] == [[name] for name in parts]
            assert row["ari"] == pytest.approx(sum(each["ari"] for each in row["data_sets"]) / 2)


def test_a_submission_file_for_each_run_and_test_part(engine: Engine, both: list[DataSet]) -> None:
    """2 runs on 2 test parts; each passes the challenge's own rules."""
    found = reproduction.reproduce(engine, "3", both)
    files = list(reproduction.submissions(engine, found))
    assert [name for name, _, _ in files] == [
        *("table3-run3-ct-DB1-test.csv", "table3-run3-ct-DB2-test.csv"),
        *("table3-run5-ct-DB1-test.csv", "table3-run5-ct-DB2-test.csv"),
    ]
    for (name, test, content), data_set in zip(files, both * 2, strict=True):
        assert data_set.test is not None
        assert test == data_set.test.name
        assert not submission.validate(content, submission.identifiers(data_set.test.real), "membership")
        answer = engine.answer(list(data_set.parts), LINES[0 if "run3" in name else 1].config)
        assert content == submission.submission_text(answer)


def test_table_2_is_not_submitted(engine: Engine, library: Library) -> None:
    one = make_set(library, "a", generators(4))
    found = reproduction.reproduce(engine, "2", [DataSet(one, one)])
    assert list(reproduction.submissions(engine, found)) == []


def test_names_that_differ_in_signs_only_have_files_of_their_own() -> None:
    assert reproduction._slugs(["a (b)", "a b", "c"]) == ["a-b-1", "a-b-2", "c"]


def test_what_fits_no_table_is_told(library: Library, both: list[DataSet]) -> None:
    plain = DataSet(make_set(library, "plain"))
    orphan = DataSet(None, both[1].test)
    found, left = reproduction.sort_out([both[0], plain, orphan], "3")
    assert found == {"3": [both[0]]}
    assert left == [
        "'plain' has no real images, so it is for tables 2 and 5.",
        "'ct DB2 test' is a test part whose development part is missing.",
    ]
    every, left = reproduction.sort_out([both[0], plain], "all")
    assert {table: [each.name for each in fitting] for table, fitting in every.items()} == {
        "2": ["plain"],
        "3": ["ct DB1 dev"],
        "4": ["ct DB1 dev"],
        "5": ["plain"],
    }
    assert left == []
    with pytest.raises(BadChoice, match="Table 4 can't be made: 'plain' has no real images"):
        reproduction.sort_out([plain], "4")


def test_titles_are_the_papers_where_they_tell_data_sets_apart(both: list[DataSet], library: Library) -> None:
    assert reproduction.titles(both) == ["DB1", "DB2"]
    assert reproduction.titles([both[0], both[0]]) == ["ct DB1 dev", "ct DB1 dev"]
