"""The downloads of a dossier: what the two files hold, as the two settings have it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.hashing import bytes_key
from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.dossier.document import digest
from core.release.dossier.reading import open_dossier
from core.store import Store
from pages.ui.widgets import download
from tests.support.releases import leaking, lighten

Made = dict[str, Callable[[], str]]


def shown(parts: list) -> None:  # its text is run as a script of its own
    from pages.ui.release import dossier

    dossier.downloads(*parts)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What each button would send, by the name of the file."""
    found: Made = {}

    def button(label: str, name: str, make: Callable[[], str], words: str = "") -> None:
        assert label.startswith("Dossier (")
        assert words
        found[name] = make

    monkeypatch.setattr(download, "button", button)
    return found


def test_two_files_of_one_dossier(
    home: Path, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By number and unsigned at first; then with the name that was given and those at risk."""
    lighten(monkeypatch)
    library = Library()
    config, sets = ReleaseConfig(), [leaking(library, "a set", 1.0)]
    release = Assessor(Store(), library).assess(sets, config)
    test = AppTest.from_function(shown, args=([release, sets, config],), default_timeout=60).run()
    assert not test.exception
    assert sorted(made) == ["release-a-set.html", "release-a-set.json"]
    plain = made["release-a-set.json"]()
    assert "secret" not in plain + made["release-a-set.html"]()
    assert json.loads(plain)["governance"]["decision"]["decided_by"] == ""

    test.text_input[0].set_value("  Dr Ada Example ")
    test.checkbox[0].check()
    test.run()
    body = json.loads(made["release-a-set.json"]())
    assert body["governance"]["decision"]["decided_by"] == "Dr Ada Example"
    assert body["identifiability"]["people_at_risk"]["list"][0]["name"] == release.at_risk.images[0].name
    path = tmp_path / "page.html"
    path.write_text(made["release-a-set.html"](), "utf-8")
    opened = open_dossier(path)
    assert digest(opened.body) == body["sha256"] == opened.body["sha256"]
    assert bytes_key(plain.encode()) != body["sha256"]  # it is of the content, not of the file
