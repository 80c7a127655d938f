import io
import stat
import zipfile
from pathlib import Path

import pytest

from core.errors import NothingToImport, UnreadableImage
from core.images.sources import entries, zip_archive
from core.images.sources.source import Source
from core.images.sources.zip_archive import from_zip, open_zip
from tests.support.samples import zipped


def zip_source(tmp_path: Path, data: bytes) -> Source:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return from_zip(zipfile.ZipFile(path))


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
    monkeypatch.setattr(zip_archive, "MAX_CONTENTS", 51)
    open_zip(io.BytesIO(data), "a.zip").close()
    monkeypatch.setattr(zip_archive, "MAX_CONTENTS", 50)
    with pytest.raises(NothingToImport, match="a table of contents of more"):
        open_zip(io.BytesIO(data), "a.zip")


def test_the_whole_of_what_unpacks_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries of 10 bytes pass a total of 20; read once more, as overlapping entries are, they don't."""
    monkeypatch.setattr(zip_archive, "MAX_TOTAL", 20)
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
    monkeypatch.setattr(entries, "MAX_TOTAL", 1)
    with pytest.raises(NothingToImport, match="unpacks to more"):
        zip_source(tmp_path, data)
    monkeypatch.setattr(entries, "MAX_ENTRIES", 1)
    with pytest.raises(NothingToImport, match="has 2 entries; at most 1 are accepted"):
        zip_source(tmp_path, data)


def test_names_in_an_archive_are_display_text(tmp_path: Path) -> None:
    """No backslash, no control character, none that turns text round."""
    names = ["x\\b.png", "c\n\x1b[2J.png", "d\u202egnp.exe"]
    source = zip_source(tmp_path, zipped([(name, name.encode()) for name in names]))
    assert set(source.paths) == {"x/b.png", "c??[2J.png", "d?gnp.exe"}
    assert source.read("x/b.png") == b"x\\b.png"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twin", ["straße/é.png", "STRASSE/É.PNG", "straße/e\u0301.png", "strasse\\é.png"])
def test_a_name_that_stands_twice_is_taken_once(tmp_path: Path, twin: str) -> None:
    """The same, by letter case (ß is ss), by Unicode's composed forms, by the other slash."""
    source = zip_source(tmp_path, zipped([("straße/é.png", b"first"), (twin, b"second")]))
    assert source.paths == ("straße/é.png",)
    assert source.read("straße/é.png") == b"first"
    ((_, reason),) = source.refused
    assert "a second file with the same name" in reason
