"""The manifest of weights files: what was hashed, when; believed only while nothing changed."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.features import weights
from core.features.pretrained import weights_manifest
from core.hashing import bytes_key


def test_a_file_is_known_until_it_changes(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(b"one")
    assert weights_manifest.known(path) is None
    noted = weights_manifest.note(path, weights_manifest.hashed(path), weights_manifest.TAKEN)
    assert noted.sha256 == bytes_key(b"one")
    assert weights_manifest.known(path) == noted
    path.write_bytes(b"two")
    os.utime(path, ns=(0, noted.changed + 1))
    assert weights_manifest.known(path) is None
    weights_manifest.forget(path)
    assert json.loads((home / "weights.json").read_text()) == {}


def test_how_and_since_when_a_file_is_here_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(b"one")
    first = weights_manifest.note(path, bytes_key(b"one"), weights_manifest.DOWNLOADED)
    again = weights_manifest.note(path, bytes_key(b"one"))
    assert (again.source, again.since) == (weights_manifest.DOWNLOADED, first.since)
    assert weights_manifest.note(path, bytes_key(b"two")).source == weights_manifest.FOUND


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": 1}', '{"x": {"sha256": 1}}'])
def test_a_manifest_that_cannot_be_read_is_empty(home: Path, tmp_path: Path, text: str) -> None:
    home.mkdir()
    (home / "weights.json").write_text(text.replace("x", str(tmp_path / "w")))
    (tmp_path / "w").write_bytes(b"one")
    assert weights_manifest.known(tmp_path / "w") is None
    assert weights_manifest.note(tmp_path / "w", bytes_key(b"one")) == weights_manifest.known(tmp_path / "w")


def test_the_state_hashes_a_file_once_and_a_use_always(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    hashed = weights_manifest.hashed
    monkeypatch.setattr(weights_manifest, "hashed", lambda path: (calls.append(path), hashed(path))[1])
    for count, ask in enumerate((weights.status, weights.status), 1):
        assert ask("efficientnet_lite0")["state"] == "ready"
        assert len(calls) == 1, count
    weights.status("efficientnet_lite0", again=True)
    weights.require("efficientnet_lite0")
    assert len(calls) == 3


def test_the_command_line_shows_hash_and_time(told: Callable[..., dict[str, Any]]) -> None:
    state = told("weights")["weights"][0]
    assert state["sha256"] == state["expected"]
    assert str(state["checked"]).endswith("+00:00")
    assert told("weights", "--verify")["shipped"][0]["file"] == "lungs.safetensors"
