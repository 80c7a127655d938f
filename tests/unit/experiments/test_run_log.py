import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import engine as core_engine
from core.attribution.pipeline import Attribution, Pipeline
from core.clustering import metrics
from core.config import ClusterSpec, MembershipConfig, PipelineConfig
from core.engine import ATTRIBUTION, MEMBERSHIP
from core.experiments import run_log
from core.features import catalog
from core.images.library import Library
from core.membership.cluster_distance import ClusterDistanceAttack
from core.store import Store
from core.types import ImageSet
from tests.support.samples import generators, make_set
from tests.unit.membership.test_cluster_distance import PIXELS, leaky


def attribute(store: Store, library: Library, image_set: ImageSet, **cluster: object) -> Attribution:
    config = PipelineConfig(catalog.spec("lbp"), cluster=ClusterSpec(**cluster))  # type: ignore[arg-type]
    result = Pipeline(store, library).attribute(image_set, config)
    run_log.record([image_set], result)
    return result


def test_best_first_undefined_last_and_each_configuration_once(store: Store, library: Library) -> None:
    """k = 3 is the truth, 2 can't reach it, 1 has no ARI."""
    image_set = make_set(library)
    for k in (1, 2, 3, 3, 2):
        attribute(store, library, image_set, k=k)
    rows = run_log.ranked_runs(ATTRIBUTION, [image_set])
    assert [row["k"] for row in rows] == [3, 2, 1]
    assert rows[0]["ari"] > rows[1]["ari"]
    assert (rows[2]["ari"], rows[2]["ari_ci"], rows[2]["p_value"]) == (None, None, None)


def test_a_row_holds_the_configuration_and_its_numbers(store: Store, library: Library) -> None:
    image_set = make_set(library)
    result = attribute(store, library, image_set, k=3)
    (row,) = run_log.ranked_runs(ATTRIBUTION, [image_set])
    ari = result.agreement.scores["ari"]
    assert datetime.fromisoformat(row["time"]) <= datetime.now(UTC)
    assert core_engine.from_json(row["spec"]) == result.config
    assert {name: row[name] for name in row if name not in ("id", "numbers", "time", "spec")} == {
        "kind": "attribution",
        "sets": [image_set.name],
        "config": result.config.flat(),
        "k": 3,
        "ari": ari.value,
        "ari_ci": [ari.low, ari.high],
        "p_value": result.agreement.p_value,
        "n_features": 10,
    }


def test_the_trail_belongs_to_pixels_and_labels_not_to_a_name(store: Store, library: Library) -> None:
    """Renamed and reordered: the same trail. Other labels: other scores, so another trail."""
    images = generators()
    image_set = make_set(library, "one", images)
    attribute(store, library, image_set, k=3)
    renamed = ImageSet(
        "two", "flat", tuple(replace(f, name=f"{f.sha256}.png") for f in image_set.files[::-1])
    )
    assert len(run_log.ranked_runs(ATTRIBUTION, [renamed])) == 1
    relabelled = replace(image_set, files=tuple(replace(file, label="x") for file in image_set.files))
    assert run_log.ranked_runs(ATTRIBUTION, [relabelled]) == []


def test_training_data_has_a_trail_of_its_pair_of_sets(store: Store, library: Library) -> None:
    """Best AUC on development first; another test set is another trail."""
    dev, test = leaky(library, "dev", 0.5), leaky(library, "test", 0.5)
    engine = ClusterDistanceAttack(store, library)
    for k in (2, 24, 2):
        result = engine.run(dev, test, MembershipConfig(PIXELS, distance="min", k=k))
        run_log.record([dev, test], result)
    rows = run_log.ranked_runs(MEMBERSHIP, [dev, test])
    assert [row["k"] for row in rows] == [24, 2]
    assert rows[0]["dev_auc"] > rows[1]["dev_auc"]
    assert rows[0]["config"]["backbone"] == "pixels"
    assert run_log.ranked_runs(MEMBERSHIP, [dev]) == []


def test_a_line_that_was_cut_off_is_passed_over(store: Store, library: Library, home: Path) -> None:
    """As a crash leaves it: the rows before it stand, and the next is told apart from it."""
    image_set = make_set(library)
    attribute(store, library, image_set, k=3)
    (path,) = (home / "runs").iterdir()
    whole = path.read_text()
    path.write_text(whole + whole[:40])
    assert len(run_log.ranked_runs(ATTRIBUTION, [image_set])) == 1
    attribute(store, library, image_set, k=2)
    assert [row["k"] for row in run_log.ranked_runs(ATTRIBUTION, [image_set])] == [3, 2]


def test_numbers_of_another_version_are_marked_and_then_replaced(
    store: Store, library: Library, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised, the version of the scores makes a run of before one of an earlier version; the same run again
    takes its place. A log of before, which has no versions, is read as one of an earlier version."""
    image_set = make_set(library)
    result = attribute(store, library, image_set, k=3)
    assert [run_log.flatten(row)["earlier_version"] for row in run_log.all_runs()] == [False]
    monkeypatch.setattr(metrics, "VERSION", metrics.VERSION + 1)
    assert [run_log.flatten(row)["earlier_version"] for row in run_log.all_runs()] == [True]
    better = {**result.agreement.scores, "ari": replace(result.agreement.scores["ari"], value=0.5)}
    run_log.record([image_set], replace(result, agreement=replace(result.agreement, scores=better)))
    for rows in (run_log.all_runs(), run_log.ranked_runs(ATTRIBUTION, [image_set])):
        assert [(row["ari"], run_log.flatten(row)["earlier_version"]) for row in rows] == [(0.5, False)]
    (path,) = (home / "runs").iterdir()
    before = [
        {n: v for n, v in json.loads(line).items() if n != "numbers"}
        for line in path.read_text().splitlines()
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in before))
    assert [run_log.flatten(row)["earlier_version"] for row in run_log.all_runs()] == [True]
    run_log.record([image_set], result)
    assert [run_log.flatten(row)["earlier_version"] for row in run_log.all_runs()] == [False]


def test_a_thousand_rows_are_each_noted_once(store: Store, library: Library, home: Path) -> None:
    """Each configuration once, in the order in which they came; the log has them, the latest first."""
    image_set = make_set(library)
    result = attribute(store, library, image_set, k=3)
    for seed in range(1, 1000):
        config = replace(result.config, cluster=replace(result.config.cluster, seed=seed))
        run_log.record([image_set], replace(result, config=config))
    assert len(run_log.ranked_runs(ATTRIBUTION, [image_set])) == 1000
    assert len(run_log.all_runs()) == 1000
