import os
from pathlib import Path

import pytest

from core.errors import UnreadableImage
from core.images.sources import source as module
from core.images.sources.source import from_files, from_folder, natural
from tests.support.samples import write_tree


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["img_10", "img_2", "img_1"], ["img_1", "img_2", "img_10"]),
        (["b/1", "a/10", "a/9"], ["a/9", "a/10", "b/1"]),
        (["B", "a", "A"], ["A", "a", "B"]),
        (["01", "1", "001"], ["001", "01", "1"]),
        (["a", "1"], ["1", "a"]),
    ],
)
def test_natural_order(given: list[str], ordered: list[str]) -> None:
    """As a person would sort them; what counts the same falls back to plain order."""
    assert sorted(given, key=natural) == ordered


def test_a_name_of_thousands_of_digits_is_sorted_like_any_other() -> None:
    """Python refuses to turn more than 4300 digits into a number; a zip's names may have 65535."""
    assert sorted(["9" * 5000, "1"], key=natural) == ["1", "9" * 5000]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = write_tree(tmp_path / "f", {"a.png": b"a"})
    os.symlink(tmp_path / "secret.png", folder / "b.png")
    os.symlink(folder / "a.png", folder / "c.png")
    source = from_folder(folder)
    assert source.paths == ("a.png", "b.png", "c.png")
    assert source.read("c.png") == b"a"
    with pytest.raises(UnreadableImage, match="points outside the folder"):
        source.read("b.png")


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 2**20)
    source = from_folder(write_tree(tmp_path / "f", {"a.png": bytes(2**20 + 1)}))
    with pytest.raises(UnreadableImage, match="larger than 1 MiB"):
        source.read("a.png")


def test_two_names_that_are_shown_alike_lose_no_file_without_a_word(tmp_path: Path) -> None:
    files = {"g/a\x07.png": b"a", "g/a\x08.png": b"b"}
    for source in (from_folder(write_tree(tmp_path / "f", files)), from_files(files)):
        assert source.paths == ("g/a?.png",)
        ((name, reason),) = source.refused
        assert name == "g/a?.png"
        assert "a second file whose name is shown in the same way" in reason


def test_names_in_a_folder_and_of_uploads_are_display_text_too(tmp_path: Path) -> None:
    files = {"g/a\n\x1b[2J.png": b"a"}
    for source in (from_folder(write_tree(tmp_path / "f", files)), from_files(files)):
        assert source.paths == ("g/a??[2J.png",)
        assert source.read("g/a??[2J.png") == b"a"
