"""``cache repair`` on a home that was hurt in every way: what is sound is kept, everything else is gone."""

import fcntl
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files import write_atomic
from core.images.library import Library
from core.service import maintenance
from core.store import Store
from tests.support.samples import ROOT, make_set

OLD = time.time() - 3600


def value(number: int) -> np.ndarray:
    return np.random.default_rng(number).random((4, 8)).astype(np.float32)


def file_of(store: Store, name: str) -> Path:
    entry = store._entry(name)
    assert entry is not None
    return store.folder / "arrays" / entry.file


def aged(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (OLD, OLD))
    return path


def hurt(store: Store) -> None:
    """Of 20 entries 5 flipped, 5 cut and 5 gone; an orphan, a part, and three lines of the index that lie."""
    for number in range(20):
        store.put(f"{number:02}", {"x": value(number)}, "fire")
    for number in range(15):
        path = file_of(store, f"{number:02}")
        data = bytearray(path.read_bytes())
        if number < 5:
            data[-3] ^= 4
            path.write_bytes(data)
        elif number < 10:
            path.write_bytes(data[:-7])
        else:
            path.unlink()
    folder = file_of(store, "19").parent
    shutil.copy(file_of(store, "19"), folder / "orphan-0123.safetensors")
    (folder / "0123.part").write_bytes(b"half a va")
    store.put_rows("space", ["kept"], value(1)[:1])
    store._index.set("row:space:lost", "nobatch:0")
    store._index.set("entry:odd", "no json")
    store._index.set("note:odd", "{")


def test_what_is_sound_is_kept_and_the_rest_is_gone(store: Store) -> None:
    hurt(store)
    report = maintenance.repair(store).store
    print(f"of 20 entries and 1 row: {report}")
    assert (report.damaged, report.missing, report.leftovers, report.rows) == (10, 5, 2, 3)
    assert report.entries == 6
    for number in range(15, 20):
        found = store.get(f"{number:02}")
        assert found is not None
        np.testing.assert_array_equal(found["x"], value(number))
    assert not any(store.has(f"{number:02}") for number in range(15))
    np.testing.assert_array_equal(store.rows("space", ["kept", "lost"])["kept"], value(1)[0])
    assert store.note("odd") is None
    on_disk = sum(path.stat().st_size for path in (store.folder / "arrays").rglob("*.*"))
    assert report.bytes == on_disk == store.verify().bytes


def test_twice_does_nothing_and_verify_is_then_clean(store: Store) -> None:
    hurt(store)
    assert maintenance.repair(store).changed
    again = maintenance.repair(store)
    assert not again.changed
    found = store.verify()
    assert (found.entries, found.damaged, found.leftovers) == (6, 0, 0)


def test_a_planted_pickle_in_the_index_is_dropped_unread(store: Store, tmp_path: Path) -> None:
    store.put("k", {"x": value(0)})
    statement = "INSERT INTO Cache (key, raw, value, mode, store_time, access_time) VALUES (?, ?, ?, ?, 0, 0)"
    for raw in (0, 1):
        store._index._cache._sql(statement, (b"planted%d" % raw, raw, pickle.dumps(print), 4))
    assert maintenance.repair(store).store.rows == 2
    assert store.has("k")


def test_images_and_manifests(library: Library, home: Path, store: Store) -> None:
    """Of two sets one has a flipped image and an image that is gone; a third manifest is cut off."""
    good = make_set(library, "good", {"a": [np.full((16, 16), 10 + i, np.uint8) for i in range(3)]})
    make_set(library, "hurt", {"b": [np.full((16, 16), 90 + i, np.uint8) for i in range(3)]})
    images = [library._image(file.sha256) for file in library.get("hurt").files]
    images[0].write_bytes(images[1].read_bytes())  # whole, and not what its name says
    images[2].unlink()
    (home / "sets" / "broken.json").write_text('{"name": "x", ')
    (home / "sets" / "odd.json").write_text('{"name": "x"}')
    report = maintenance.repair(store).library
    assert (report.images, report.images_damaged, report.sets, report.sets_damaged) == (4, 1, 2, 2)
    assert report.incomplete == ("hurt",)
    assert library.names() == ["good", "hurt"]
    assert all(library.pixels(file.sha256).shape == (16, 16) for file in good.files)
    assert len(list((home / "quarantine").iterdir())) == 3
    assert not maintenance.repair(store).changed
    make_set(library, "hurt", {"b": [np.full((16, 16), 90 + i, np.uint8) for i in range(3)]})
    assert maintenance.repair(store).library.incomplete == ()


def test_parts_of_dead_writers_go_and_those_of_live_ones_stay(home: Path, store: Store) -> None:
    """A live one is known by its lock, however old its part; a young part may not be locked yet."""
    dead = aged(home / "images" / "ab" / "dead.part", b"x")
    locked = aged(home / "sets" / "locked.part", b"x")
    young = home / "jobs" / "young.part"
    young.parent.mkdir()
    young.write_bytes(b"x")
    with open(locked, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert maintenance.repair(store).parts == 1
    assert [path.exists() for path in (dead, locked, young)] == [False, True, True]


def test_a_writer_holds_its_part_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def look(number: int) -> None:
        (part,) = tmp_path.glob("*.part")
        with open(part, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(part)

    monkeypatch.setattr(os, "fsync", look)
    write_atomic(tmp_path / "file", b"data")
    assert len(held) == 1
    assert (tmp_path / "file").read_bytes() == b"data"


def test_files_that_were_looked_at_and_never_added_go_after_a_day(home: Path, store: Store) -> None:
    old = aged(home / "weights" / f"{'a' * 64}.onnx", b"x")
    os.utime(old, (time.time() - 90_000,) * 2)
    new = aged(home / "weights" / f"{'b' * 64}.onnx", b"x")
    assert maintenance.repair(store).networks == 1
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("damage", ["header", "page"])
def test_an_index_that_is_no_database_is_replaced(
    home: Path, damage: str, told: Callable[..., dict[str, Any]]
) -> None:
    store = Store()
    for number in range(200):
        store.put(f"{number:03}", {"x": value(number)}, "fire")
    store.close()
    for path in (home / "store" / "index").glob("cache.db-*"):
        path.unlink()
    database = home / "store" / "index" / "cache.db"
    data = bytearray(database.read_bytes())
    place = 0 if damage == "header" else 4096 * 3
    data[place : place + 2000] = os.urandom(2000)
    database.write_bytes(data)
    found = told("cache", "repair")
    assert (found["index_replaced"], found["entries"], found["leftovers"]) == (True, 0, 200)
    again = told("cache", "repair")
    assert not again["changed"]
    assert told("cache", "verify")["damaged"] == 0


WRITER = """
import sys, time
import numpy as np
from core.store import Store
store, until, number = Store(), time.time() + 4, 0
while time.time() < until:
    store.put(f"{sys.argv[1]}-{number}", {"x": np.full(64, number)}, "live")
    store.put_rows("live", [f"{sys.argv[1]}-{number}"], np.full((1, 4), number, np.float32))
    number += 1
print(number)
"""


def test_beside_live_writers_nothing_is_lost(home: Path, store: Store) -> None:
    """Two processes write for 4 s while repair runs again and again; then all that they wrote is there."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(each)],
            cwd=ROOT,
            env={**os.environ, "IMPRINT_HOME": str(home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for each in range(2)
    ]
    repairs = 0
    while any(writer.poll() is None for writer in writers):
        report = maintenance.repair(store).store
        assert (report.damaged, report.missing, report.leftovers, report.rows) == (0, 0, 0, 0)
        repairs += 1
    counts = [int(writer.communicate()[0]) for writer in writers]
    lost = 0
    for each, count in enumerate(counts):
        for number in range(count):
            found = store.get(f"{each}-{number}")
            lost += found is None or not (found["x"] == number).all()
            lost += f"{each}-{number}" not in store.rows("live", [f"{each}-{number}"])
    print(f"{repairs} repairs beside two writers of {counts} values: {lost} lost")
    assert lost == 0
    assert min(counts) > 0
    assert repairs > 1


def test_the_command_line_tells_what_it_did(
    ran: Callable[..., tuple[int, str, str]], told: Callable[..., dict[str, Any]]
) -> None:
    store = Store()
    hurt(store)
    store.close()
    status, out, _ = ran("cache", "repair")
    assert status == 0
    assert "6 entries intact; 10 damaged and quarantined, 5 without a file removed, 2 leftovers" in out
    found = told("cache", "repair")
    assert not found["changed"]
    assert found["entries"] == 6
