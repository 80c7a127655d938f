"""The verb paper: one data set as ever, several with their mean, a path imported first, submission files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config import MembershipConfig, PipelineConfig
from core.engine import Engine
from core.experiments import submission, sweep
from core.features import catalog
from core.images.library import Library
from core.paper import tables
from core.paper.tables import Line
from core.store import Store
from tests.support.samples import encoded, make_set, write_tree, zipped
from tests.unit.conftest import Ran
from tests.unit.images.importing.test_import_sets import tree
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

Told = Callable[..., dict[str, Any]]
F1 = {f"F1 {part} {name}": 0.5 for part in ("dev.", "test") for name in ("DB1", "DB2", "mean")}
OLD_KEYS = {"row", "paper", "remark", "config", "id", "f1", "f1_ci", "p_value", "verdict", "seconds", "error"}


@pytest.fixture(autouse=True)
def short_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run per table, which needs no weights and no training."""
    membership = [Line("run 1", MembershipConfig(PIXELS, distance="min", k=2), F1, run=1)]
    spec = catalog.spec("lbp", options={"output": "number"})
    attribution = [Line("LBP", PipelineConfig(spec), {"ARI": 0.4}, run=1)]
    monkeypatch.setattr(
        tables, "lines", lambda table, untrained: membership if table in "34" else attribution
    )


@pytest.fixture
def four(library: Library) -> Library:
    for number, copied in ((1, 1.0), (2, 0.5)):
        leaky(library, f"ct DB{number} development", copied, seed=number)
        leaky(library, f"ct DB{number} test", copied, seed=number + 2)
    return library


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """DB1 and DB2, development and test: two images per folder, the test images unlabelled."""
    (tmp_path / "challenge.zip").write_bytes(zipped(tree()))
    return tmp_path / "challenge.zip"


def test_one_data_set_is_as_before(told: Told, four: Library) -> None:
    """The row of the sweep itself; and a data set without real images makes table 2 unasked."""
    sets = [four.get("ct DB1 development"), four.get("ct DB1 test")]
    facts = told("paper", sets[0].name, "--test", sets[1].name, "--table", "3")
    assert facts["table"] == "3"
    (row,) = facts["rows"]
    assert row.keys() >= OLD_KEYS
    swept = sweep.run_sweep(Engine(Store(), four), sets, tables.listed(tables.lines("3", False)))
    expected = swept.as_json()["rows"][0]
    assert {name: row[name] for name in expected if name != "seconds"} == {
        name: value for name, value in expected.items() if name != "seconds"
    }
    make_set(four, "plain")
    facts = told("paper", "plain")
    assert (facts["table"], len(facts["rows"])) == ("2", 1)
    assert facts["rows"][0]["ari"] is not None


def test_development_says_what_was_selected_on_it(ran: Ran, four: Library) -> None:
    """Distance and k are the paper's, the rule is the best of four; on a test set nothing is selected."""
    status, out, _ = ran("paper", "ct DB1 development", "--no-test", "--table", "3")
    assert status == 0
    assert "; best of 4, optimistic)" in out
    _, out, _ = ran("paper", "ct DB1 development", "--test", "ct DB1 test", "--table", "3")
    assert "optimistic" not in out


def test_two_data_sets_and_their_mean(told: Told, four: Library) -> None:
    """Each fitted on development and reported on the test set of its name, as if it were given alone."""
    facts = told("paper", "ct DB1 development", "ct DB2 development", "--table", "3")
    alone = [
        told("paper", f"ct DB{n} development", "--test", f"ct DB{n} test", "--table", "3")["rows"][0]
        for n in (1, 2)
    ]
    assert facts["data_sets"] == [
        {"name": f"ct DB{n} development", "development": f"ct DB{n} development", "test": f"ct DB{n} test"}
        for n in (1, 2)
    ]
    (row,) = facts["rows"]
    assert row.keys() >= OLD_KEYS
    assert row["test"]["f1"] == pytest.approx(sum(one["test"]["f1"] for one in alone) / 2)
    assert [each["test"]["f1"] for each in row["data_sets"]] == [one["test"]["f1"] for one in alone]
    assert row["p_value"] is None  # no mean of p-values


def test_the_beginning_of_names_makes_all_tables_that_fit(told: Told, ran: Ran, four: Library) -> None:
    make_set(four, "ct task 2")
    facts = told("paper", "ct")
    assert facts["table"] == "all"
    assert [row["table"] for row in facts["rows"]] == ["2", "3", "4", "5"]
    status, out, _ = ran("paper", "ct")
    assert status == 0
    assert "Data set: 'ct DB1 development', reported on 'ct DB1 test'" in out
    assert "Mean of 2 data sets." in out
    assert "  F1 dev. (best of 4, optimistic): paper DB1 0.5000" in out  # of the four rules
    assert "  F1 test: paper DB1 0.5000, DB2 0.5000, mean 0.5000; ours DB1 0." in out


def test_a_path_is_imported_and_its_submissions_written(
    told: Told, ran: Ran, library: Library, archive: Path, tmp_path: Path
) -> None:
    """The test parts are unlabelled: no score on test and no mean of it, and yet a file for each."""
    out = tmp_path / "deep" / "out"
    facts = told("paper", archive, "--submissions", out)
    assert [each["name"] for each in facts["imported"]] == library.names()
    assert len(library.names()) == 4
    assert [row["table"] for row in facts["rows"]] == ["3", "4"]
    assert all(row["test"]["f1"] is None for row in facts["rows"])
    assert all(row["f1"] is not None for row in facts["rows"])
    assert "'challenge DB1 test' and 'challenge DB2 test' are unlabelled" in facts["remarks"]["3"][0]
    assert {path.name for path in out.iterdir()} == {
        f"table{table}-run1-challenge-DB{n}-test.csv" for table in (3, 4) for n in (1, 2)
    }
    for each in facts["submissions"]:
        known = submission.identifiers(library.get(each["set"]).real)
        assert not submission.validate(Path(each["file"]).read_bytes(), known, "membership")
    again = told("paper", "challenge")
    assert again["imported"] == []
    assert [row["f1"] for row in again["rows"]] == [row["f1"] for row in facts["rows"]]
    _, shown, _ = ran("paper", archive, "--submissions", out)
    assert "The data set already exists with the same content" in shown
    assert "F1 test is undefined: 'challenge DB1 test' and 'challenge DB2 test' are unlabelled" in shown
    assert f"4 submission files in {out}." in shown


def test_a_path_may_have_another_name(told: Told, library: Library, archive: Path) -> None:
    told("paper", archive, "--name", "x", "--table", "3")
    assert library.names()[0] == "x DB1 dev"


def test_a_folder_beside_data_sets_of_its_name_is_not_imported_without_a_word(
    ran: Ran, told: Told, archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told("paper", archive, "--table", "3")
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "challenge", {"generated/1.png": b""})
    _, out, _ = ran("paper", "challenge", "--table", "3")
    assert "the challenge on disk was not imported; write ./challenge to import it" in out


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("nobody", "There is no data set 'nobody'"),
        ("", "There is no data set ''"),
        ("{tmp}/nothing.zip", "There is no file or folder"),
        ("ct --table 2", "Table 2 can't be made: 'ct DB1 development' has real images"),
        ("plain --table 3", "Tables 2 and 5 can be made from 'plain'; got 3"),
        ("ct --name x", "--name is for a folder or archive"),
        ("plain --test plain --test plain", "once per data set, in their order: 1 data set, 2 test sets"),
        ("{tmp}/open", "Do so with python -m core import"),
        ("ct --table 3 --submissions {tmp}/file", "file"),
        ("ct --table 6", "invalid choice: '6'"),
    ],
)
def test_a_mistake_is_status_2_and_one_line(
    command: str, says: str, ran: Ran, four: Library, tmp_path: Path
) -> None:
    make_set(four, "plain")
    (tmp_path / "file").write_bytes(b"")
    image = encoded(four.pixels(four.get("plain").files[0].sha256))
    write_tree(tmp_path / "open", {f"{name}/1.png": image for name in ("generated", "real_used", "misc")})
    status, out, err = ran("paper", *(word.format(tmp=tmp_path) for word in command.split(" ")))
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
