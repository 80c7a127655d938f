"""The verbs of training-data fingerprints: what they print, write and refuse."""

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.cli.main import main
from core.images.library import Library
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import encoded, make_set, noise, phantom_slices, write_tree, zipped
from tests.unit.conftest import Ran
from tests.unit.membership.test_cluster_distance import leaky

PIXELS = ("--backbone", "pixels", "--pixels-side", "8")
SCORES = ("f1", "accuracy", "precision", "recall", "balanced_accuracy", "auc", "used_rate", "p_value")
KEYS = {*SCORES, "baselines", "verdict", "chosen", "dev", "test", "config", "seconds", "cached"}
Told = Callable[..., dict[str, Any]]


@pytest.fixture
def sets(library: Library) -> None:
    leaky(library, "dev", 1)
    leaky(library, "test", 1)


def test_the_leak_is_told_with_what_stands_beside_it(told: Told, sets: None) -> None:
    """Half of the real images are used: everything used scores 2/3."""
    facts = told("membership", "dev", "--test", "test", *PIXELS)
    assert facts.keys() >= KEYS
    assert facts["verdict"] == "leak"
    assert facts["auc"] == facts["test"]["auc"] > 0.99
    assert facts["baselines"]["everything_used"] == pytest.approx(2 / 3, abs=1e-6)
    assert facts["chosen"].keys() >= {"distance", "k", "rule"}
    assert facts["dev"]["set"] == "dev"
    assert facts["gap"]["f1"] == pytest.approx(facts["dev"]["f1"] - facts["test"]["f1"], abs=2e-6)
    assert told("membership", "dev", "--test", "test", *PIXELS)["cached"]


def test_without_a_test_set_development_speaks_cross_validated(told: Told, sets: None) -> None:
    facts = told("membership", "dev", *PIXELS, "--k", "5", "--distance", "min", "--rule", "means")
    assert facts["test"] is None
    assert facts["gap"] is None
    assert facts["f1"] == facts["dev"]["f1"]
    assert (facts["chosen"]["k"], facts["chosen"]["rule"], facts["chosen"]["of"]) == (5, "means", 1)


def test_batch_and_threads_change_nothing(told: Told, sets: None) -> None:
    answers = []
    for batch, threads in ((1, 1), (7, 2)):
        facts = told("membership", "dev", *PIXELS, "--batch", batch, "--threads", threads)
        answers.append({name: facts[name] for name in facts if name not in ("seconds", "cached")})
        told("cache", "clear")
    assert answers[0] == answers[1]


def test_predictions_are_the_challenges_file(told: Told, library: Library, tmp_path: Path) -> None:
    """No header; the identifier without its extension; 1 for used, all 24 of them; every real image once."""
    leaky(library, "dev", 1)
    leaky(library, "test", 1, unknown=True)
    out = tmp_path / "run.csv"
    facts = told("membership", "dev", "--test", "test", *PIXELS, "--predictions", out)
    with out.open(newline="") as file:
        rows = dict(csv.reader(file))
    assert set(rows) == {f"{letter}{n:02}" for letter in "un" for n in range(24)}
    assert {rows[f"u{n:02}"] for n in range(24)} == {"1"}
    assert list(rows.values()).count("1") == facts["test"]["predicted_used"] < 30
    assert facts["verdict"] == "undefined"
    assert facts["test"].get("f1") is None


def test_names_that_two_folders_share_keep_their_folder(told: Told, library: Library, tmp_path: Path) -> None:
    source = leaky(library, "dev", 1)
    renamed = tuple(
        ImageFile(f"{f.role}/{i % 24:02}.png", f.sha256, f.role, f.label, f.group)
        for i, f in enumerate(source.files)
    )
    library.add(ImageSet("same", "membership", renamed))
    told("membership", "same", *PIXELS, "--predictions", tmp_path / "run.csv")
    assert "real_used/00,1" in (tmp_path / "run.csv").read_text().split()


def test_people_read_text(ran: Ran, sets: None) -> None:
    status, out, _ = ran("membership", "dev", "--test", "test", *PIXELS)
    assert status == 0
    assert "development, cross-validated (best of" in out
    assert "always “used”: 0.667" in out
    assert "A leak was found" in out


def test_the_best_of_many_says_that_it_is(ran: Ran, told: Told, sets: None) -> None:
    """2 distances, 14 k up to 24 images and 4 rules are 112; one configuration is no choice."""
    _, out, _ = ran("membership", "dev", *PIXELS)
    assert "development, cross-validated (best of 112, optimistic): F1" in out
    assert told("membership", "dev", *PIXELS)["dev"]["optimism"] == "best of 112, optimistic"
    one = (*PIXELS, "--k", "5", "--distance", "min", "--rule", "means")
    assert "optimistic" not in ran("membership", "dev", *one)[1]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("membership dev --test none", "There is no data set 'none'"),
        ("membership dev --k 99", "k is 99, but this data set has 24 generated images"),
        ("membership dev --rule centroid", "invalid choice: 'centroid'"),
        ("membership dev --seed -1", "A seed is a whole number from 0 to 4294967295; got -1"),
        ("membership dev --k none", "k is a whole number from 1, or 'sweep'"),
        ("membership dev --distance max", "invalid choice: 'max'"),
        ("membership dev --rule luck", "invalid choice: 'luck'"),
        ("membership dev --crop heart", "invalid choice: 'heart'"),
        ("membership dev --crop patch --draws 0", "At least 1 random patch"),
        ("membership dev --predictions {tmp}/no/out.csv", "can't be written"),
        ("membership plain", "18 generated images and 0 real images"),
        ("membership oneclass", "no real image labelled “not used”"),
        ("segment {tmp}/none --out {tmp}/out", "There is no file or folder"),
        (
            "segment {tmp}/empty --out {tmp}/out",
            "BMP, GIF, WebP, PGM or JPEG 2000 image in",
        ),
    ],
)
def test_a_mistake_is_status_2_and_one_line(
    command: str, sentence: str, ran: Ran, sets: None, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    make_set(library, "plain")
    files = [ImageFile(f"g/{i}.png", library.add_pixels(p)) for i, p in enumerate(noise(4))]
    files += [ImageFile(f"u/{i}.png", f.sha256, Role.REAL_USED) for i, f in enumerate(files)]
    library.add(ImageSet("oneclass", "membership", tuple(files)))
    extra = PIXELS if command.startswith("membership") else ()
    status, out, err = ran(*(word.format(tmp=tmp_path) for word in command.split()), *extra)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_demo_leaves_a_home_with_sets_alone(told: Told, library: Library) -> None:
    make_set(library, "mine")
    assert told("demo", "--if-empty")["added"] == []
    assert library.names() == ["mine"]


# -- segment ------------------------------------------------------------------------------------------


def test_segment_writes_a_mask_for_each_image(told: Told, tmp_path: Path) -> None:
    """PNG of 0 and 255 with the images' names and sizes; what can't be read is told; no lung, empty mask."""
    slice_ = phantom_slices(990)[0]
    lungs = Image.fromarray(slice_.image)
    files = {
        "a/one.png": encoded(lungs),
        "a/two.jpg": encoded(lungs.resize((200, 300)), "JPEG"),
        "black.png": encoded(np.zeros((64, 64), np.uint8)),
        "broken.png": b"no image",
    }
    out = tmp_path / "out"
    facts = told("segment", write_tree(tmp_path / "in", files), "--out", out)
    assert (facts["masks"], facts["empty"]) == (3, 1)
    assert [refusal["file"] for refusal in facts["refused"]] == ["broken.png"]
    made = {path.relative_to(out).as_posix(): np.asarray(Image.open(path)) for path in out.rglob("*.png")}
    assert set(made) == {"a/one.png", "a/two.png", "black.png"}
    assert made["a/two.png"].shape == (300, 200)
    assert set(np.unique(made["a/one.png"])) == {0, 255}
    assert not made["black.png"].any()
    agree = ((made["a/one.png"] > 0) == slice_.lungs).mean()
    assert agree > 0.99


def test_segment_reads_a_zip_and_says_what_it_did(ran: Ran, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    path.write_bytes(zipped({"one.png": encoded(np.zeros((32, 32), np.uint8))}))
    status, out, _ = ran("segment", path, "--out", tmp_path / "out")
    assert status == 0
    assert "1 mask in" in out
    assert "1 of them empty (no lung found)" in out


def test_two_images_of_one_name_are_not_overwritten(ran: Ran, tmp_path: Path) -> None:
    black = np.zeros((32, 32), np.uint8)
    write_tree(tmp_path / "in", {"a.png": encoded(black), "a.jpg": encoded(black, "JPEG")})
    status, _, err = ran("segment", tmp_path / "in", "--out", tmp_path / "out")
    assert status == 2
    assert "Two images would have the same mask file a.png. Rename one of the images." in err


# -- reconstruct --------------------------------------------------------------------------------------

QUICK = ("--size", "32", "--bottleneck", "32", "--epochs", "60")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A home in which the autoencoders of both sets are trained, and what the command said that did it."""
    home = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.setenv("IMPRINT_HOME", str(home))
        for name in ("dev", "test"):
            leaky(Library(), name, 1)
        out = str(home.parent / "run.csv")
        assert main(["reconstruct", "dev", "--test", "test", *QUICK, "--predictions", out, "--json"]) == 0
    return home, json.loads(said.getvalue())


@pytest.fixture
def trained(first: tuple[Path, dict[str, Any]], home: Path) -> dict[str, Any]:
    """That answer, over a copy of its home."""
    shutil.copytree(first[0], home)
    return first[1]


def test_reconstruct_tells_what_membership_tells(
    told: Told, trained: dict[str, Any], first: tuple[Path, dict[str, Any]]
) -> None:
    """The same keys; a generator that copies is found by its autoencoder as well."""
    assert set(trained) >= KEYS
    assert trained["chosen"]["decision"] == "mse"
    assert trained["verdict"] == "leak"
    assert not trained["cached"]
    assert len((first[0].parent / "run.csv").read_text().split()) == 48
    again = told("reconstruct", "dev", "--test", "test", *QUICK)
    assert again["cached"]
    assert again["auc"] == trained["auc"]


def test_reconstruct_by_the_place_of_errors(ran: Ran, trained: dict[str, Any]) -> None:
    status, out, _ = ran("reconstruct", "dev", "--test", "test", *QUICK, "--decision", "ssim")
    assert status == 0
    assert "Autoencoder 32 px, bottleneck 32; decision ssim, rule centroid" in out
    assert "always “used”: 0.667" in out


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("reconstruct none", "There is no data set 'none'"),
        ("reconstruct dev --size 100", "32, 64, 128 or 256 px; got 100"),
        ("reconstruct dev --epochs 0", "1 to 10000 epochs; got 0"),
        ("reconstruct dev --decision luck", "invalid choice: 'luck'"),
        ("reconstruct dev --seed -1", "A seed is a whole number from 0 to 4294967295; got -1"),
        ("reconstruct plain", "'plain' has no real images"),
    ],
)
def test_a_mistake_in_reconstruct_is_one_line(
    command: str, sentence: str, ran: Ran, sets: None, library: Library
) -> None:
    make_set(library, "plain")
    status, out, err = ran(*command.split())
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_training_images_among_the_generated_ones_are_said_first(told: Told, library: Library) -> None:
    """A generator that copies nothing, but for three files that are training slices."""
    honest = leaky(library, "honest", 0)
    copied = [ImageFile(f"generated/copy{i}.png", f.sha256) for i, f in enumerate(honest.real[:3])]
    library.add(ImageSet("three", "membership", (*honest.files, *copied)))
    facts = told("membership", "three", *PIXELS)
    assert facts["verdict"] == "leak"
    assert "3 generated images are, pixel for pixel, 3 training images" in facts["sentence"].split(".")[0]
    assert facts["copies"]["used"] == facts["dev"]["copies"]["of_used"] == 3


def without_groups(library: Library, name: str, copied: float) -> None:
    whole = leaky(library, name, copied)
    files = (ImageFile(f.name, f.sha256, f.role) for f in whole.files)
    library.add(ImageSet(f"{name} alone", "membership", tuple(files)))


@pytest.mark.parametrize("copied", [0, 1])
def test_a_verdict_without_groups_says_that_slices_count_as_people(
    copied: float, ran: Ran, told: Told, library: Library
) -> None:
    """In the text and in JSON, whatever the verdict; with groups not a word of it."""
    without_groups(library, "dev", copied)
    words = "No patient groups are given, so slices count as people, except that near-duplicates count as one"
    facts = told("membership", "dev alone", *PIXELS)
    assert words in facts["sentence"]
    assert facts["ungrouped"] == 48
    assert words in ran("membership", "dev alone", *PIXELS)[1]
    grouped = told("membership", "dev", *PIXELS)
    assert "count as people" not in grouped["sentence"]
    assert grouped["ungrouped"] == 0


def test_classes_of_incomparable_greys_get_no_verdict(ran: Ran, told: Told, library: Library) -> None:
    """As 16-bit files of HU + 32768, real slices get 8 grey levels, beside generated images of about 200."""
    whole = leaky(library, "dev", 1)
    files = [
        f
        if f.role is Role.GENERATED
        else ImageFile(
            f.name, library.add_pixels(124 + library.pixels(f.sha256) // 32), f.role, group=f.group
        )
        for f in whole.files
    ]
    library.add(ImageSet("narrow", "membership", tuple(files)))
    facts = told("membership", "narrow", *PIXELS)
    assert facts["verdict"] == "cannot tell"
    assert "grey levels from 12" in facts["incomparable"]
    status, out, _ = ran("membership", "narrow", *PIXELS)
    assert status == 0
    assert "Cannot tell: the grey values" in out
    assert "leak was found" not in out
