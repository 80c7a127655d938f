"""Which folders of the server a person at the page may name."""

import os
from pathlib import Path

import pytest

from core.errors import BadChoice
from core.images.sources.allowed_folders import VARIABLE, allowed_folder, listed_folders, offered_folders
from tests.support.samples import write_tree


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two open folders, one closed; links from the open into the closed and the other way round."""
    files = {
        "open/set/1.png": b"",
        "open/a.zip": b"",
        "open/.git/1": b"",
        "too/1.png": b"",
        "closed/1.png": b"",
    }
    root = write_tree(tmp_path / "data", files)
    os.symlink(root / "closed", root / "open" / "way out")
    os.symlink(root / "open" / "set", root / "closed" / "way in")
    monkeypatch.setenv(
        VARIABLE, os.pathsep.join([str(root / "open"), str(root / "too"), "/nowhere", "relative"])
    )
    return root


def test_what_is_offered_is_each_folder_and_what_lies_right_below(tree: Path) -> None:
    """No hidden folder, no file but zips, no link that leads elsewhere."""
    assert listed_folders() == (tree / "open", tree / "too")
    assert offered_folders() == [tree / "open", tree / "open" / "a.zip", tree / "open" / "set", tree / "too"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "path", ["open", "open/set", "open/a.zip", "open/set/../set", "too", "closed/way in"]
)
def test_what_lies_under_a_listed_folder_is_open(tree: Path, path: str, strict: bool) -> None:
    """Links are followed first, and what they lead to counts: that is what comes back."""
    real = allowed_folder(tree / path, strict)
    assert real == (tree / path).resolve()
    assert not real.is_symlink()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "path", [".", "closed", "open/way out", "open/way out/1.png", "open/../closed", "opener"]
)
def test_all_else_is_refused_in_one_sentence(tree: Path, path: str, strict: bool) -> None:
    with pytest.raises(BadChoice, match="not in a folder that may be imported") as error:
        allowed_folder(tree / path, strict)
    assert str(tree) not in str(error.value)


def test_images_that_others_keep_are_never_open(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRINT_HOME", str(tree / "open" / "home"))
    (tree / "open" / "home" / "images").mkdir(parents=True)
    with pytest.raises(BadChoice):
        allowed_folder(tree / "open" / "home" / "images", strict=False)
    assert tree / "open" / "home" not in offered_folders()


def test_without_a_list_any_path_is_open_to_the_one_local_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert allowed_folder(tmp_path, strict=False) == tmp_path.resolve()
    assert offered_folders() == []
    with pytest.raises(
        BadChoice, match=r"No folder of the server may be imported\. The administrator can list folders"
    ):
        allowed_folder(tmp_path, strict=True)


def test_a_list_of_folders_that_are_gone_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    with pytest.raises(BadChoice, match="No folder of the server may be imported"):
        allowed_folder(Path("/tmp"), strict=False)


@pytest.mark.parametrize("path", ["a\0b", "~nobody-of-this-name/x"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadChoice, match="not a path on this machine"):
        allowed_folder(Path(path), strict=False)
