import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.errors import NothingToImport, UnreadableImage
from core.images.sources import entries, tar_archive
from core.images.sources.opening import open_source
from core.images.sources.source import Source
from tests.support.samples import write_tree

FILES = {"gan/2.png": b"two" * 400, "gan/10.png": b"ten", "gan/.DS_Store": b"junk"}


def tarred(files: Iterable[tuple[str, bytes]], kind: bytes = tarfile.REGTYPE) -> bytes:
    """An archive of files, or of entries of another kind that point at /etc/passwd."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "" if kind == tarfile.REGTYPE else "/etc/passwd"
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def opened(tmp_path: Path, data: bytes, name: str = "a.tar") -> Source:
    """The listing alone; the archive is closed again."""
    (tmp_path / name).write_bytes(data)
    with open_source(tmp_path / name) as source:
        return source


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "A.TGZ"])
def test_plain_and_packed_archives_are_read_alike_and_without_junk(
    tmp_path: Path, home: Path, name: str
) -> None:
    plain = tarred(FILES.items())
    (tmp_path / name).write_bytes(plain if name == "a.tar" else gzip.compress(plain))
    with open_source(tmp_path / name) as source:
        assert source.paths == ("gan/2.png", "gan/10.png")
        assert [source.read(path) for path in source.paths] == [b"two" * 400, b"ten"]
        assert source.head("gan/2.png") == (b"two" * 400)[:352]
    assert not any(path.is_file() for path in home.rglob("*"))  # nothing of it stays on disk


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("../a.png", tarfile.REGTYPE, "points outside the archive"),
        ("/etc/a.png", tarfile.REGTYPE, "an absolute name"),
        ("a.png", tarfile.SYMTYPE, "a link or a device"),
        ("a.png", tarfile.LNKTYPE, "a link or a device"),
        ("a.png", tarfile.CHRTYPE, "a link or a device"),
        ("a.zip", tarfile.REGTYPE, "an archive inside the archive"),
    ],
)
def test_entries_that_no_set_needs_are_refused_unread(
    tmp_path: Path, name: str, kind: bytes, reason: str
) -> None:
    source = opened(tmp_path, tarred([(name, b"x")], kind))
    assert source.paths == ()
    ((_, given),) = source.refused
    assert reason in given


@pytest.mark.parametrize(
    "cut",
    [
        lambda data: data[:700],  # within the first file: 512 bytes of header, 1,200 of data
        lambda data: data[: 512 + 1536],  # behind it, where nothing says that this is the end
        lambda data: b"\xff" * 600,
    ],
    ids=["within a file", "between files", "no tar at all"],
)
def test_an_archive_that_is_cut_off_is_refused_whole(tmp_path: Path, cut: "object") -> None:
    assert callable(cut)
    with pytest.raises(NothingToImport, match=r"a\.tar is not a tar archive, or is damaged or cut off"):
        opened(tmp_path, cut(tarred(FILES.items())))


def test_a_packed_archive_that_is_cut_off_or_damaged_is_refused(tmp_path: Path, home: Path) -> None:
    packed = gzip.compress(tarred(FILES.items()))
    with pytest.raises(NothingToImport, match="cut off"):
        opened(tmp_path, packed[:-40], "a.tgz")
    with pytest.raises(NothingToImport, match="damaged"):
        opened(tmp_path, packed[:12] + b"\xff" * 30 + packed[42:], "b.tgz")


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, home: Path) -> None:
    """64 MiB of zeros take 64 kB packed, a thousandfold; a hundredfold is the most."""
    packed = gzip.compress(tarred([("a.png", bytes(2**26))]))
    with pytest.raises(NothingToImport, match="unpacks to far more than its size"):
        opened(tmp_path, packed, "a.tar.gz")


def test_a_header_of_any_length_is_not_read_into_memory(tmp_path: Path) -> None:
    """A PAX extension header of 2 MiB, where 1 MiB is the most."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.png")
        info.pax_headers = {"comment": "x" * 2**21}
        archive.addfile(info)
    with pytest.raises(NothingToImport, match="damaged or cut off"):
        opened(tmp_path, buffer.getvalue())


def test_limits_on_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archive, "MAX_ENTRIES", 2)
    with pytest.raises(NothingToImport, match="more than 2 entries"):
        opened(tmp_path, tarred(FILES.items()))
    monkeypatch.setattr(tar_archive, "MAX_ENTRIES", 9)
    monkeypatch.setattr(entries, "MAX_TOTAL", 100)
    with pytest.raises(NothingToImport, match="unpacks to more"):
        opened(tmp_path, tarred(FILES.items()))


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archive, "MAX_FILE", 1000)
    (tmp_path / "a.tar").write_bytes(tarred(FILES.items()))
    with open_source(tmp_path / "a.tar") as source:
        assert source.read("gan/10.png") == b"ten"
        with pytest.raises(UnreadableImage, match="larger than"):
            source.read("gan/2.png")


def test_shards_in_a_folder_are_read_like_one_folder_of_their_name(tmp_path: Path) -> None:
    shards = {
        f"gan/train-00000{n}.tar": tarred([(f"{n}{k}.png", f"{n}{k}".encode()) for k in range(2)])
        for n in range(2)
    }
    more = {"vae/00000.tar": tarred([("1.png", b"1")]), "vae.tar": tarred([("2.png", b"2")])}
    with open_source(write_tree(tmp_path / "f", {**shards, **more, "gan/own.png": b"own"})) as source:
        assert source.paths == (
            *("gan/own.png", "gan/train/00.png", "gan/train/01.png", "gan/train/10.png", "gan/train/11.png"),
            *("vae/1.png", "vae/2.png"),
        )
        assert source.read("gan/train/10.png") == b"10"


def test_shards_that_repeat_names_keep_their_own_folders(tmp_path: Path) -> None:
    shard = tarred([("1.png", b"1")])
    folder = write_tree(tmp_path / "f", {"s-0000.tar": shard, "s-0001.tar": shard, "s-0001.tgz": shard})
    with open_source(folder) as source:
        assert set(source.paths) == {"s/1.png", "s-0001/1.png", "s-0001.tgz/1.png"}


def test_one_shard_cut_off_stops_the_whole(tmp_path: Path) -> None:
    whole = tarred(FILES.items())
    folder = write_tree(tmp_path / "f", {"0.tar": whole, "1.tar": whole[:700]})
    with pytest.raises(NothingToImport, match=r"1\.tar is not a tar archive"), open_source(folder):
        pass


def test_archives_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    with open_source(write_tree(tmp_path / "f", {"a.png": b"a", "b.7z": b"7z", "c.nii.gz": b"c"})) as source:
        assert source.paths == ("a.png", "c.nii.gz")
        assert source.refused == (("b.7z", "an archive of a kind that can't be read: unpack it first"),)
