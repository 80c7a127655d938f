"""Run files: what one machine found, another finds again, or says what differs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config import AutoencoderSpec, ClusterSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.engine import Config, Engine
from core.errors import BadChoice, ImprintError
from core.experiments import run_file
from core.images.library import Library
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.support.samples import make_set, noise
from tests.unit.conftest import Ran
from tests.unit.membership.test_cluster_distance import PIXELS, leaky
from tests.unit.test_engine import LBP

CONFIG = PipelineConfig(LBP, cluster=ClusterSpec(k=3))
SPEC = AutoencoderSpec(32, epochs=1)
Told = Callable[..., dict[str, Any]]


@pytest.fixture
def by(store: Store, library: Library) -> Engine:
    return Engine(store, library)


def test_a_run_comes_back_from_its_text(by: Engine, library: Library, tmp_path: Path) -> None:
    image_set = make_set(library)
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    path = tmp_path / "run.json"
    path.write_text(run.text(), "utf-8")
    assert run_file.read_run(path) == run
    assert len(run.labels) == len(image_set)


def test_the_same_again_under_another_name_and_order(by: Engine, library: Library, tmp_path: Path) -> None:
    """A clean home, the set imported by another name with its files the other way round, under other names.
    The clusters of white noise are not the generators: a perfect clustering would replay in any order."""
    images = noise(30)
    image_set = make_set(library, "set", {"a": images[:16], "b": images[16:25], "c": images[25:]})
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    assert 0 < run.scores["accuracy"] < 0.9
    other_library, other_store = Library(tmp_path / "other"), Store(tmp_path / "other" / "store")
    files = enumerate(reversed(image_set.files))
    renamed = ImageSet("renamed", "generators", tuple(replace(file, name=f"{i:03}.png") for i, file in files))
    for file in image_set.files:
        other_library.add_pixels(library.pixels(file.sha256))
    other_library.add(renamed)
    again = run_file.replay(Engine(other_store, other_library), other_library, run)
    assert again.same
    assert again.run.labels == run.labels
    assert again.run.scores == run.scores
    assert not again.others
    other_store.close()


def test_another_wording_is_no_difference_and_another_verdict_is(by: Engine, library: Library) -> None:
    """A file of an earlier version says the same in other words: sentences, and why a score is undefined."""
    image_set = make_set(library)
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    words = {"sentence": "as it was put before", "undefined": {"ari": "as before"}, "verdict": "leak"}
    now = {"sentence": "as it is put now", "undefined": {"ari": "as now"}, "verdict": "leak"}
    assert run_file._scores("", words, now) == []
    assert [each.what for each in run_file._scores("", words, {**now, "verdict": "none found"})] == [
        "verdict"
    ]
    assert [each.what for each in run_file._scores("", words, {**now, "undefined": {}})] == ["undefined.ari"]
    assert run_file.replay(by, library, run).same


def test_a_file_of_the_first_format_means_the_silhouette_by_auto(by: Engine, library: Library) -> None:
    """What selected k then is called "silhouette" now: the file replays without a difference."""
    image_set = make_set(library)
    config = replace(CONFIG, cluster=replace(CONFIG.cluster, k="silhouette"))
    raw = run_file.make_run([image_set], by.answer([image_set], config)).as_json()
    before = json.loads(json.dumps(raw))
    before["format"] = 1
    before["config"]["cluster"]["k"] = "auto"
    before["scores"]["k_source"] = "auto"
    run = run_file.from_json(before)
    assert run.config == config
    assert run_file.replay(by, library, run).same


def test_labels_are_numbered_as_they_come_by_hash(by: Engine, library: Library) -> None:
    """The first image by hash is always in cluster 0."""
    image_set = make_set(library)
    labels = run_file.labels(by.answer([image_set], CONFIG))
    assert labels[0] == 0
    assert list(np.unique(labels)) == [0, 1, 2]


def test_what_differs_is_told_by_its_path(by: Engine, library: Library) -> None:
    image_set = make_set(library)
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    changed = replace(
        run,
        scores={**run.scores, "ari": 0.5, "intervals": {**run.scores["intervals"], "nmi": [0.0, 0.1]}},
        labels=(1 - run.labels[0], *run.labels[1:]),
        versions={**run.versions, "numpy": "1.0"},
    )
    again = run_file.replay(by, library, changed)
    assert not again.same
    assert [each.what for each in again.differences] == ["labels", "ari", "intervals.nmi"]
    assert [(each.what, each.was) for each in again.others] == [("numpy", "1.0")]


def test_a_file_of_before_is_told_that_intervals_are_drawn_in_another_way(
    by: Engine, library: Library
) -> None:
    """An earlier version had a bootstrap, and no entry for it: the scores are compared, their intervals and
    p-values are not, and the versions say so. A score that differs still differs."""
    image_set = make_set(library)
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    intervals = {name: [1.0, 1.0] for name in run.scores["intervals"]}
    versions = {name: number for name, number in run.versions.items() if name != run_file.OF_STATISTICS}
    before = replace(
        run, scores={**run.scores, "intervals": intervals, "ari_ci": [1.0, 1.0]}, versions=versions
    )
    again = run_file.replay(by, library, before)
    assert again.same
    assert [each.what for each in again.others] == ["intervals and p-values"]
    assert again.not_compared.startswith("Intervals and p-values were not compared: the file's version")
    assert not run_file.replay(by, library, replace(before, scores={**before.scores, "ari": 0.5})).same
    assert not run_file.replay(by, library, replace(before, versions=run.versions)).same


def test_training_data_is_replayed_with_both_sets(by: Engine, library: Library) -> None:
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1)]
    run = run_file.make_run(sets, by.answer(sets, MembershipConfig(PIXELS)))
    assert len(run.labels) == len(sets[1].real)
    assert run.scores["dev"]["auc"] > 0.9
    assert run_file.replay(by, library, run).same


@pytest.mark.parametrize("config", [MembershipConfig(PIXELS), ReconstructionConfig(SPEC)])
def test_an_attack_of_before_is_told_that_its_intervals_are_drawn_in_another_way(
    config: Config, by: Engine, library: Library
) -> None:
    """The file has other intervals, p-values and another verdict, and lacks what was not noted then; its F1
    is compared all the same."""
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1)]
    run = run_file.make_run(sets, by.answer(sets, config))
    assert run_file.replay(by, library, run).not_compared == ""
    part = {**run.scores["test"], "intervals": {"auc": [0.0, 1.0]}, "p_value": 0.9}
    part = {name: value for name, value in part.items() if name not in ("ungrouped", "copies")}
    scores = {**run.scores, "test": part, "verdict": "as before", "p_value": 0.9}
    before = replace(run, scores=scores, versions={**run.versions, run_file.OF_STATISTICS: "2.2"})
    again = run_file.replay(by, library, before)
    assert again.same
    assert again.not_compared == (
        "Intervals, p-values and the verdict, which follows from them, were not compared: the file's version "
        f"draws them in another way. The verdict is “as before” in the run file and "
        f"“{run.scores['verdict']}” here."
    )
    other = replace(before, scores={**scores, "test": {**part, "f1": 0.123}})
    assert [each.what for each in run_file.replay(by, library, other).differences] == ["test.f1"]


def test_training_data_without_groups_is_the_same_under_other_file_names(
    by: Engine, library: Library
) -> None:
    """On an attack that makes mistakes, so that another fold or another draw would change a number."""
    whole = leaky(library, "dev", 0.3)
    first = [ImageFile(f"{i:03}.png", f.sha256, f.role) for i, f in enumerate(whole.files)]
    turned = [replace(file, name=f"{999 - i:03}.png") for i, file in enumerate(first)][::-1]
    one, other = (ImageSet(name, "membership", tuple(files)) for name, files in (("a", first), ("b", turned)))
    run = run_file.make_run([one], by.answer([one], MembershipConfig(PIXELS)))
    assert 0.3 < run.scores["f1"] < 0.95
    library.add(other)
    replayed = run_file.replay(by, library, run)
    assert replayed.run.sets[0].name == "b"
    assert replayed.differences == ()


def test_a_set_that_is_not_here_or_has_another_truth_is_one_sentence(by: Engine, library: Library) -> None:
    image_set = make_set(library)
    run = run_file.make_run([image_set], by.answer([image_set], CONFIG))
    library.delete(image_set.name)
    with pytest.raises(ImprintError, match="is missing"):
        run_file.replay(by, library, run)
    relabelled = make_set(library, "other")
    library.add(replace(relabelled, files=tuple(replace(f, label="x") for f in relabelled.files)))
    with pytest.raises(
        ImprintError, match="are here as 'other', but with other roles, labels or patient groups"
    ):
        run_file.replay(by, library, run)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not json", "does not contain JSON"),
        ("[1, 2]", "not a run file of format 2"),
        ('{"format": 9}', "not a run file of format 2"),
        ('{"format": 1, "sets": []}', "damaged run file"),
        ("[" * 100_000, "does not contain JSON"),
    ],
)
def test_a_file_that_is_no_run_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadChoice, match=sentence):
        run_file.read_run(path)


# -- the command line ---------------------------------------------------------------------------------


def test_the_verb_says_the_same_or_exits_with_1(
    told: Told, ran: Ran, library: Library, tmp_path: Path
) -> None:
    make_set(library, "mine")
    path = tmp_path / "run.json"
    first = told("attribute", "mine", "--backbone", "lbp", "--save-run", path)
    again = told("run", path)
    assert again["same"]
    assert again["scores"]["ari"] == first["ari"]
    assert len(again["labels"]) == first["n"]
    raw = json.loads(path.read_text())
    raw["scores"]["ari"] = 0.123456
    path.write_text(json.dumps(raw))
    status, out, _ = ran("run", path)
    assert status == 1
    assert "1 value differs" in out
    assert "ari: 0.123456 in the run file, 1.0 here" in out


def test_a_missing_run_file_is_a_users_mistake(ran: Ran, tmp_path: Path) -> None:
    status, out, err = ran("run", tmp_path / "none.json")
    assert (status, out) == (2, "")
    assert "can't be read" in err


def test_the_log_lists_all_that_was_tried(told: Told, library: Library, tmp_path: Path) -> None:
    make_set(library, "mine")
    told("attribute", "mine", "--backbone", "lbp")
    told("attribute", "mine", "--backbone", "lbp", "--k", "2")
    told("cache", "clear")
    found = told("runs", "--csv", tmp_path / "runs.csv")["runs"]
    assert [row["k"] for row in found] in ([2, 3], [3, 2])
    lines = (tmp_path / "runs.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("time,kind,sets,backbone")
