import os
import struct
import zipfile
from pathlib import Path

import pytest

from core.errors import NothingToImport, UnreadableImage
from core.images import sources
from core.images.sources import Source, from_files, from_folder, from_zip, natural, open_source
from tests.unit.samples import write_tree, zipped


def zip_source(tmp_path: Path, data: bytes) -> Source:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return from_zip(zipfile.ZipFile(path))


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


FILES = {
    "a/2.png": b"two",
    "a/10.png": b"ten",
    "__MACOSX/a/._2.png": b"junk",
    "a/.DS_Store": b"junk",
    ".git/1.png": b"junk",
    "a/Thumbs.db": b"junk",
}


def test_folder_zip_and_memory_are_read_alike_and_without_junk(tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(zipped(FILES))
    with open_source(write_tree(tmp_path / "f", FILES)) as folder, open_source(tmp_path / "f.zip") as archive:
        for source in (folder, archive, from_files(FILES)):
            assert source.paths == ("a/2.png", "a/10.png")
            assert [source.read(path) for path in source.paths] == [b"two", b"ten"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("missing", None, "There is no file or folder"),
        ("text.zip", b"no zip", "neither a folder nor a zip"),
        ("cut.zip", zipped({"a.png": b"x" * 999})[:60], "neither a folder nor a zip"),
        ("end.zip", b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, 46, 9, 0), "damaged|zip archive"),
    ],
    ids=["missing", "text", "cut off", "only its end"],
)
def test_a_path_that_is_no_source(tmp_path: Path, name: str, data: bytes | None, reason: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(NothingToImport, match=reason), open_source(tmp_path / name):
        pass


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = write_tree(tmp_path / "f", {"a.png": b"a"})
    os.symlink(tmp_path / "secret.png", folder / "b.png")
    os.symlink(folder / "a.png", folder / "c.png")
    source = from_folder(folder)
    assert source.paths == ("a.png", "b.png", "c.png")
    assert source.read("c.png") == b"a"
    with pytest.raises(UnreadableImage, match="leads out of the folder"):
        source.read("b.png")


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_FILE", 2**20)
    source = from_folder(write_tree(tmp_path / "f", {"a.png": bytes(2**20 + 1)}))
    with pytest.raises(UnreadableImage, match="larger than 1 MiB"):
        source.read("a.png")


def encrypted(data: bytes) -> bytes:
    """The same archive, its first entry marked as encrypted: bit 0 of the flags in both headers."""
    marked = bytearray(data)
    marked[6] |= 1
    marked[data.index(b"PK\1\2") + 8] |= 1
    return bytes(marked)


def test_an_encrypted_entry_is_refused_and_the_rest_read(tmp_path: Path) -> None:
    source = zip_source(tmp_path, encrypted(zipped({"a.png": b"a", "b.png": b"b"})))
    with pytest.raises(UnreadableImage, match="encrypted"):
        source.read("a.png")
    assert source.read("b.png") == b"b"


def test_an_entry_with_other_bytes_than_its_checksum_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.png", b"payload!")
    data = (tmp_path / "s.zip").read_bytes().replace(b"payload!", b"PAYLOAD!")
    with pytest.raises(UnreadableImage, match="damaged in the archive"):
        zip_source(tmp_path, data).read("a.png")


def test_an_entry_that_unpacks_too_far_is_refused(tmp_path: Path) -> None:
    """2 MiB of zeros deflate to about 2 kB, a thousandfold; a hundredfold is the most taken."""
    source = zip_source(tmp_path, zipped({"a.png": bytes(2**21), "b.png": bytes(50_000)}))
    with pytest.raises(UnreadableImage, match="far more than its size"):
        source.read("a.png")
    assert source.read("b.png") == bytes(50_000)


def test_an_archive_beyond_the_limits_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = zipped({"a.png": b"a", "b.png": b"b"})
    monkeypatch.setattr(sources, "MAX_TOTAL", 1)
    with pytest.raises(NothingToImport, match="unpacks to more"):
        zip_source(tmp_path, data)
    monkeypatch.setattr(sources, "MAX_ENTRIES", 1)
    with pytest.raises(NothingToImport, match="has 2 entries; 1 are the most"):
        zip_source(tmp_path, data)


def test_names_in_an_archive_are_display_text(tmp_path: Path) -> None:
    """No leading slash, no backslash, no control character; a climbing one counts as hidden."""
    names = ["/etc/a.png", "x\\b.png", "c\n.png", "../../d.png"]
    source = zip_source(tmp_path, zipped([(name, name.encode()) for name in names]))
    assert set(source.paths) == {"etc/a.png", "x/b.png", "c?.png"}
    assert source.read("etc/a.png") == b"/etc/a.png"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_one_file_the_last(tmp_path: Path) -> None:
    """As unzip would leave it on disk."""
    source = zip_source(tmp_path, zipped([("a.png", b"first"), ("a.png", b"last")]))
    assert source.paths == ("a.png",)
    assert source.read("a.png") == b"last"
