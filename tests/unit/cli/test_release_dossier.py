"""The verb release: the dossier that it writes, and release verify, which checks one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.images.library import Library
from tests.support.releases import leaking, lighten
from tests.unit.conftest import Ran

Told = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    lighten(monkeypatch)


@pytest.fixture
def out(told: Told, library: Library, tmp_path: Path) -> Path:
    """The folder with the dossier of a set that leaks all of its training slices."""
    leaking(library, "a study", 1.0)
    told("release", "a study", "--context", "known", "--out", tmp_path / "out", "--decided-by", "A. Person")
    return tmp_path / "out"


def test_out_writes_both_files_and_says_where(ran: Ran, told: Told, out: Path) -> None:
    html, data = out / "release-a-study.html", out / "release-a-study.json"
    assert sorted(out.iterdir()) == [html, data]
    body = json.loads(data.read_text("utf-8"))
    assert body["context"]["release"] == "known"
    assert body["governance"]["decision"]["decided_by"] == "A. Person"
    assert "secret" not in html.read_text("utf-8") + data.read_text("utf-8")
    again = told("release", "a study", "--context", "known", "--out", out, "--decided-by", "A. Person")
    assert again["dossier"] == {
        "html": str(html),
        "json": str(data),
        "sha256": body["sha256"],
        "replaced": True,
    }
    _, text, _ = ran("release", "a study", "--out", out)
    assert f"Dossier (an earlier one was replaced): {html} and {data}" in text


def test_people_are_named_if_asked_for(told: Told, out: Path) -> None:
    told("release", "a study", "--out", out, "--name-people")
    assert "secret" in (out / "release-a-study.json").read_text("utf-8")


def test_verify_holds(ran: Ran, told: Told, out: Path) -> None:
    """Status 0, for the page as for the JSON."""
    found = told("release", "verify", out / "release-a-study.html")
    assert (found["holds"], found["intact"], found["page"], found["recomputed"]) == (True, True, True, True)
    assert (found["differences"], found["versions"]) == ([], [])
    status, text, err = ran("release", "verify", out / "release-a-study.json")
    assert (status, err) == (0, "")
    assert "The hash holds" in text
    assert "every number is the same" in text


def test_verify_says_what_was_changed(ran: Ran, out: Path) -> None:
    """Status 1: 40 generated images were made 41, and the hash was left."""
    path = out / "release-a-study.json"
    plain = path.read_text("utf-8")
    path.write_text(plain.replace('"generated": 40', '"generated": 41', 1), "utf-8")
    status, text, err = ran("release", "verify", path)
    assert (status, err) == (1, "")
    assert "The dossier was changed since it was drawn up" in text
    assert "data.sets[0].generated: 41 in the dossier, 40 here" in text


def test_verify_without_the_set_says_so(ran: Ran, told: Told, out: Path) -> None:
    told("delete", "a study")
    status, text, _ = ran("release", "verify", out / "release-a-study.json")
    assert status == 0
    assert "The numbers were not computed again. The data set “a study” is not here." in text


def test_patients_of_a_table_are_found_again(ran: Ran, told: Told, library: Library, tmp_path: Path) -> None:
    """The hash of what is known of a set has the table's patients, so verify needs the table as well."""
    made = leaking(library, "s", 1.0)
    rows = [f"{file.name},p{place // 2}" for place, file in enumerate(made.real)]
    table = tmp_path / "patients.csv"
    table.write_text("\n".join(["file,patient", *rows]))
    told("release", "s", "--patients", table, "--out", tmp_path)
    assert not told("release", "verify", tmp_path / "release-s.json")["recomputed"]
    assert "name it with --patients" in ran("release", "verify", tmp_path / "release-s.json")[1]
    found = told("release", "verify", tmp_path / "release-s.json", "--patients", table)
    assert (found["recomputed"], found["differences"]) == (True, [])


def test_a_set_called_verify_is_assessed(told: Told, library: Library) -> None:
    """Where no file follows; with one, the word is the verb's."""
    leaking(library, "verify", 1.0)
    assert told("release", "verify")["verdict"] == "exposure found"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify",), "Name the dossier to verify: python -m core release verify FILE"),
        (("verify", "none.json"), "There is no file none.json"),
        (("a", "b"), "'b' is one word too many. A test set is named by --test"),
        (("a", "--decided-by", "me"), "say where, with --out DIR"),
        (("a", "--name-people"), "say where, with --out DIR"),
    ],
)
def test_mistakes_are_one_sentence(ran: Ran, arguments: tuple[str, ...], words: str) -> None:
    status, out, err = ran("release", *arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_something_else_is_not_overwritten(ran: Ran, library: Library, tmp_path: Path) -> None:
    leaking(library, "s", 1.0)
    (tmp_path / "release-s.html").write_text("notes")
    status, _, err = ran("release", "s", "--out", tmp_path)
    assert status == 2
    assert "exists, and is not a dossier of these data sets" in err
    assert (tmp_path / "release-s.html").read_text() == "notes"
