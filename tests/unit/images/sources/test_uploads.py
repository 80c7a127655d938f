"""Uploads on their way: hostile names, two at once, a kill, and nothing left but what was kept."""

import io
import os
import signal
import stat
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ImprintError, NothingToImport, UnreadableImage
from core.images.importing.importer import import_source
from core.images.library import Library
from core.images.sources import uploads
from core.images.sources.uploads import DAY, Incoming, Upload
from tests.support.samples import ROOT, encoded, noise, zipped
from tests.unit.images.importing.test_privacy import CANARY, everything, full_of_canaries
from tests.unit.images.scans import ct, dicom, saved

A, B = (encoded(pixels) for pixels in noise(2))


def staged(files: dict[str, bytes] | list[tuple[str, bytes]]) -> str:
    pairs = files.items() if isinstance(files, dict) else files
    return Incoming().stage((name, io.BytesIO(data)) for name, data in pairs)


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


HOSTILE = {
    "../../climbs.png": "points outside the upload",
    "a/../../../climbs.png": "points outside the upload",
    "a\\..\\..\\climbs.png": "points outside the upload",
    "/tmp/absolute.png": "an absolute name",
    "C:\\absolute.png": "an absolute name",
    "\\\\server\\share.png": "an absolute name",
    "": "a file without a name",
    "x" * 2000 + ".png": "more than 1024 characters",
    "g/STRASSE\u0301.png": "a second file with the same name",
    "g/stra\u00df\u00e9.png": "a second file with the same name",
}
HONEST = {
    "g/straße\u0301.png": "g/straße\u0301.png",
    "g/nul\0.png": "g/nul?.png",
    "g/line\n\x1b[2J.png": "g/line??[2J.png",
    "g/" + "y" * 300 + ".png": "g/" + "y" * 300 + ".png",
    "g/gnp\u202e.png": "g/gnp?.png",
    "g/con.png": "g/con.png",
}


def test_hostile_names_never_name_a_file(home: Path, tmp_path: Path) -> None:
    """Those that lead elsewhere or stand twice are refused unwritten; the rest is display text."""
    name = staged([(each, A) for each in (*HONEST, *HOSTILE)])
    folder = home / "incoming" / name
    assert tree(folder) == {"manifest.json", *(f"{number:06}" for number in range(1, len(HONEST) + 1))}
    with Incoming().source(name) as source:
        assert set(source.paths) == set(HONEST.values())
        assert all(source.read(path) == A for path in source.paths)
        reasons = [reason for _, reason in source.refused]
    assert len(reasons) == len(HOSTILE)
    assert all(part in reason for part, reason in zip(HOSTILE.values(), reasons, strict=True))
    assert {path.name for path in tmp_path.iterdir()} == {"home"}
    print(f"\n{len(HOSTILE)} hostile names refused unwritten, {len(HONEST)} odd ones under numbers")


def test_a_folder_of_its_own_for_its_owner_alone(home: Path) -> None:
    folder = home / "incoming" / staged({"a.png": A})
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "000001").stat().st_mode) == 0o600
    assert len(folder.name) == 32
    assert tree(home) == {"incoming", *(f"incoming/{path}" for path in tree(home / "incoming"))}


def test_a_zip_alone_is_what_it_holds_and_beside_others_a_folder_of_its_name(home: Path) -> None:
    packed = zipped({"g/1.png": A, "../2.png": B})
    with Incoming().source(staged({"s.ZIP": packed})) as source:
        assert source.paths == ("g/1.png",)
        assert [name for name, _ in source.refused] == ["../2.png"]
    with Incoming().source(staged({"s.zip": packed, "1.png": A})) as source:
        assert source.paths == ("1.png", "s/g/1.png")
        assert [name for name, _ in source.refused] == ["s/../2.png"]
        assert source.read("s/g/1.png") == A
    with (
        pytest.raises(NothingToImport, match="not a zip archive"),
        Incoming().source(staged({"s.zip": b"x"})),
    ):
        pass


def test_junk_is_passed_over_and_what_is_too_large_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE", 2**20)
    name = staged({"a/.DS_Store": b"x", "a/1.png": bytes(2**20), "a/2.png": bytes(2**20 + 1), "a/3.png": A})
    with Incoming().source(name) as source:
        assert source.paths == ("a/1.png", "a/3.png")
        assert source.refused == (("a/2.png", "larger than 1 MiB"),)
        assert source.read("a/3.png") == A


@pytest.mark.parametrize(("limit", "value"), [("MAX_TOTAL", 3), ("MAX_ENTRIES", 2)])
def test_an_upload_beyond_the_limits_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(uploads, limit, value)
    with pytest.raises(NothingToImport, match="Split it into smaller uploads"):
        staged({f"{number}.png": b"xx" for number in range(3)})
    assert tree(home / "incoming") == set()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(home: Path) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, os.strerror(28))

    with pytest.raises(ImprintError, match=r"can't be written to disk: No space left on device\."):
        Incoming().stage([("a.png", io.BytesIO(A)), ("b.png", Full())])
    assert tree(home / "incoming") == set()


def test_a_large_file_goes_to_disk_in_small_steps(home: Path) -> None:
    """A megabyte at a time: of 64 MB never more than 4 are held."""

    class Endless(io.RawIOBase):
        left = 64 * 2**20

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    tracemalloc.start()
    name = Incoming().stage([("big.png", Endless())])  # type: ignore[list-item]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\n64 MiB staged, {peak / 2**20:.1f} MiB held at most")
    assert (home / "incoming" / name / "000001").stat().st_size == 64 * 2**20
    assert peak < 4 * 2**20


@pytest.mark.parametrize("name", ["", "..", "../sets", "a" * 31, "A" * 32, "a" * 32 + "/..", "a" * 32 + "\n"])
def test_an_id_that_is_none_reaches_no_folder(home: Path, library: Library, name: str) -> None:
    with pytest.raises(NothingToImport, match="no such upload"):
        Incoming().discard(name)
    with pytest.raises(NothingToImport, match="no such upload"), Incoming().source(name):
        pass
    assert (home / "sets").is_dir()


def test_what_was_discarded_is_told_to_be_gone(home: Path) -> None:
    name = staged({"a.png": A})
    Incoming().discard(name)
    Incoming().discard(name)
    assert tree(home / "incoming") == set()
    with pytest.raises(NothingToImport, match="no longer exists"), Incoming().source(name):
        pass


def test_a_file_of_it_that_is_gone_is_a_refusal(home: Path) -> None:
    name = staged({"a.png": A})
    (home / "incoming" / name / "000001").unlink()
    with Incoming().source(name) as source, pytest.raises(UnreadableImage, match="can't be read"):
        source.read("a.png")


def test_what_is_older_than_a_day_is_tidied_and_nothing_else(home: Path, tmp_path: Path) -> None:
    """Also by the next upload. A link and a folder of another name are not ours."""
    old, new = staged({"a.png": A}), staged({"b.png": B})
    other, elsewhere = home / "incoming" / "notes", tmp_path / "elsewhere"
    for folder in (other, elsewhere):
        folder.mkdir()
        (folder / "kept").write_text("x")
    os.symlink(elsewhere, home / "incoming" / ("0" * 32))
    for path in (home / "incoming" / old, other, elsewhere, home / "incoming" / ("0" * 32)):
        before = path.lstat().st_mtime - DAY - 60
        os.utime(path, (before, before), follow_symlinks=False)
    third = staged({"c.png": A})
    assert {path.name for path in (home / "incoming").iterdir()} - {"0" * 32} == {"notes", new, third}
    assert (elsewhere / "kept").exists()


def test_who_looks_at_an_upload_keeps_it_for_another_day(home: Path) -> None:
    name = staged({"a.png": A})
    os.utime(home / "incoming" / name, (0, 0))
    with Incoming().source(name):
        pass
    assert Incoming().tidy() == 0


def test_a_kill_while_files_come_leaves_their_folder_alone_which_is_tidied(
    home: Path, tmp_path: Path
) -> None:
    """Killed while the second file comes: no set, no image, and after a day nothing."""
    code = (
        "import io, sys; from core.images.sources.uploads import Incoming\n"
        "class Slow(io.BytesIO):\n"
        "    def read(self, size=-1):\n"
        "        print('here', flush=True); sys.stdin.read()\n"
        "Incoming().stage([('KANARI.png', io.BytesIO(b'KANARI')), ('b.png', Slow())])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdin
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stdin.close()
    (left,) = (home / "incoming").iterdir()
    assert {path.parts[0] for path in map(Path, tree(home))} == {"incoming"}
    with pytest.raises(NothingToImport, match="no longer exists"), Incoming().source(left.name):
        pass
    os.utime(left, (0, 0))
    assert Incoming().tidy() == 1
    assert CANARY.encode() not in everything(home)
    assert tree(home) == {"incoming"}


def test_two_tabs_stage_at_once_and_keep_their_own(library: Library, home: Path) -> None:
    """Both wait for each other in the middle of the second file, so that they do overlap."""
    both, names = threading.Barrier(2, timeout=30), dict[str, str]()

    def files(tab: str) -> Iterator[Upload]:
        yield f"{tab}/1.png", io.BytesIO(A if tab == "one" else B)
        both.wait()
        yield f"{tab}/2.png", io.BytesIO(B if tab == "one" else A)

    def run(tab: str) -> None:
        names[tab] = Incoming().stage(files(tab))

    threads = [threading.Thread(target=run, args=[tab]) for tab in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Incoming().discard(names["two"])
    with Incoming().source(names["one"]) as source:
        made = import_source(source, "s", library).image_set
    assert [file.name for file in made.files] == ["one/1.png", "one/2.png"]


def full() -> dict[str, bytes]:
    return {
        f"generated/{CANARY}/{CANARY}.dcm": saved(full_of_canaries()),
        f"generated/{CANARY}/2.dcm": dicom(ct(seed=5)),
        f"real_used/{CANARY}.png": A,
        f"../{CANARY}.png": B,
    }


@pytest.mark.parametrize("packed", [False, True])
def test_no_canary_stays_after_keeping_under_numbers(library: Library, home: Path, packed: bool) -> None:
    name = staged({f"{CANARY}.zip": zipped(full())} if packed else full())
    assert CANARY.encode() in everything(home) or packed
    with Incoming().source(name) as source:
        import_source(source, "s", library, rename=True)
    Incoming().discard(name)
    assert len(library.get("s")) == 3
    assert CANARY.encode() not in everything(home)
    assert CANARY not in "".join(tree(home))


def test_nothing_stays_after_discarding(library: Library, home: Path) -> None:
    Incoming().discard(staged(full()))
    assert CANARY.encode() not in everything(home)
    assert tree(home) == {"images", "sets", "incoming"}


def test_uploads_of_people_who_never_come_back_go_as_well(tmp_path: Path) -> None:
    """A day is over for an upload under ``users`` as for the local user's, whoever comes next."""
    for base in (tmp_path, tmp_path / "users" / "a"):
        folder = base / "incoming" / Incoming(base).stage([("a.png", io.BytesIO(b"x"))])
        os.utime(folder, (0, 0))
    assert uploads.tidy(tmp_path) == 2
    assert not list(tmp_path.rglob("incoming/*"))
