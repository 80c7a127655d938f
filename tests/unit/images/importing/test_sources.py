import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from core.errors import NothingToImport, UnreadableImage
from core.images.importing import sources
from core.images.importing.sources import (
    Source,
    from_files,
    from_folder,
    from_zip,
    natural,
    open_source,
    open_zip,
)
from tests.support.samples import write_tree, zipped


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
    with pytest.raises(UnreadableImage, match="points outside the folder"):
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


def refused(source: Source) -> dict[str, str]:
    return dict(source.refused)


def test_an_encrypted_entry_is_refused_and_the_rest_read(tmp_path: Path) -> None:
    source = zip_source(tmp_path, encrypted(zipped({"a.png": b"a", "b.png": b"b"})))
    assert refused(source) == {"a.png": "encrypted in the archive"}
    assert source.read("b.png") == b"b"


def entry(
    name: str, data: bytes = b"x", mode: int = stat.S_IFREG, packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """An archive of one entry, of whatever type of file and packing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (mode | 0o644) << 16
        info.compress_type = packing
        archive.writestr(info, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (entry("/etc/a.png"), "an absolute name"),
        (entry("C:\\a.png"), "an absolute name"),
        (entry("../a.png"), "points outside the"),
        (entry("a/../../b.png"), "points outside the"),
        (entry("a\\..\\..\\b.png"), "points outside the"),
        (entry("a.png", b"/etc/passwd", stat.S_IFLNK), "a link or a device"),
        (entry("a.png", mode=stat.S_IFIFO), "a link or a device"),
        (entry("a.png", packing=zipfile.ZIP_BZIP2), "deflate is"),
        (entry("a.png", packing=zipfile.ZIP_LZMA), "deflate is"),
        (entry("a.zip"), "an archive inside the archive"),
        (entry("a.TAR"), "an archive inside the archive"),
    ],
)
def test_entries_that_no_set_needs_are_refused_unread(tmp_path: Path, data: bytes, reason: str) -> None:
    source = zip_source(tmp_path, data)
    assert source.paths == ()
    ((_, given),) = source.refused
    assert reason in given


def test_a_packed_nifti_is_no_archive(tmp_path: Path) -> None:
    assert zip_source(tmp_path, entry("a.nii.gz")).paths == ("a.nii.gz",)


def test_a_table_of_contents_beyond_all_measure_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """zipfile would read it whole: one entry takes 46 bytes and its name, 51 in all."""
    data = zipped({"a.png": b"a"})
    monkeypatch.setattr(sources, "MAX_CONTENTS", 51)
    open_zip(io.BytesIO(data), "a.zip").close()
    monkeypatch.setattr(sources, "MAX_CONTENTS", 50)
    with pytest.raises(NothingToImport, match="a table of contents of more"):
        open_zip(io.BytesIO(data), "a.zip")


def test_the_whole_of_what_unpacks_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries of 10 bytes pass a total of 20; read once more, as overlapping entries are, they don't."""
    monkeypatch.setattr(sources, "MAX_TOTAL", 20)
    source = zip_source(tmp_path, zipped({"a.png": bytes(10), "b.png": bytes(10)}))
    assert [len(source.read(path)) for path in source.paths] == [10, 10]
    with pytest.raises(UnreadableImage, match="has unpacked to more"):
        source.read("a.png")


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
    with pytest.raises(NothingToImport, match="has 2 entries; at most 1 are accepted"):
        zip_source(tmp_path, data)


def test_names_in_an_archive_are_display_text(tmp_path: Path) -> None:
    """No backslash, no control character, none that turns text round."""
    names = ["x\\b.png", "c\n\x1b[2J.png", "d\u202egnp.exe"]
    source = zip_source(tmp_path, zipped([(name, name.encode()) for name in names]))
    assert set(source.paths) == {"x/b.png", "c??[2J.png", "d?gnp.exe"}
    assert source.read("x/b.png") == b"x\\b.png"


def test_names_in_a_folder_and_of_uploads_are_display_text_too(tmp_path: Path) -> None:
    files = {"g/a\n\x1b[2J.png": b"a"}
    for source in (from_folder(write_tree(tmp_path / "f", files)), from_files(files)):
        assert source.paths == ("g/a??[2J.png",)
        assert source.read("g/a??[2J.png") == b"a"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twin", ["straße/é.png", "STRASSE/É.PNG", "straße/e\u0301.png", "strasse\\é.png"])
def test_a_name_that_stands_twice_is_taken_once(tmp_path: Path, twin: str) -> None:
    """The same, by letter case (ß is ss), by Unicode's composed forms, by the other slash."""
    source = zip_source(tmp_path, zipped([("straße/é.png", b"first"), (twin, b"second")]))
    assert source.paths == ("straße/é.png",)
    assert source.read("straße/é.png") == b"first"
    ((_, reason),) = source.refused
    assert "a second file with the same name" in reason
