"""The store under fire: flipped bits, kills, a quota written over three times, a full disk, eight processes.

Each test prints its figure (pytest -s).
"""

import inspect
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import StoreFull
from core.store import Store
from tests.support.samples import ROOT

KILLS, PROCESSES, OPERATIONS = 20, 8, 500


def value(number: int) -> np.ndarray:
    """What belongs under a number, in every process alike."""
    return np.random.default_rng(number).random((8, 16)).astype(np.float32)


def files(store: Store) -> list[Path]:
    return sorted(store.folder.rglob("*.safetensors"))


def test_a_hundred_flipped_bits_and_a_hundred_truncations_are_refused(store: Store) -> None:
    """Of 200 damaged files none is served, and each is computed anew."""
    rng = np.random.default_rng(0)
    for number in range(200):
        store.put(f"{number:03}", {"x": value(number)}, "fire")
    for place, path in enumerate(files(store)):
        data = bytearray(path.read_bytes())
        if place % 2:
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        else:
            del data[int(rng.integers(len(data))) :]
        path.write_bytes(data)
    served = sum(store.get(f"{number:03}") is not None for number in range(200))
    for number in range(200):
        arrays, cached = store.compute(f"{number:03}", lambda n=number: {"x": value(n)}, "fire")  # type: ignore[misc]
        assert not cached
        np.testing.assert_array_equal(arrays["x"], value(number))
    print(f"damaged files served: {served} of 200; set aside: {store.stats()['quarantined']}")
    assert served == 0
    assert store.verify().damaged == 0


WRITER = """
store = Store()
for first in range(0, 20_000, 8):
    ids = [str(number) for number in range(first, first + 8)]
    if store.count_rows("space", ids) == len(ids):
        continue
    store.put_rows("space", ids, value(first))
    print(first, flush=True)
"""


def test_twenty_kills_lose_no_finished_batch_and_serve_no_wrong_value(home: Path) -> None:
    """An extraction's writer is killed at random moments; what it had said to be finished is there, whole."""
    rng = np.random.default_rng(1)
    finished: set[int] = set()
    for _ in range(KILLS):
        writer = child(WRITER, home)
        assert writer.stdout is not None
        said = writer.stdout.readline()  # it works by now
        time.sleep(float(rng.uniform(0, 0.05)))  # the moment is the point
        writer.kill()
        said += writer.communicate()[0]
        assert said, "it had nothing left to do"
        finished |= {int(line) for line in said.split()}
    store = Store()
    for first in finished:
        rows = store.rows("space", [str(number) for number in range(first, first + 8)])
        np.testing.assert_array_equal(np.stack(list(rows.values())), value(first))
    leftovers = store.verify().leftovers
    print(
        f"{KILLS} kills: {len(finished)} batches finished, none lost, none wrong; {leftovers} leftovers gone"
    )
    assert len(finished) >= KILLS
    assert store.verify().leftovers == 0
    store.close()


def test_three_times_the_quota_is_never_over_it(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every eviction has its line in the log, and what is pinned stays."""
    one = 64 * 1024
    quota = 40 * one
    store = Store(home / "small", quota=quota)
    caplog.set_level(logging.WARNING, logger="core.store")
    for number in range(5):
        store.put(f"pinned{number}", {"x": np.zeros(one // 8)}, "fire", pinned=True)
    highest = 0
    for number in range(120):
        store.put(f"{number:03}", {"x": np.full(one // 8 - 64, number, np.float64)}, "fire")
        highest = max(highest, sum(path.stat().st_size for path in files(store)))
    kept = sum(store.has(f"{number:03}") for number in range(120))
    evictions = sum("evicting" in record.message for record in caplog.records)
    print(f"quota {quota}, highest {highest}, {evictions} evictions logged, {kept} of 120 kept")
    assert highest <= quota
    assert evictions == 120 - kept
    assert all(store.get(f"pinned{number}") is not None for number in range(5))
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB of its own, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here; test_store.py has the same with a disk that says so")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_partial(small_disk: Path) -> None:
    store = Store(small_disk / "store", quota=2**30)
    written = 0
    with pytest.raises(StoreFull, match="The disk is full"):  # noqa: PT012
        while True:
            store.put(f"{written:03}", {"x": value(written).repeat(400, 0)}, "fire")
            written += 1
    assert written > 0
    assert not list(small_disk.rglob("*.part"))
    found = store.verify()
    print(f"{written} entries before the disk was full; then {found.entries} whole, {found.damaged} damaged")
    assert (found.entries, found.damaged) == (written, 0)
    for number in range(written):
        arrays = store.get(f"{number:03}")
        assert arrays is not None
        np.testing.assert_array_equal(arrays["x"], value(number).repeat(400, 0))
    store.close()


MIXED = """
store, rng, wrong = Store(), np.random.default_rng(int(sys.argv[1])), 0
for _ in range(int(sys.argv[2])):
    number, what = int(rng.integers(60)), int(rng.integers(6))
    name = f"{number:03}"
    if what == 0:
        store.put(name, {"x": value(number)}, "fire")
    elif what == 1:
        found = store.get(name)
        wrong += found is not None and not np.array_equal(found["x"], value(number))
    elif what == 2:
        made, _ = store.compute(name, lambda: {"x": value(number)}, "fire")
        wrong += not np.array_equal(made["x"], value(number))
    elif what == 3:
        store.put_rows("space", [name], value(number)[:1])
    elif what == 4:
        rows = store.rows("space", [name])
        wrong += any(not np.array_equal(row, value(int(i))[0]) for i, row in rows.items())
    else:
        store.add_to_note("shared", f"{sys.argv[1]}-{number}", number)
        wrong += (store.note("shared") or {}).get(f"{sys.argv[1]}-{number}") != number
print(wrong)
"""


def test_eight_processes_and_five_hundred_operations_each(home: Path) -> None:
    workers = [child(MIXED, home, str(number), str(OPERATIONS)) for number in range(PROCESSES)]
    said = [worker.communicate()[0] for worker in workers]
    codes = [worker.returncode for worker in workers]
    print(f"{PROCESSES} x {OPERATIONS} operations: exits {codes}, wrong {[text.strip() for text in said]}")
    assert codes == [0] * PROCESSES
    assert [text.strip() for text in said] == ["0"] * PROCESSES
    store = Store()
    assert store.verify().damaged == 0
    fields = store.note("shared") or {}
    assert all(number == int(name.partition("-")[2]) for name, number in fields.items())
    store.close()


HEAD = """
import sys
import numpy as np
from core.store import Store
"""


def child(code: str, home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + inspect.getsource(value) + code, *arguments],
        cwd=ROOT,
        env={**os.environ, "IMPRINT_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
