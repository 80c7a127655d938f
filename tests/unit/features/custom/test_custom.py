"""A user's own ONNX file as a backbone: its numbers against numpy's, the choices, and where it then appears.

The networks are a convolution of known weights, written byte by byte (onnx_files.py).
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import engine
from core.attribution.pipeline import Pipeline
from core.config import PipelineConfig
from core.errors import BadChoice, ImprintError, WeightsMissing, WeightsRefused
from core.extraction import embedder
from core.features import catalog, weights
from core.features.custom import add, client, registry
from core.features.custom.client import Wanted, Worker
from core.images.library import Library
from core.inference.runtime import Effort
from core.jobs import queue
from core.store import Store
from tests.support.samples import make_set
from tests.unit.features.custom import onnx_files
from tests.unit.features.custom.test_custom_values import by_hand

Told = Callable[..., dict[str, Any]]
Ran = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.onnx"
    path.write_bytes(onnx_files.convolution())
    return path


def kept(path: Path) -> Path:
    with path.open("rb") as file:
        return add.keep_file(file)


# -- adding --------------------------------------------------------------------------------------------


def test_what_a_file_has_is_shown_before_it_is_used(file: Path, told: Told, home: Path) -> None:
    """(3 x 5 x 3 x 3) + 5 = 140 parameters; the batch and the sides are left open."""
    found = told("weights", "look", file)
    assert found["look"]["parameters"] == 140
    assert found["look"]["inputs"] == [{"name": "image", "shape": [None, 3, None, None], "kind": "f32"}]
    assert [port["name"] for port in found["look"]["outputs"]] == ["maps", "vector"]
    assert found["use"] == {
        "size": 224,
        "channels": 3,
        "normalisation": "imagenet",
        "output": "vector",
        "precision": "fp32",
    }
    assert registry.names() == []
    assert not list((home / "weights").glob("*"))


def test_an_added_file_is_a_backbone_by_its_hash(file: Path, told: Told, home: Path) -> None:
    made = told("weights", "add", file, "--size", 32, "--normalisation", "signed", "--output", "maps")
    sha256 = made["added"]["look"]["sha256"]
    assert (made["added"]["backbone"], made["added"]["dimensions"]) == ("mine.onnx", 5)
    assert (home / "weights" / f"{sha256}.onnx").read_bytes() == file.read_bytes()
    spec = catalog.spec("mine.onnx")
    assert (spec.weights, spec.size, spec.pooling) == (f"sha256:{sha256}", 32, "mean")
    assert (spec.normalisation, spec.options) == ("signed", (("channels", 3), ("output", "maps")))
    assert catalog.dimensions(spec) == 5
    assert catalog.names()[-1] == "mine.onnx"
    (state,) = [row for row in told("weights")["weights"] if row["backbone"] == "mine.onnx"]
    assert (state["state"], state["sha256"], state["source"]) == ("ready", sha256, "added")
    assert told("weights", "add", file, "--size", 32, "--normalisation", "signed", "--output", "maps")


def test_flattened_maps_are_offered_also_of_a_network_that_was_added_before(file: Path, home: Path) -> None:
    """A row of an earlier version has no ``flat``: adding the same file again gives it 5 x 32 x 32 numbers.
    The identity of its usual features stays, so that no result is lost."""
    wanted = Wanted(32, 3, "none", "maps")
    add.add(kept(file), "mine.onnx", wanted)
    (row,) = (home / "weights" / "own").glob("*.json")
    told = json.loads(row.read_text())
    assert told.pop("flat") == 5120
    row.write_text(json.dumps(told))
    before = catalog.spec("mine.onnx")
    with pytest.raises(BadChoice, match="pooling is one of mean, map; got 'flatten'"):
        catalog.spec("mine.onnx", pooling="flatten")
    add.add(kept(file), "mine.onnx", wanted)
    assert catalog.spec("mine.onnx") == before
    flattened = catalog.spec("mine.onnx", pooling="flatten")
    assert (flattened.pooling, catalog.dimensions(flattened)) == ("flatten", 5120)
    assert embedder.feature_key(flattened) != embedder.feature_key(before)


def test_the_same_name_for_other_choices_is_refused(file: Path, ran: Ran) -> None:
    assert ran("weights", "add", file, "--size", 32)[0] == 0
    status, _, err = ran("weights", "add", file, "--size", 64)
    assert status == 2
    assert "mine.onnx already exists" in err
    assert ran("weights", "add", file, "--size", 64, "--name", "other.onnx")[0] == 0
    assert catalog.spec("other.onnx").size == 64


def test_removing_keeps_a_file_that_another_name_has(file: Path, ran: Ran, home: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        assert ran("weights", "add", file, "--size", 32, "--name", name)[0] == 0
    ran("weights", "remove", "a.onnx")
    assert registry.names() == ["b.onnx"]
    assert len(list((home / "weights").glob("*.onnx"))) == 1
    ran("weights", "remove", "b.onnx")
    assert not list((home / "weights").glob("*.onnx"))
    status, _, err = ran("weights", "remove", "vgg16")
    assert status == 2
    assert "is not a custom network" in err


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"size": 8}, "from 16 to 1024"),
        ({"channels": 1}, "needs 3 input channels; got 1"),
        ({"normalisation": "odd"}, "normalisation is one of imagenet"),
        ({"output": "nowhere"}, "no usable output 'nowhere'.*vector, maps"),
    ],
)
def test_choices_that_do_not_fit(file: Path, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadChoice, match=reason):
        add.propose(client.look(file), **given)


@pytest.mark.parametrize("name", ["../x.onnx", "x", ".onnx", "a,b.onnx", "x" * 80 + ".onnx", "a\nb.onnx"])
def test_a_name_is_plain(file: Path, ran: Ran, name: str) -> None:
    status, _, err = ran("weights", "add", file, "--name", name)
    assert status == 2
    assert "dashes and underscores, and end in .onnx" in err


@pytest.mark.parametrize(
    ("file_name", "name"),
    [("a b.onnx", "a-b.onnx"), ("../../42.zip.onnx", "42.zip.onnx"), ("é" * 300, "network.onnx")],
)
def test_a_files_name_is_made_a_plain_one(file_name: str, name: str) -> None:
    assert add.name_of(file_name) == name
    add.check_name(name)


# -- using ---------------------------------------------------------------------------------------------


def test_the_job_worker_extracts_and_the_rows_are_numpys(file: Path, library: Library, store: Store) -> None:
    image_set = make_set(library)
    path = kept(file)
    add.add(path, "mine.onnx", Wanted(32, 3, "none", "maps"))
    config = PipelineConfig(catalog.spec("mine.onnx"))
    job = queue.start(queue.ATTRIBUTE, [image_set], config)
    while (job := queue.find(job.id) or job).active:
        time.sleep(0.1)
    assert (job.state, job.error) == ("done", "")
    pipeline = Pipeline(store, library, Effort())
    assert pipeline.plan(image_set, config).missing == 0
    ids = [image.sha256 for image in image_set.files]
    rows, cached = pipeline.embedder.embed(config.feature, ids)
    expected = [by_hand(library.pixels(each), 3, "none").mean((1, 2)) for each in ids]
    worst = np.abs(rows - expected).max() / np.abs(expected).max()
    print(f"{len(ids)} rows by the job worker, at most {worst:.1e} of the largest from numpy's")
    assert cached
    np.testing.assert_allclose(rows, expected, rtol=1e-4)


def test_a_run_file_tells_which_file_is_missing(
    file: Path, library: Library, ran: Ran, tmp_path: Path
) -> None:
    make_set(library, "s")
    run = tmp_path / "run.json"
    assert ran("weights", "add", file, "--size", 32)[0] == 0
    assert ran("attribute", "s", "--backbone", "mine.onnx", "--save-run", run)[0] == 0
    assert ran("run", run)[0] == 0
    sha256 = json.loads(run.read_text())["config"]["feature"]["weights"].removeprefix("sha256:")
    ran("weights", "remove", "mine.onnx")
    status, _, err = ran("run", run)
    assert status == 2
    assert f"mine.onnx (SHA-256 {sha256}) is not on this machine" in err
    assert "--name mine.onnx --size 32 --channels 3 --output vector" in err
    assert ran("runs")[0] == 0  # the log still names it
    other = tmp_path / "other.onnx"
    other.write_bytes(onnx_files.convolution(seed=1))
    assert ran("weights", "add", other, "--name", "mine.onnx", "--size", 32)[0] == 0
    status, _, err = ran("run", run)
    assert status == 2
    assert "is a different file here" in err


def test_a_file_that_was_changed_or_taken_away(file: Path, home: Path, ran: Ran, library: Library) -> None:
    make_set(library, "s")
    assert ran("weights", "add", file, "--size", 32)[0] == 0
    (path,) = (home / "weights").glob("*.onnx")
    path.write_bytes(onnx_files.convolution(seed=1))
    status, _, err = ran("attribute", "s", "--backbone", "mine.onnx")
    assert status == 2
    assert "is not the weights file of mine (ONNX)" in err
    assert weights.status("mine.onnx")["state"] == "refused"
    path.unlink()
    with pytest.raises(WeightsMissing, match=r"is missing\. Add it again.*--take"):
        weights.require("mine.onnx")
    assert ran("weights", "--take", "mine.onnx", file)[0] == 0
    assert weights.status("mine.onnx")["state"] == "ready"


def test_a_sweep_takes_it_beside_others(file: Path, library: Library, told: Told) -> None:
    make_set(library, "s")
    told("weights", "add", file, "--size", 32)
    rows = told("sweep", "s", "--backbone", "mine.onnx,lbp")["rows"]
    assert {row["config"]["backbone"] for row in rows} == {"mine.onnx", "lbp"}
    assert all(not row["error"] for row in rows)


def test_a_stranger_s_specs_are_only_those_that_the_file_was_added_for(file: Path) -> None:
    add.add(kept(file), "mine.onnx", Wanted(32, 3, "none", "maps"))
    raw = engine.as_json(PipelineConfig(catalog.spec("mine.onnx")))
    assert engine.from_json(raw) == PipelineConfig(catalog.spec("mine.onnx"))
    for change in (
        {"size": 64},
        {"options": [["channels", 1], ["output", "maps"]]},
        {"weights": "untrained"},
    ):
        with pytest.raises(ImprintError):
            engine.from_json({**raw, "feature": {**raw["feature"], **change}})


def test_a_row_that_can_t_be_read_is_no_backbone(file: Path, home: Path) -> None:
    add.add(kept(file), "mine.onnx", Wanted(32, 3, "none", "maps"))
    (home / "weights" / "own" / "mine.onnx.json").write_text("{")
    assert registry.names() == []
    with pytest.raises(WeightsMissing, match="not on this machine"):
        catalog.spec("mine.onnx")


def test_the_process_can_open_nothing_and_reach_nothing(file: Path) -> None:
    """Its limits, as the kernel tells them; seccomp 2 is a filter."""
    with Worker(file) as worker:
        limits = Path(f"/proc/{worker._process.pid}/limits").read_text()
        status = Path(f"/proc/{worker._process.pid}/status").read_text()
    assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")] == [
        ["0", "0"]
    ]
    assert "Seccomp:\t2" in status


def test_a_process_that_dies_is_a_sentence(file: Path) -> None:
    worker = Worker(file)
    worker.ready(Wanted(32, 3, "none", "maps"))
    os.kill(worker._process.pid, 9)
    with pytest.raises(WeightsRefused, match="process that runs the network crashed"):
        list(worker.run([np.zeros((1, 1, 32, 32), np.uint8)]))
