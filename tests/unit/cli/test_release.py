"""The verb release: its flags, its JSON and its sentences."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.images.library import Library
from core.release.config import ReleaseConfig
from core.types import ImageSet
from tests.unit.conftest import Ran
from tests.unit.membership.test_cluster_distance import leaky
from tests.unit.release.conftest import battery, changed, real_as

Told = Callable[..., dict[str, Any]]
KEYS = {
    *("verdict", "sentence", "headline", "corrected_p", "attacks", "copies", "at_risk", "fidelity", "notes"),
    *("reported", "declared", "least_p", "not_run", "controls", "power", "confounds", "sets", "config"),
}
HEADLINE = {"attack", "auc", "auc_ci", "tpr_at_1fpr", "tpr_at_5fpr", "p_value", "corrected_p", "declared"}

__all__ = ["battery"]  # of pixels alone, for each test here


@pytest.fixture
def sets(library: Library) -> tuple[ImageSet, ImageSet]:
    return leaky(library, "dev", 1), leaky(library, "test", 1)


def test_the_verdict_is_told_with_all_that_it_rests_on(told: Told, sets: object) -> None:
    facts = told("release", "dev", "--test", "test", "--context", "public")
    assert facts.keys() >= KEYS
    assert facts["verdict"] == "exposure found"
    assert facts["headline"].keys() >= HEADLINE
    assert facts["headline"]["auc"] == 1
    assert facts["headline"]["tpr_at_1fpr"] is None  # of 24 not used
    assert "at least 100 are needed" in facts["headline"]["undefined"][0]
    assert [row["battery"] for row in facts["attacks"]] == [True] * 4
    assert {"rate", "images", "groups"} <= facts["at_risk"].keys()
    assert facts["config"]["context"] == "public"
    assert told("release", "dev", "--test", "test", "--context", "public") == facts


def test_people_read_the_verdict_first(ran: Ran, sets: object) -> None:
    status, out, _ = ran("release", "dev", "--headline", "pixels/nearest", "--seed", "3")
    lines = out.splitlines()
    assert status == 0
    assert lines[0].startswith("Exposure found: Pixels, nearest tells used images from others with an AUC of")
    assert lines[1] == "Headline attack: Pixels, nearest (chosen by the user)."
    assert "Named at a false discovery rate of 10%:" in out


def test_attacks_are_added_and_said_not_to_run(told: Told, sets: object) -> None:
    facts = told("release", "dev", "--attacks", "pixels/monte-carlo,pixels/calibrated", "--rate", "0.2")
    assert "pixels/monte-carlo" in {row["attack"] for row in facts["attacks"]}
    assert facts["not_run"] == ["Pixels, calibrated: needs a reference set"]
    assert facts["at_risk"]["rate"] == 0.2


def test_a_table_names_patients(
    told: Told, library: Library, sets: tuple[ImageSet, ...], tmp_path: Path
) -> None:
    """Without patients there is a note how to name them; with the table's, the groups are the table's."""
    bare = changed(sets[0], real_as(group=None), "bare")
    library.add(bare)
    table = tmp_path / "patients.csv"
    with table.open("w", newline="") as file:
        rows = [(f.name, f"P{i // 2}") for i, f in enumerate(bare.real)]
        csv.writer(file).writerows([("file", "patient"), *rows])
    facts = told("release", "bare")
    assert any("--patients" in note for note in facts["notes"])
    facts = told("release", "bare", "--patients", table)
    assert not any("--patients" in note for note in facts["notes"])
    assert facts["sets"][0]["groups"] == 24


def test_what_remains_is_saved_and_assessed(told: Told, library: Library) -> None:
    """A generator of which a quarter are copies."""
    leaky(library, "some", 0.5)
    leaky(library, "other", 1)
    facts = told("release", "other", "--test", "some", "--remaining", "left", "--rate", "0.5")
    left = facts["remaining"]
    assert left["removed"] == len(facts["at_risk"]["exposing"]) > 0
    assert "no proof" in left["warning"]
    assert left["verdict"] in ("exposure found", "not found", "cannot tell")
    assert len(library.get("left").generated) == 24 - left["removed"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("none", "There is no data set 'none'"),
        ("dev --test dev", "dev"),
        ("dev --context friends", "invalid choice: 'friends'"),
        ("dev --rate 0.9", "The false discovery rate is from 0.001 to 0.5; got 0.9"),
        ("dev --seed -1", "A seed is a whole number"),
        ("dev --headline luck", "There is no attack 'luck'"),
        ("dev --headline pixels/calibrated", "compares with a reference set, and there is none"),
        ("dev --attacks heart/nearest", "There is no distance 'heart'"),
        ("dev --reference dev", "All images of the reference set 'dev' are of the assessed sets"),
        ("dev --patients names", "--patients takes a table; got 'names'"),
        ("dev --patients {tmp}/no.csv", "can't be read"),
    ],
)
def test_a_mistake_is_status_2_and_one_line(
    command: str, sentence: str, ran: Ran, sets: object, tmp_path: Path
) -> None:
    status, out, err = ran("release", *(word.format(tmp=tmp_path) for word in command.split()))
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_configuration_is_read_back() -> None:
    config = ReleaseConfig("pixels/nearest", ("a/b",), 0.2, "public", True, 3)
    assert ReleaseConfig.from_json(json.loads(json.dumps(config.as_json()))) == config
