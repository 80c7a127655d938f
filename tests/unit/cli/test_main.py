"""The contract of the command line: what it prints, what it refuses and how, where it writes."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.features import weights
from core.images.library import Library
from core.store import Store
from tests.support.samples import ROOT, encoded, generators, make_set, write_tree, zipped
from tests.unit.conftest import Ran

FILES = {
    f"{name}/{i}.png": encoded(pixels)
    for name, group in generators(4).items()
    for i, pixels in enumerate(group)
}
KEYS = {"ari", "ari_ci", "p_value", "nmi", "k", "n", "n_features", "config", "seconds", "cached"}
SPECTRUM = ("--backbone", "residual_spectrum", "--residual-content", "power")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "in", FILES)


# -- what goes well ----------------------------------------------------------------------------------


def test_import_sets_attribute_delete(told: Callable[..., Any], folder: Path) -> None:
    """12 images of 3 textures that are told apart without error."""
    made = told("import", folder, "--name", "s")
    assert (made["n"], made["layout"], made["unchanged"]) == (12, "generators", False)
    assert made["labels"] == {"rough": 4, "smooth": 4, "striped": 4}
    assert told("import", folder, "--name", "s")["unchanged"]
    assert [found["name"] for found in told("sets")["sets"]] == ["s"]
    first = told("attribute", "s", *SPECTRUM)
    assert first.keys() >= KEYS
    assert (first["ari"], first["k"], first["n"], first["n_features"]) == (1, 3, 12, 128)
    low, high = first["ari_ci"]
    assert (high, low == pytest.approx(0.44, abs=0.1)) == (1, True)  # 12 images without an error are few
    assert 0 < first["p_value"] < 0.01
    assert not first["cached"]
    assert first["dimensions"]["count"] == first["n_features_raw"]
    assert 0 < first["dimensions"]["effective"] <= min(first["n"] - 1, first["n_features_raw"])
    second = told("attribute", "s", *SPECTRUM, "--pca", "0.95", "--cluster", "kmeans", "--k", "auto")
    assert second["cached"]
    assert second["n_features"] < 128
    assert told("delete", "s") == {"deleted": "s"}
    assert told("sets") == {"sets": []}


def test_the_config_says_what_was_asked(told: Callable[..., Any], library: Library) -> None:
    """Named as the flags are; k-means has no linkage."""
    make_set(library, "s")
    choices = ("--cluster", "kmeans", "--k", "2", "--seed", "7", "--pca", "0.9", "--residual-bins", "16")
    config = told("attribute", "s", *SPECTRUM, *choices)["config"]
    assert config == {
        "backbone": "residual_spectrum",
        "weights": "none",
        "size": 0,
        "pooling": "none",
        "normalisation": "none",
        "precision": "fp64",
        "options": {"bins": 16, "content": "power"},
        "crop": "full",
        "pca": 0.9,
        "cluster": "kmeans",
        "linkage": None,
        "metric": "euclidean",
        "k": 2,
        "seed": 7,
    }


def test_batch_and_threads_change_nothing(
    told: Callable[..., Any], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a home of its own, so that nothing comes from the cache; times apart, all is the same."""
    answers = []
    for batch, threads in ((1, 1), (7, 2), (32, 1)):
        monkeypatch.setenv("IMPRINT_HOME", str(tmp_path / f"{batch}-{threads}"))
        make_set(Library(), "s")
        answer = told("attribute", "s", "--backbone", "lbp", "--batch", batch, "--threads", threads)
        assert not answer["cached"]
        answers.append({name: value for name, value in answer.items() if name not in ("seconds", "stages")})
    assert answers[0] == answers[1] == answers[2]


def test_labels_out(told: Callable[..., Any], library: Library, tmp_path: Path) -> None:
    """A row a file in the set's order; clusters are numbered as they appear in the order of hashes."""
    make_set(library, "s", generators(2))
    told("attribute", "s", *SPECTRUM, "--labels-out", tmp_path / "out.csv")
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "label", "cluster"]
    by_hash = sorted(library.get("s").files, key=lambda file: file.sha256)
    number = {g: c for c, g in enumerate(dict.fromkeys(str(file.label) for file in by_hash))}
    names = ("rough", "striped", "smooth")
    assert rows[1:] == [[f"{g}/{i:03}.png", g, str(number[g])] for g in names for i in range(2)]


def test_people_read_text(ran: Ran, folder: Path) -> None:
    (folder / "rough" / "bad.png").write_bytes(b"")
    status, out, err = ran("import", folder, "--name", "s")
    assert (status, err) == (0, "")
    assert out.startswith("s: 12 images, layout generators, 4 rough, 4 smooth, 4 striped\n")
    assert "rejected: rough/bad.png: the file is empty (0 bytes)" in out
    _, out, _ = ran("attribute", "s", *SPECTRUM)
    assert re.search(r"ARI 1\.000, 95% interval 0\.\d{3} to 1\.000, expected by chance", out)
    assert "1 configuration evaluated" in out
    assert "embeddings computed" in out
    _, out, _ = ran("import", folder, "--name", "s")
    assert "The data set already exists with the same content; nothing was done." in out


def test_undefined_scores_are_null_with_a_reason(told: Callable[..., Any], library: Library) -> None:
    """Twice: computed, and read back."""
    make_set(library, "s", {"only": generators()["rough"]})
    for _ in range(2):
        answer = told("attribute", "s", *SPECTRUM, "--k", "2")
        assert [answer[name] for name in ("ari", "ari_ci", "p_value", "nmi")] == [None] * 4
        assert "one generator, only" in answer["undefined"]["ari"]


def test_a_set_without_labels_twice(ran: Ran, tmp_path: Path) -> None:
    """The second run reads the scores, undefined as they are, from the cache."""
    flat = {name.replace("/", "-"): data for name, data in FILES.items()}
    assert ran("import", write_tree(tmp_path / "flat", flat), "--name", "s")[0] == 0
    for _ in range(2):
        status, out, _ = ran("attribute", "s", *SPECTRUM)
        assert status == 0
        assert "ARI undefined: no image has a generator label" in out


def test_zip_layout_and_labels_flags(told: Callable[..., Any], tmp_path: Path) -> None:
    flat = {name.replace("/", "-"): data for name, data in FILES.items()}
    (tmp_path / "s.zip").write_bytes(zipped(flat))
    (tmp_path / "l.csv").write_text("".join(f"{name};{name.split('-')[0]}\n" for name in flat))
    made = told(
        "import", tmp_path / "s.zip", "--name", "s", "--layout", "flat", "--labels", tmp_path / "l.csv"
    )
    assert made["labels"] == {"rough": 4, "smooth": 4, "striped": 4}


def test_cache_verbs(told: Callable[..., Any], library: Library, home: Path) -> None:
    make_set(library, "s")
    assert told("cache", "stats")["entries"] == 0
    told("attribute", "s", *SPECTRUM)
    stats = told("cache", "stats")
    assert stats["stages"].keys() == {"embeddings", "pca", "tree", "clusters"}
    assert stats["folder"] == str(home / "store")
    damaged = next((home / "store" / "arrays").rglob("*.safetensors"))
    damaged.write_bytes(b"")
    found = told("cache", "verify")
    assert (found["damaged"], found["entries"]) == (1, stats["entries"] - 1)
    assert told("cache", "clear")["freed_bytes"] == found["bytes"]
    assert told("cache", "stats")["entries"] == 0
    assert [found["name"] for found in told("sets")["sets"]] == ["s"]


def test_weights_lists_every_network(told: Callable[..., Any]) -> None:
    states = {row["backbone"]: row["state"] for row in told("weights")["weights"]}
    assert states.pop("efficientnet_lite0") == "ready"
    assert set(states) == {"vgg16", "resnet50", "mobilenet_v2", "efficientnet_b0", "densenet121"}
    assert set(states.values()) == {"missing"}


def test_weights_download_and_take_call_the_engine(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(weights, "download", lambda name, listener: calls.append((name,)))
    assert ran("weights", "--download", "vgg16")[0] == 0
    assert calls == [("vgg16",)]
    (tmp_path / "w").write_bytes(b"other")
    status, _, err = ran("weights", "--take", "vgg16", tmp_path / "w")
    assert status == 2
    assert "is not the weights file of VGG-16" in err


# -- a user's mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "required: VERB"),
        ("conquer", "invalid choice: 'conquer'"),
        ("import {tmp}/missing --name x", "There is no file or folder"),
        ("import {tmp}/empty --name x", "folder is empty"),
        ("import {in} --name a/b", "1 to 80 characters"),
        ("import {in}", "--name is required"),
        ("import {in} --name x --layout spiral", "invalid choice: 'spiral'"),
        ("import {in} --name x --layout membership", "'membership' does not fit"),
        ("import {in} --name x --labels {tmp}/missing.csv", "missing.csv can't be read"),
        ("import {in} --name s", "A data set 's' with different content already exists"),
        ("attribute nobody", "There is no data set 'nobody'. Data sets: s."),
        ("attribute s --backbone resnet", "There is no backbone 'resnet'"),
        ("attribute s --backbone vgg16", "VGG-16 needs its ImageNet weights"),
        ("attribute s --backbone lbp --k 19", "k is 19, but this data set has 18 images"),
        ("attribute s --backbone lbp --k 0", "k is a whole number from 1"),
        ("attribute s --backbone lbp --k -3", "k is a whole number from 1"),
        ("attribute s --backbone lbp --k=--3", "k is a whole number from 1"),
        ("attribute s --backbone lbp --k many", "'auto' or 'silhouette'; got 'many'"),
        ("attribute s --backbone lbp --pca 95", "0.5 to 0.999"),
        ("attribute s --backbone lbp --pca most", "--pca must be a share"),
        ("attribute s --backbone lbp --pca nan", "0.5 to 0.999"),
        ("attribute s --backbone lbp --metric cosine", "metric of ward linkage is euclidean"),
        ("attribute s --backbone lbp --residual-bins 16", "an option of Residual spectrum only"),
        ("attribute s --backbone lbp --lbp-points 99", "from 4 to 12"),
        ("attribute s --backbone lbp --size 5", "from 16 to 1024"),
        ("attribute s --backbone lbp --batch 0", "at least 1"),
        ("attribute s --backbone lbp --threads 0", "at least 1"),
        ("attribute s --backbone lbp --seed x", "invalid int value"),
        ("attribute s --backbone lbp --seed -1", "seed"),
        ("attribute s --backbone lbp --cluster kmeans --seed 4294967296", "seed"),
        ("attribute s --backbone lbp --labels-out {tmp}/no/out.csv", "can't be written"),
        ("attribute s --size 100", "multiple of 32"),
        ("delete nobody", "There is no data set 'nobody'"),
        ("weights --download lbp", "There is no backbone 'lbp'"),
        ("weights --download efficientnet_lite0", "are installed with the Python package"),
        ("weights --take vgg16 {tmp}/missing", "There is no file"),
        ("cache burn", "invalid choice: 'burn'"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_a_mistake_is_status_2_and_one_line(
    ran: Ran, library: Library, folder: Path, tmp_path: Path, command: str, says: str, as_json: bool
) -> None:
    make_set(library, "s")
    (tmp_path / "empty").mkdir()
    words = [word.format(**{"tmp": tmp_path, "in": folder}) for word in command.split()]
    status, out, err = ran(*words, *(["--json"] if as_json and words else []))
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert err.endswith("\n")


def test_a_home_that_is_a_file_is_a_mistake_too(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMPRINT_HOME", str(tmp_path / "file"))
    status, out, err = ran("sets")
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_quota_that_is_no_number_is_a_mistake_too(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRINT_QUOTA_GB", "plenty")
    status, out, err = ran("cache", "stats")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "IMPRINT_QUOTA_GB" in err


def test_an_interrupt_says_what_is_kept(ran: Ran, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    make_set(library, "s")
    monkeypatch.setattr(Store, "put_rows", interrupt)
    status, out, err = ran("attribute", "s", *SPECTRUM)
    assert (status, out, err) == (130, "", "imprint: interrupted; completed steps are kept\n")


# -- as a process ------------------------------------------------------------------------------------


def test_a_whole_session_writes_nothing_outside_the_home(
    home: Path, library: Library, tmp_path: Path
) -> None:
    """As a process of its own, from another folder; its own temporary files are gone as well."""
    make_set(library, "s")
    work = tmp_path / "work"
    work.mkdir()
    before = {path for path in (ROOT / "cache").rglob("*") if path.is_file()}
    ended = subprocess.run(
        [sys.executable, "-m", "core", "attribute", "s", *SPECTRUM, "--json"],
        capture_output=True,
        text=True,
        cwd=work,
        env=_environment(PYTHONPATH=str(ROOT), TMPDIR=str(work)),
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["ari"] == 1
    assert list(work.iterdir()) == []
    assert set(tmp_path.iterdir()) == {home, work}
    assert {path for path in (ROOT / "cache").rglob("*") if path.is_file()} == before


def test_a_mistake_as_a_process(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "core", "attribute", "nobody", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "imprint: There is no data set 'nobody'. No data set has been imported yet.\n"


def _environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **extra}
