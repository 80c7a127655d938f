import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from core import files
from core.errors import StoreFull
from core.files import write_atomic
from core.store import Store
from core.store import entries as module
from tests.support.samples import ROOT

X = {"x": np.arange(1000, dtype=np.float64)}


def same(found: Mapping[str, np.ndarray] | None, expected: Mapping[str, np.ndarray]) -> bool:
    return (
        found is not None
        and set(found) == set(expected)
        and all(
            found[name].dtype == array.dtype and np.array_equal(found[name], array)
            for name, array in expected.items()
        )
    )


def array_files(store: Store) -> list[Path]:
    return sorted(path for path in (store.folder / "arrays").rglob("*") if path.is_file())


def size_of_x(store: Store) -> int:
    """Bytes of one entry that holds X, as the disk says."""
    store.put("probe", X)
    (path,) = array_files(store)
    store.close()
    return path.stat().st_size


def never() -> dict[str, np.ndarray]:
    raise AssertionError("computed although it is stored")


# -- what is read is what was written ---------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "uint16", "bool", "int8"]
)
@pytest.mark.parametrize("shape", [(0,), (1,), (3, 0), (2, 3, 4)])
def test_round_trip(store: Store, dtype: str, shape: tuple[int, ...]) -> None:
    arrays = {"a": np.ones(shape, dtype), "b": np.zeros((2, 2), dtype)}
    store.put("k", arrays)
    found = store.get("k")
    assert same(found, arrays)
    assert found is not None
    assert found["a"].shape == shape


def test_a_single_number_stays_one(store: Store) -> None:
    store.put("k", {"x": np.float64(3).reshape(())})
    found = store.get("k")
    assert found is not None
    assert found["x"].shape == ()


def test_special_values_and_any_memory_order(store: Store) -> None:
    values = np.array([[np.nan, np.inf, -0.0], [5e-324, 1e308, -np.inf]])
    store.put("k", {"t": values.T, "s": values[:, ::2]})
    found = store.get("k")
    assert found is not None
    assert found["t"].tobytes() == np.ascontiguousarray(values.T).tobytes()
    assert found["s"].tobytes() == np.ascontiguousarray(values[:, ::2]).tobytes()


def test_compute_makes_once(store: Store) -> None:
    made, cached = store.compute("k", lambda: X, "stage")
    assert same(made, X)
    assert not cached
    found, cached = store.compute("k", never)
    assert same(found, X)
    assert cached


def test_a_restart_finds_everything(store: Store) -> None:
    store.put("k", X)
    store.put_note("n", {"a": [1, None]})
    store.close()
    again = Store()
    assert same(again.get("k"), X)
    assert again.note("n") == {"a": [1, None]}
    again.close()


def test_absent(store: Store) -> None:
    assert store.get("k") is None
    assert store.note("k") is None
    assert not store.has("k")
    assert store.rows("space", ["a"]) == {}


def test_the_same_key_again_replaces_and_keeps_one_file(store: Store) -> None:
    store.put("k", X)
    store.put("k", X)
    assert len(array_files(store)) == 1
    other = {"x": X["x"] + 1}
    store.put("k", other)
    assert same(store.get("k"), other)
    (path,) = array_files(store)
    assert store.stats()["bytes"] == path.stat().st_size == store.clear()


def test_folders_are_the_owners_alone(store: Store) -> None:
    store.put("k", X)
    assert store.folder.stat().st_mode & 0o777 == 0o700


# -- damage ------------------------------------------------------------------------------------------


def flip(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize(
    "damage", [flip, lambda data: data[:-1], lambda data: b"", lambda data: data + b"\0"]
)
@pytest.mark.parametrize("by_verify", [False, True])
def test_damage_is_set_aside_and_computed_again(
    store: Store, damage: Callable[[bytes], bytes], by_verify: bool
) -> None:
    """A flipped bit, a cut, an emptied and a lengthened file; found by reading or by ``verify``."""
    store.put("k", X)
    store.put("whole", X)
    (path,) = [path for path in array_files(store) if path.name.startswith("k-")]
    path.write_bytes(damage(path.read_bytes()))
    if by_verify:
        found = store.verify()
        assert (found.entries, found.damaged, found.leftovers) == (1, 1, 0)
    assert store.get("k") is None
    assert [p.name for p in (store.folder / "quarantine").iterdir()] == [path.name]
    assert store.stats()["quarantined"] == 1
    made, cached = store.compute("k", lambda: X)
    assert not cached
    assert same(made, X)
    assert same(store.get("k"), X)
    assert store.verify().damaged == 0


def test_a_file_that_is_gone_counts_as_absent(store: Store) -> None:
    store.put("k", X)
    array_files(store)[0].unlink()
    assert not store.has("k")
    assert store.get("k") is None
    assert store.stats()["entries"] == 0


def test_an_entry_that_is_no_json_counts_as_absent(store: Store) -> None:
    store.put("k", X)
    store._index.set(module.ENTRY + "k", "no json")
    assert store.get("k") is None
    store.put("k", X)
    assert same(store.get("k"), X)


def test_an_entry_cannot_name_a_file_outside(store: Store, tmp_path: Path) -> None:
    """Not even to set it aside: a planted row moves no file of ours into quarantine."""
    outside = tmp_path / "mine"
    outside.write_bytes(b"mine")
    planted = module.Entry(os.path.relpath(outside, store.folder / "arrays"), 4, "0" * 64, "", False)
    store._index.set(module.ENTRY + "k", json.dumps(planted.__dict__))
    assert store.get("k") is None
    assert outside.exists()


def test_what_a_killed_writer_left_is_removed(store: Store) -> None:
    """Killed between file and index: a whole file that no entry names, and a part of another."""
    store.put("k", X)
    folder = array_files(store)[0].parent
    write_atomic(folder / "k2-0123.safetensors", array_files(store)[0].read_bytes())
    (folder / "abc.part").write_bytes(b"half")
    assert store.get("k2") is None
    found = store.verify()
    assert (found.entries, found.damaged, found.leftovers) == (1, 0, 2)
    assert len(array_files(store)) == 1
    assert found.bytes == store.stats()["bytes"] == array_files(store)[0].stat().st_size


def test_reading_while_another_replaces_the_value_does_not_harm_the_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has looked up the old entry when the writer puts the new one and removes the old file."""
    new = {"x": X["x"] + 1}
    store.put("k", X)
    writer, read = Store(), Store._read

    def late(path: Path, entry: module.Entry) -> dict[str, np.ndarray] | None:
        monkeypatch.setattr(Store, "_read", staticmethod(read))
        writer.put("k", new)
        return read(path, entry)

    monkeypatch.setattr(Store, "_read", staticmethod(late))
    store.get("k")
    assert same(writer.get("k"), new)
    writer.close()


def test_two_readers_of_one_damaged_file_subtract_its_bytes_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the count that the quota goes by drifts below what lies on the disk."""
    store.put("k", X)
    store.put("whole", X)
    path = next(path for path in array_files(store) if path.name.startswith("k-"))
    path.write_bytes(b"")
    other, read = Store(), Store._read

    def late(path: Path, entry: module.Entry) -> dict[str, np.ndarray] | None:
        monkeypatch.setattr(Store, "_read", staticmethod(read))
        assert other.get("k") is None
        return read(path, entry)

    monkeypatch.setattr(Store, "_read", staticmethod(late))
    assert store.get("k") is None
    other.close()
    whole = store.stats()["bytes"]
    assert store.clear() == whole


# -- room --------------------------------------------------------------------------------------------


def filled(home: Path, room: int, names: str, pinned: str = "") -> Store:
    """A store with room for so many entries of X; their last use rises in the order of the names."""
    size = size_of_x(Store(home / "probe"))
    store = Store(quota=room * size)
    for age, name in enumerate(names):
        store.put(name, X, pinned=name in pinned)
        os.utime(next(path for path in array_files(store) if path.name[0] == name), (age, age))
    return store


def test_the_least_recently_used_goes_first_and_loudly(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Room for three; of a, b, c the second is the oldest once the first was read again."""
    store = filled(home, 3, "abc")
    assert store.get("a") is not None
    store.put("d", X)
    assert [store.has(name) for name in "abcd"] == [True, False, True, True]
    assert "evicting" in caplog.text
    assert store.stats()["bytes"] <= store.quota
    store.close()


def test_pinned_entries_are_kept(home: Path) -> None:
    store = filled(home, 2, "ab", pinned="a")
    store.put("c", X)
    assert [store.has(name) for name in "abc"] == [True, False, True]
    store.close()


def test_what_cannot_fit_is_refused_before_a_byte_is_written(home: Path) -> None:
    store = filled(home, 1, "a", pinned="a")
    with pytest.raises(StoreFull, match="IMPRINT_QUOTA_GB"):
        store.put("b", X)
    assert [path.name[0] for path in array_files(store)] == ["a"]
    assert same(store.get("a"), X)
    store.close()


def test_a_refused_giant_evicts_nothing(home: Path) -> None:
    """It would not fit into an empty store either, so throwing out others gains nothing."""
    store = filled(home, 2, "ab")
    with pytest.raises(StoreFull):
        store.put("giant", {"x": np.zeros(5000)})
    assert store.has("a")
    assert store.has("b")
    store.close()


@pytest.mark.parametrize(("text", "quota"), [("1", 2**30), ("0.5", 2**29)])
def test_the_quota_is_set_by_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, quota: int
) -> None:
    monkeypatch.setenv("IMPRINT_QUOTA_GB", text)
    store = Store()
    assert store.quota == quota
    store.close()


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("k", X)
    before = array_files(store)
    size = before[0].stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", failing(errno.ENOSPC))
        with pytest.raises(StoreFull, match=r"The disk is full.*completed steps are kept"):
            store.put("k2", X)
        with pytest.raises(StoreFull):
            store.put("k", {"x": X["x"] + 1})
    assert array_files(store) == before
    assert same(store.get("k"), X)
    store.put("k2", X)
    assert same(store.get("k2"), X)
    assert store.clear() == 2 * size


def test_another_failure_to_write_stays_what_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        store.put("k", X)
    assert array_files(store) == []
    assert store.clear() == 0


# -- rows --------------------------------------------------------------------------------------------

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_rows_by_image(store: Store) -> None:
    store.put_rows("space", ["a", "b"], ROWS[:2])
    store.put_rows("space", ["c", "d"], ROWS[2:])
    found = store.rows("space", ["d", "a", "d", "missing"])
    assert {name: row.tolist() for name, row in found.items()} == {"d": [9, 10, 11], "a": [0, 1, 2]}
    assert store.count_rows("space", ["d", "a", "missing"]) == 2
    assert store.rows("other space", ["a"]) == {}


def test_the_newest_row_of_an_image_counts(store: Store) -> None:
    store.put_rows("space", ["a", "b"], ROWS[:2])
    store.put_rows("space", ["b", "c"], ROWS[2:])
    found = store.rows("space", ["a", "b", "c"])
    assert [found[name].tolist() for name in "abc"] == [[0, 1, 2], [6, 7, 8], [9, 10, 11]]


def test_rows_of_a_damaged_batch_count_as_missing_and_the_others_stay(store: Store) -> None:
    store.put_rows("space", ["a", "b"], ROWS[:2])
    (damaged,) = array_files(store)
    store.put_rows("space", ["c", "d"], ROWS[2:])
    damaged.write_bytes(flip(damaged.read_bytes()))
    assert set(store.rows("space", list("abcd"))) == {"c", "d"}
    assert store.count_rows("space", list("abcd")) == 2
    store.put_rows("space", ["a", "b"], ROWS[:2])
    assert set(store.rows("space", list("abcd"))) == set("abcd")


# -- notes, care -------------------------------------------------------------------------------------


def test_fields_of_a_note_come_one_by_one(store: Store) -> None:
    store.add_to_note("n", "a", 1)
    store.add_to_note("n", "b", [2])
    store.add_to_note("n", "a", 3)
    assert store.note("n") == {"a": 3, "b": [2]}
    assert store.note("other") is None


def test_all_rows_are_there_until_one_is_damaged(store: Store) -> None:
    """A remembered yes must not outlive the rows."""
    store.put_rows("space", ["a"], np.zeros((1, 2)))
    assert not store.has_rows("space", ["a", "b"])
    assert store.count_lacking("space", ["a", "b"]) == 1
    store.put_rows("space", ["b"], np.ones((1, 2)))
    assert store.has_rows("space", ["a", "b"])
    assert store.count_lacking("space", ["a", "b"]) == 0
    assert store.has_rows("space", ["a", "b"])
    for path in store.folder.rglob("*.safetensors"):
        path.write_bytes(b"damaged")
    assert store.rows("space", ["a"]) == {}
    assert not store.has_rows("space", ["a", "b"])


def test_all_rows_are_there_until_one_is_evicted(home: Path) -> None:
    store = Store(home / "small", quota=3000)
    store.put_rows("space", ["a"], np.zeros((1, 200)))
    assert store.has_rows("space", ["a"])
    store.put("other", {"x": np.zeros(250)})
    assert not store.has_rows("space", ["a"])
    store.close()


def test_stats_by_stage(store: Store) -> None:
    """Two entries of one stage and one of none, counted by hand; bytes as the disk says."""
    store.put("a", X, "pca")
    store.put("b", X, "pca")
    store.put("c", X)
    stats = store.stats()
    assert stats["entries"] == 3
    assert {name: stage["entries"] for name, stage in stats["stages"].items()} == {"pca": 2, "other": 1}
    assert stats["bytes"] == sum(path.stat().st_size for path in array_files(store))


def test_clear_forgets_everything(store: Store) -> None:
    store.put("a", X)
    store.put_rows("space", ["a"], ROWS[:1])
    store.put_note("n", {})
    size = sum(path.stat().st_size for path in array_files(store))
    array_files(store)[0].write_bytes(b"damaged, so that quarantine holds something")
    store.get("a")
    assert store.clear() <= size
    assert array_files(store) == []
    assert store.get("a") is None
    assert store.note("n") is None
    assert store.count_rows("space", ["a"]) == 0
    assert store.stats()["bytes"] == store.stats()["quarantined"] == 0


# -- processes ---------------------------------------------------------------------------------------

WRITER = """
import sys
import numpy as np
from core.store import Store
store, own = Store(), float(sys.argv[1])
for turn in range(40):
    store.put("k", {"x": np.full(2000, own)})
    found = store.get("k")
    if found is not None:
        assert found["x"].shape == (2000,) and len(set(found["x"])) == 1, "half a value"
    store.put_rows("space", [str(turn)], np.full((1, 3), turn, np.float32))
"""


@pytest.mark.parametrize("values", [("1", "1"), ("1", "2")], ids=["same value", "other values"])
def test_two_processes_write_one_key_and_never_see_half_a_value(
    store: Store, values: tuple[str, str]
) -> None:
    """40 writes each, in turns as they come; afterwards the key, the rows and the byte count are whole."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, value], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for value in values
    ]
    complaints = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], complaints
    assert "damaged" not in "".join(complaints)
    found = store.get("k")
    assert found is not None
    assert found["x"][0] in [float(value) for value in values]
    assert {name: row[0] for name, row in store.rows("space", [str(i) for i in range(40)]).items()} == {
        str(i): i for i in range(40)
    }
    counted = int(store._index.get(module.TOTAL) or 0)
    checked = store.verify()
    assert (checked.damaged, checked.leftovers) == (0, 0)
    assert counted == checked.bytes


# -- files -------------------------------------------------------------------------------------------


def test_write_atomic_replaces_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    monkeypatch.setattr(files.os, "replace", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        write_atomic(path, b"never")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
