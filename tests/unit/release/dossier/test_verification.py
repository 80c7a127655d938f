"""A dossier is checked: its hash, its page, its numbers; and whatever is no dossier is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadChoice
from core.images.library import Library
from core.release.dossier import reading
from core.release.dossier.document import as_text, sealed
from core.release.dossier.files import file_names, write_dossier
from core.release.dossier.page import page
from core.release.dossier.reading import Opened, open_dossier, plain
from core.release.dossier.verification import Verification, verify
from tests.support.releases import leaking
from tests.unit.release.dossier.conftest import Case

Changes = Callable[[dict[str, Any]], None]


def checked(case: Case, body: dict[str, Any], text: str | None = None) -> Verification:
    return verify(Opened(body, text), case.assessor, case.assessor.library.all())


def names(found: Verification) -> list[str]:
    return [each.what for each in found.differences]


def test_an_untouched_dossier_holds(case: Case, tmp_path: Path) -> None:
    """By both files, and with people named; every number is computed again and is equal."""
    for place, named in enumerate((False, True)):
        body = case.document(decided_by="Ä. Person", drawn_up="2026-11-30", name_people=named)
        html, data, replaced = write_dossier(tmp_path / str(place), body)
        assert not replaced
        for path in (html, data):
            opened = open_dossier(path)
            found = verify(opened, case.assessor, case.assessor.library.all())
            assert opened.body == body
            assert (found.intact, found.recomputed, found.differences) == (True, True, ())
            assert found.page is (True if path == html else None)
            assert found.holds


def test_other_names_of_the_same_pixels_hold(case: Case, library: Library) -> None:
    """The set is deleted and imported again under another name, from files of other names."""
    body = case.document()
    library.delete("study <b>")
    again = leaking(library, "elsewhere", 1.0, prefix="other/")
    assert {file.name for file in again.files}.isdisjoint(file.name for file in case.sets[0].files)
    found = checked(case, body)
    assert (found.recomputed, found.differences, found.holds) == (True, (), True)


def test_one_digit_is_caught(case: Case, tmp_path: Path) -> None:
    """The last digit of one number: too small to be a difference, and yet the hash sees it."""
    body = case.document()
    auc = body["identifiability"]["attacks"][0]["partial_auc"]
    digits = json.dumps(auc)
    changed = digits[:-1] + ("1" if digits[-1] != "1" else "2")
    path = tmp_path / "changed.json"
    path.write_text(as_text(body).replace(f'"partial_auc": {digits}', f'"partial_auc": {changed}', 1))
    found = verify(open_dossier(path), case.assessor, case.assessor.library.all())
    assert not found.intact
    assert not found.holds
    assert found.claimed == body["sha256"] != found.found


def _less(body: dict[str, Any]) -> None:
    body["identifiability"]["attacks"][0]["auc"] = 0.5


def _nobody(body: dict[str, Any]) -> None:
    body["identifiability"]["people_at_risk"]["groups"] = 0


def _kinder(body: dict[str, Any]) -> None:
    body["answer"]["verdict"] = "not found"


def _without_limits(body: dict[str, Any]) -> None:
    body["governance"]["limits"] = []


def _added(body: dict[str, Any]) -> None:
    body["approval"] = "approved"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_less, "identifiability.attacks[0].auc"),
        (_nobody, "identifiability.people_at_risk.groups"),
        (_kinder, "answer.verdict"),
        (_without_limits, "governance.limits"),
        (_added, "approval"),
    ],
)
def test_a_forgery_with_a_new_hash_is_caught_by_its_numbers(case: Case, change: Changes, what: str) -> None:
    """The hash is no signature: who forges computes it again, and the computation shows it."""
    body = case.document()
    change(body)
    found = checked(case, sealed(body))
    assert (found.intact, found.recomputed, found.holds) == (True, True, False)
    assert names(found) == [what]


def test_a_page_that_shows_something_else_is_caught(case: Case) -> None:
    """Its data are untouched, so the hash holds; what a reader sees was changed."""
    body = case.document()
    text = page(body)
    assert checked(case, body, text.replace("\n", "\r\n")).holds
    shown = text.replace("Exposure found", "Nothing found", 1)
    found = checked(case, body, shown)
    assert (found.intact, found.page, found.holds) == (True, False, False)
    assert "shows something else" in found.page_words


def test_a_page_of_another_version_is_not_passed(case: Case) -> None:
    body = case.document()
    body["governance"]["versions"]["page"] = "2"
    found = checked(case, sealed(body), page(body))
    assert (found.page, found.holds) == (False, False)
    assert "Verify the JSON file instead" in found.page_words
    assert [(each.what, each.was, each.now) for each in found.versions] == [("versions.page", "2", "1")]


def test_without_the_sets_only_the_hash_is_checked(case: Case, library: Library) -> None:
    body = case.document()
    library.delete("study <b>")
    found = checked(case, body)
    assert (found.intact, found.recomputed, found.holds) == (True, False, True)
    assert found.hindrance == "The data set “study <b>” is not here. Import it, under any name."


def test_other_labels_are_said(case: Case) -> None:
    """The same pixels without patients are no ground for the same numbers."""
    files = tuple(replace(file, group=None) for file in case.sets[0].files)
    found = verify(
        Opened(case.document(), None), case.assessor, [replace(case.sets[0], name="bare", files=files)]
    )
    assert not found.recomputed
    assert "“bare”, but with other roles or patient groups" in found.hindrance
    assert "--patients" in found.hindrance


def test_nothing_is_taken_from_a_kept_assessment(case: Case) -> None:
    """A stored assessment with another AUC is not what a dossier is checked by."""
    from core.release.assessment import assessment_key

    raw = case.release.as_json()
    raw["attacks"][0]["auc"] = 0.123
    case.assessor.store.put_note(assessment_key(case.sets, case.config), raw)
    known = case.assessor.known(case.sets, case.config)
    assert known is not None
    assert known.attacks[0].auc == 0.123
    assert checked(case, case.document()).holds


# -- files from anywhere ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither JSON nor a page"),
        (b"MZ\x90\x00\xff", "not text in UTF-8"),
        (b"{", "does not hold valid JSON"),
        (b'{"a": ' * 100_000, "does not hold valid JSON"),
        (b'{"schema": NaN}', "does not hold valid JSON"),
        (b'{"schema": "x", "schema": "x"}', "does not hold valid JSON"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "does not hold valid JSON"),
        (b"{}", "it has no schema"),
        (b'{"schema": "other\\u001b[2J/9"}', r"of the schema other\?\[2J/9"),
        (b'{"schema": "imprint-release-dossier/1"}', "it has no SHA-256"),
        (b'{"schema": "imprint-release-dossier/1", "sha256": "ABC"}', "it has no SHA-256"),
        (b"<html></html>", "does not hold the data of exactly one"),
        (b'<pre id="imprint-dossier" hidden>{}</pre>' * 2, "does not hold the data of exactly one"),
        (b'<pre id="imprint-dossier" hidden>{}', "does not hold the data of exactly one"),
    ],
)
def test_what_is_no_dossier_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadChoice, match=words) as caught:
        open_dossier(path)
    assert "\n" not in str(caught.value)


def test_a_large_file_a_folder_and_no_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 2**20)
    path = tmp_path / "large.json"
    path.write_bytes(b" " * (2**20 + 1))
    for place, words in (
        (path, "larger than 1 MB"),
        (tmp_path, "is not a file"),
        (tmp_path / "no", "no file"),
    ):
        with pytest.raises(BadChoice, match=words):
            open_dossier(place)


def _no_run(body: dict[str, Any]) -> None:
    del body["governance"]["run"]


def _list(body: dict[str, Any]) -> None:
    body["governance"] = []


def _rate(body: dict[str, Any]) -> None:
    body["governance"]["run"]["config"]["rate"] = "a"


def _attack(body: dict[str, Any]) -> None:
    body["governance"]["run"]["config"]["attacks"] = ["../../x/nearest"]


def _many(body: dict[str, Any]) -> None:
    body["governance"]["run"]["config"]["attacks"] = ["pixels/nearest"] * 101


def _path(body: dict[str, Any]) -> None:
    body["governance"]["run"]["sets"][0]["name"] = "../x"


def _hash(body: dict[str, Any]) -> None:
    body["governance"]["run"]["sets"][0]["truth"] = "0"


def _twice(body: dict[str, Any]) -> None:
    body["governance"]["run"]["sets"] *= 4


@pytest.mark.parametrize("change", [_no_run, _list, _rate, _attack, _many, _path, _hash, _twice])
def test_a_damaged_dossier_is_refused_before_anything_is_computed(
    case: Case, change: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = case.document()
    change(body)

    def never(*_: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(type(case.assessor), "assess_again", never)
    with pytest.raises(BadChoice, match="The dossier"):
        checked(case, sealed(body))


def test_strangers_texts_move_no_cursor() -> None:
    assert plain("a\x1b[31m\nb") == "a?[31m?b"
    assert plain("x" * 81) == "x" * 80 + "…"


# -- files that are written ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "plain_name"),
    [("DB1 dev", "DB1-dev"), ("a:b*c?", "a-b-c"), ("..", "set"), ("Ärzte", "Ärzte"), ("CON.", "CON")],
)
def test_file_names_are_plain(name: str, plain_name: str) -> None:
    assert file_names(name) == (f"release-{plain_name}.html", f"release-{plain_name}.json")


def test_a_dossier_replaces_its_own_and_nothing_else(case: Case, tmp_path: Path, library: Library) -> None:
    first, second = case.document(), case.document(decided_by="Somebody")
    write_dossier(tmp_path, first)
    html, data, replaced = write_dossier(tmp_path, second)
    assert replaced
    assert json.loads(data.read_text("utf-8")) == second
    html.write_text("my notes")
    with pytest.raises(BadChoice, match=r"release-study-b\.html exists, and is not a dossier of these data"):
        write_dossier(tmp_path, first)
    assert (html.read_text(), json.loads(data.read_text("utf-8"))) == ("my notes", second)
    html.unlink()
    other = json.loads(as_text(first))
    other["governance"]["run"]["sets"][0]["truth"] = "0" * 64
    data.write_text(as_text(sealed(other)))
    with pytest.raises(BadChoice, match=r"\.json exists, and is not a dossier of these data sets"):
        write_dossier(tmp_path, first)
    assert not html.exists()
