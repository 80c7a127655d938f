"""The verb validate, and the flags that write what it accepts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.images.library import Library
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import make_set, noise
from tests.unit.conftest import Ran
from tests.unit.membership.test_cluster_distance import leaky

Told = Callable[..., dict[str, Any]]
PIXELS = ("--backbone", "pixels", "--pixels-side", "8")


@pytest.fixture
def real(library: Library) -> str:
    """Three images of unknown truth, in the challenge's names."""
    files = [
        ImageFile(f"real_unknown_1/real_unknown_{n:04}.png", library.add_pixels(pixels), Role.REAL_UNKNOWN)
        for n, pixels in enumerate(noise(3), 1)
    ]
    library.add(ImageSet("real", "membership", tuple(files)))
    return "real"


def test_a_valid_file(told: Told, ran: Ran, real: str, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("".join(f"real_unknown_{n:04},{n % 2}\n" for n in (1, 2, 3)))
    facts = told("validate", path, "--set", real)
    assert facts == {"set": "real", "task": "membership", "valid": True, "problems": [], "n": 3}
    assert "a valid submission for membership, 3 images of real." in ran("validate", path, "--set", real)[1]


def test_a_broken_file_is_status_1_and_names_line_and_rule(ran: Ran, real: str, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"real_unknown_0001,1\n\nreal_unknown_0002,1.0\nreal_unknown_0003;0\xe9\n")
    status, out, err = ran("validate", path, "--set", real)
    assert (status, err) == (1, "")
    assert out.splitlines()[1:] == [
        "  line 2: no line is blank",
        "  line 3: the value is 0 (not used) or 1 (used): real_unknown_0002,1.0",
        "  line 4: the file is text in UTF-8: real_unknown_0003;0\\udce9",
    ]


def test_problems_as_json(ran: Ran, real: str, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("".join(f"real_unknown_{n:04}.png,1\n" for n in (1, 2, 3)))
    status, out, _ = ran("validate", path, "--set", real, "--json")
    assert status == 1
    assert '"valid": false' in out
    row = '{"line": 2, "rule": "an identifier has no extension", "text": "real_unknown_0002.png,1"}'
    assert row in out
    assert '"status"' not in out


def test_many_problems_are_counted(ran: Ran, real: str, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("x,1\n" * 30)
    out = ran("validate", path, "--set", real)[1]
    assert out.count("\n") == 22
    assert out.endswith("  and 40 more\n")


@pytest.mark.parametrize("verb", ["membership", "reconstruct"])
def test_predictions_are_valid(verb: str, told: Told, library: Library, tmp_path: Path) -> None:
    leaky(library, "dev", 1)
    leaky(library, "test", 1, unknown=True)
    path = tmp_path / "run.csv"
    how = PIXELS if verb == "membership" else ("--size", "32", "--epochs", "1")
    told(verb, "dev", "--test", "test", *how, "--predictions", path)
    assert told("validate", path, "--set", "test")["n"] == 48


def test_a_submission_of_clusters_is_valid_and_labels_out_stays(
    told: Told, library: Library, tmp_path: Path
) -> None:
    """Three textures that are told apart: the same clusters in both files, one counted from 1."""
    make_set(library, "made")
    paths = tmp_path / "clusters.csv", tmp_path / "labels.csv"
    told("attribute", "made", *PIXELS, "--submission", paths[0], "--labels-out", paths[1])
    facts = told("validate", paths[0], "--set", "made")
    assert (facts["task"], facts["n"], facts["valid"]) == ("attribution", 18, True)
    clusters, labels = (path.read_text().splitlines() for path in paths)
    assert labels.pop(0) == "file,label,cluster"
    assert {row.split(",")[1] for row in clusters} == {"1", "2", "3"}
    assert [int(row.split(",")[1]) - 1 for row in clusters] == [int(row.split(",")[2]) for row in labels]


def test_the_task_can_be_said(ran: Ran, told: Told, library: Library, tmp_path: Path) -> None:
    """A membership set's generated images may be clustered as well."""
    leaky(library, "dev", 1)
    path = tmp_path / "clusters.csv"
    told("attribute", "dev", *PIXELS, "--k", "2", "--submission", path)
    assert told("validate", path, "--set", "dev", "--task", "attribution")["n"] == 24
    assert ran("validate", path, "--set", "dev")[0] == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("validate {tmp}/none.csv --set real", "No such file"),
        ("validate {tmp} --set real", "Is a directory"),
        ("validate {tmp}/run.csv --set none", "There is no data set 'none'"),
        ("validate {tmp}/run.csv --set real --task attribution", "The data set has no generated images"),
        ("validate {tmp}/run.csv --set real --task luck", "invalid choice: 'luck'"),
        ("validate {tmp}/run.csv", "required: --set"),
        ("attribute made --backbone lbp --submission {tmp}/no/out.csv", "can't be written"),
    ],
)
def test_a_mistake_is_status_2_and_one_line(
    command: str, sentence: str, ran: Ran, real: str, library: Library, tmp_path: Path
) -> None:
    make_set(library, "made")
    (tmp_path / "run.csv").write_text("")
    status, out, err = ran(*(word.format(tmp=tmp_path) for word in command.split()))
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


# -- published scores --------------------------------------------------------------------------------


def test_scores_that_can_not_be_true_are_status_1(ran: Ran) -> None:
    """Accuracy 0.883, precision 0.461 and F1 0.540 on 100 and 100 images."""
    scores = ("--accuracy", "0.883", "--precision", "0.461", "--f1", "0.540")
    status, out, err = ran("check-scores", *scores, "--used", 100, "--not-used", 100)
    assert (status, err) == (1, "")
    assert "can't all be true on 100 used and 100 not used images" in out
    status, out, _ = ran("check-scores", *scores, "--json")
    facts = json.loads(out)
    assert (status, facts["possible"], facts["example"]) == (0, True, None)
    assert facts["prevalence"] == pytest.approx([0.1047, 0.1060], abs=1e-4)


def test_scores_that_can_be_true_come_with_a_matrix(told: Callable[..., Any]) -> None:
    """3 of 4 right, and the used one found: one false alarm."""
    facts = told("check-scores", "--accuracy", "75%", "--recall", "1.0", "--used", 1, "--not-used", 3)
    assert facts["example"] == {"tp": 1, "fp": 1, "fn": 0, "tn": 2}
    assert facts["scores"]["kappa"] == 0.5
    assert facts["given"] == {"accuracy": "75%", "recall": "1.0"}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("", "at least one of accuracy"),
        ("--f1 high", "must be a number as it was printed"),
        ("--f1 1.2", "between 0 and 1"),
        ("--f1 0.5 --used 3", "numbers of used and of not used images"),
        ("--f1 0.5 --used -1 --not-used 3", "0 or more"),
        ("--f1 0.5 --used 1 --not-used 3 --images 5", "not the sum"),
        ("--f1 0.5 --images 0", "at least 1 together"),
    ],
)
def test_a_mistake_in_scores_is_status_2_and_one_line(flags: str, says: str, ran: Ran) -> None:
    status, out, err = ran("check-scores", *flags.split())
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert says in err
