"""The index holds text, and what else someone plants in it is never unpickled (CVE-2025-69872)."""

import pickle
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import diskcache
import pytest

from core.store import Store
from core.store.index import Index, NotText, TextDisk

PICKLED = 4  # diskcache's MODE_PICKLE


class Bomb:
    """Whoever unpickles this makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.marker,)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path / "index")
    yield index
    index.close()


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "the bomb went off"


def plant(folder: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(folder / "cache.db") as connection:
        assert connection.execute(sql, values).rowcount == 1
    connection.close()


def plant_key(folder: Path, key: bytes, value: object, mode: int) -> None:
    sql = "INSERT INTO Cache (key, raw, store_time, access_time, mode, value) VALUES (?, 0, 0, 0, ?, ?)"
    plant(folder, sql, key, mode, value)


def test_the_bomb_is_live(marker: Path) -> None:
    """Else the tests below could not fail."""
    pickle.loads(pickle.dumps(Bomb(marker)))  # noqa: S301
    assert marker.exists()


def test_text_comes_back(index: Index, tmp_path: Path) -> None:
    index.set("a:1", "ü")
    index.set("a:2", "x" * 100_000)
    index.set("b:1", "")
    assert [index.get("a:1"), index.get("b:1"), index.get("none")] == ["ü", "", None]
    assert index.get("a:2") == "x" * 100_000
    assert sorted(index.keys("a:")) == ["a:1", "a:2"]
    index.delete("a:1")
    index.delete("a:1")
    assert index.keys("") == ["a:2", "b:1"]
    assert {path.name.split(".")[-1].split("-")[0] for path in (tmp_path / "index").iterdir()} == {"db"}


@pytest.mark.parametrize("value", [1, b"x", None, ["x"]])
def test_nothing_but_text_is_taken(index: Index, value: object) -> None:
    with pytest.raises(NotText):
        index.set("key", value)  # type: ignore[arg-type]
    with pytest.raises(NotText):
        index.set(value, "text")  # type: ignore[arg-type]
    assert index.keys("") == []


def test_a_planted_pickle_value_is_refused_unread_and_dropped(
    index: Index, tmp_path: Path, marker: Path
) -> None:
    index.set("key", "text")
    bomb = pickle.dumps(Bomb(marker))
    plant(tmp_path / "index", "UPDATE Cache SET mode = ?, value = ? WHERE key = 'key'", PICKLED, bomb)
    assert index.get("key") is None
    assert index.keys("") == []
    assert not marker.exists()


def test_a_planted_pickle_file_is_refused_unread(index: Index, tmp_path: Path, marker: Path) -> None:
    index.set("key", "text")
    (tmp_path / "index" / "x.val").write_bytes(pickle.dumps(Bomb(marker)))
    sql = "UPDATE Cache SET mode = ?, value = NULL, filename = 'x.val' WHERE key = 'key'"
    plant(tmp_path / "index", sql, PICKLED)
    assert index.get("key") is None
    assert not marker.exists()


def test_a_planted_pickle_key_is_passed_over(index: Index, tmp_path: Path, marker: Path) -> None:
    index.set("key", "text")
    plant_key(tmp_path / "index", pickle.dumps(Bomb(marker)), "text", 1)
    assert index.keys("") == ["key"]
    assert not marker.exists()


def test_the_same_planting_fires_in_a_plain_diskcache(tmp_path: Path, marker: Path) -> None:
    """So that what is planted above is what an attacker would plant."""
    with diskcache.Cache(str(tmp_path / "plain")) as cache:
        plant_key(tmp_path / "plain", pickle.dumps(Bomb(marker)), "text", 1)
        list(cache)
    assert marker.exists()


def test_a_store_over_a_mined_index_is_care_free(home: Path, marker: Path) -> None:
    """stats, verify, notes and clear walk all keys."""
    store = Store()
    store.put_note("n", {"x": 1})
    bomb = pickle.dumps(Bomb(marker))
    plant_key(home / "store" / "index", bomb, bomb, PICKLED)
    assert store.stats()["entries"] == store.verify().entries == 0
    assert store.note("n") == {"x": 1}
    store.clear()
    store.close()
    assert not marker.exists()


def test_a_planted_file_name_deletes_nothing_outside(index: Index, tmp_path: Path) -> None:
    """diskcache removes the file that a row names when the row goes; no row of ours names one."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    index.set("key", "text")
    plant(tmp_path / "index", "UPDATE Cache SET filename = '../victim' WHERE key = 'key'")
    index.delete("key")
    assert victim.exists()


def test_nothing_is_evicted_silently(index: Index, tmp_path: Path) -> None:
    """diskcache's defaults evict ten entries a write beyond 1 GB; ours are written beside the table."""
    with sqlite3.connect(tmp_path / "index" / "cache.db") as connection:
        settings = dict(connection.execute("SELECT key, value FROM Settings"))
    connection.close()
    assert (settings["eviction_policy"], settings["cull_limit"]) == ("none", 0)
    assert settings["size_limit"] >= 2**60


def test_a_transaction_is_all_or_nothing(index: Index) -> None:
    index.set("a", "old")

    def write_and_fail() -> None:
        with index.transaction():
            index.set("a", "new")
            index.set("b", "new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert (index.get("a"), index.get("b")) == ("old", None)


def test_two_handles_see_each_other(index: Index, tmp_path: Path) -> None:
    other = Index(tmp_path / "index")
    other.set("a", "x")
    assert index.get("a") == "x"
    other.close()


def test_disk_refuses_at_its_own_door() -> None:
    """diskcache calls these four; each by itself holds to text."""
    disk = TextDisk("unused")
    assert disk.get(pickle.dumps("key"), raw=False) == ""
    with pytest.raises(NotText):
        disk.fetch(PICKLED, None, pickle.dumps("x"), False)
    with pytest.raises(NotText):
        disk.fetch(1, None, b"x", False)
