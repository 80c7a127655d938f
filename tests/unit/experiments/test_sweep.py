"""Sweeps: every stage once, rows that fail alone, and a choice that is paid for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.clustering import contingency, metrics
from core.config import MembershipConfig
from core.engine import Answer, Config, Engine
from core.errors import BadChoice
from core.experiments import sweep
from core.experiments.grid import Grid
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from core.types import ImageSet, Role
from tests.support.samples import Counting, make_set, noise
from tests.unit.conftest import Ran
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

LBP, SPECTRUM = catalog.spec("lbp"), catalog.spec("residual_spectrum", size=32)
Told = Callable[..., dict[str, Any]]


def test_a_grid_combines_all_and_leaves_out_what_is_the_same() -> None:
    """2 backbones x 2 shares x (2 linkages + k-means, which has none) x 2 k = 24."""
    grid = Grid(
        (LBP, SPECTRUM),
        variances=(None, 0.9),
        methods=("hierarchical", "kmeans"),
        linkages=("ward", "average"),
        ks=("known", 2),
    )
    assert len(grid.attributions().configs) == 24
    assert [config.feature for config in grid.attributions().configs] == [LBP] * 12 + [SPECTRUM] * 12


def test_every_stage_is_computed_once(library: Library) -> None:
    """2 backbones, 2 shares, Ward and average, 2 k: each of 18 images once a backbone, 2 PCA, 8 trees (not
    16). The second sweep computes nothing."""
    image_set = make_set(library)
    store = Counting()
    made = store.made
    grid = Grid((LBP, SPECTRUM), variances=(None, 0.9), linkages=("ward", "average"), ks=("known", 2))
    configs = grid.attributions()
    swept = sweep.evaluate_all(Engine(store, library), [image_set], configs)
    assert len(swept.rows) == 16
    assert made["embeddings"] == 2 * len(image_set)
    assert made["pca"] == 2
    assert made["tree"] == 8
    assert made["clusters"] == 16
    made.clear()
    again = sweep.evaluate_all(Engine(store, library), [image_set], configs)
    assert not made
    assert [row.score for row in again.rows] == [row.score for row in swept.rows]
    assert again.p_value == swept.p_value
    store.close()


def test_a_row_that_can_not_run_says_why_and_the_others_go_on(library: Library, store: Store) -> None:
    image_set = make_set(library)
    grid = Grid((catalog.spec("resnet50"), LBP), ks=(3, 99))
    seen: list[str | None] = []
    swept = sweep.evaluate_all(
        Engine(store, library), [image_set], grid.attributions(), lambda row: seen.append(row.error)
    )
    assert ["ResNet50 needs" in (row.error or "") for row in swept.rows] == [True, True, False, False]
    assert "k is 99, but this data set has 18 images" in (swept.rows[3].error or "")
    assert swept.best == 2
    assert seen == [row.error for row in swept.rows]


def test_an_unlabelled_test_set_has_no_score(library: Library, store: Store) -> None:
    """Development's F1 of about 1 is not shown as that of a test set whose truth nobody knows."""
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1, unknown=True)]
    listed = Grid((PIXELS,)).memberships()
    swept = sweep.evaluate_all(Engine(store, library, Effort(8, 2)), sets, listed)
    assert swept.test is not None
    shown = swept.test.as_json()
    assert {shown[name] for name in sweep.SHOWN} == {None}
    assert shown["p_value"] is None
    assert swept.rows[0].numbers["f1"] > 0.9


def test_the_best_on_development_is_reported_on_test(library: Library, store: Store) -> None:
    image_set, test = make_set(library, "dev"), make_set(library, "test", {"x": [], **_other()})
    grid = Grid((LBP,), ks=(2, 3))
    swept = sweep.evaluate_all(Engine(store, library), [image_set, test], grid.attributions())
    assert swept.best == 1
    assert swept.test is not None
    assert swept.test.numbers["k"] == 3


def _other() -> dict[str, list[np.ndarray]]:
    from tests.support.samples import generators

    return generators(seed=5)


def test_the_choice_among_many_is_paid_for() -> None:
    """60 random groupings of 40 images: the best has an ARI that alone would be rare, and is not. The same
    grouping 60 times over is one grouping."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    groupings = [rng.integers(0, 2, 40) for _ in range(60)]
    best = max(groupings, key=lambda each: float(metrics.ari(_table(labels, each))[0]))
    alone, among = metrics.corrected_p_value(labels, [best]), metrics.corrected_p_value(labels, groupings)
    assert alone < 0.05 < among
    assert metrics.corrected_p_value(labels, [best] * 60) == alone


def _table(labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    return contingency.contingency_table([str(label) for label in labels], clusters)[1][None].astype(float)


def test_other_file_names_change_no_p_value(library: Library, store: Store) -> None:
    """White noise, so that the p-value is a share of permutations somewhere between 0 and 1."""
    images = noise(30)
    image_set = make_set(library, "s", {"a": images[:16], "b": images[16:]})
    files = tuple(replace(file, name=f"{29 - i:03}.png") for i, file in enumerate(image_set.files))
    renamed = replace(image_set, name="renamed", files=files[::-1])
    configs = Grid((LBP,), ks=(2, 3, 4)).attributions()
    found = [sweep.evaluate_all(Engine(store, library), [each], configs) for each in (image_set, renamed)]
    assert found[0].p_value is not None
    assert 0.01 < found[0].p_value < 1
    assert found[0].p_value == found[1].p_value


def test_copies_are_no_more_evidence(library: Library, store: Store) -> None:
    """The best of three clusterings of 20 images of noise, and of four copies of each."""
    images = noise(20)
    once = make_set(library, "once", {"a": images[:10], "b": images[10:]})
    again = make_set(library, "again", {"a": images[:10] * 4, "b": images[10:] * 4})
    configs = Grid((LBP,), ks=(2, 3, 4)).attributions()
    found = [sweep.evaluate_all(Engine(store, library), [each], configs).p_value for each in (once, again)]
    assert found[0] == found[1]


def test_memberships_are_chosen_on_development(library: Library, store: Store) -> None:
    dev, test = leaky(library, "dev", 1), leaky(library, "test", 1)
    grid = Grid((PIXELS, LBP), distances=("min", "avg"), rules=("means", "balanced"))
    configs = grid.memberships()
    assert len(configs.configs) == 8
    swept = sweep.evaluate_all(Engine(store, library), [dev, test], configs)
    assert swept.best is not None
    best = swept.rows[swept.best]
    assert best.config.feature == PIXELS
    assert best.numbers["distance"] == "min"
    assert swept.p_value is not None
    assert swept.p_value < 0.01
    assert swept.test is not None
    assert swept.test.numbers["auc"] > 0.95


def test_a_swapped_set_is_not_crowned(library: Library, store: Store) -> None:
    """The generated images are copies of what is called not used: even the best distance has an AUC below
    0.5, and the verdict asks for used images that are nearer."""
    found = leaky(library, "dev", 1)
    other = {Role.REAL_USED: Role.REAL_NOT_USED, Role.REAL_NOT_USED: Role.REAL_USED}
    files = tuple(replace(file, role=other.get(file.role, file.role)) for file in found.files)
    swapped = replace(found, name="swapped", files=files)
    swept = sweep.evaluate_all(Engine(store, library), [swapped], Grid((PIXELS,)).memberships())
    assert swept.rows[0].numbers["auc"] < 0.5
    assert swept.best is None
    assert swept.remark is not None
    assert swept.remark.startswith("In 1 configuration of 1 used images are farther")
    assert swept.as_json()["remark"] == swept.remark
    right = sweep.evaluate_all(Engine(store, library), [found], Grid((PIXELS,)).memberships())
    assert (right.best, right.remark) == (0, None)


@pytest.mark.parametrize("error", [BadChoice("no lung was found"), ValueError("no argmax")])
def test_a_crop_that_can_not_be_measured_is_a_row_with_a_sentence(
    error: Exception, library: Library, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crops full and lung where no lung is found: full has its row, lung a sentence, whatever was raised."""
    dev, by = leaky(library, "dev", 1), Engine(store, library)
    answer = by.answer

    def fail(sets: Sequence[ImageSet], config: Config) -> Answer:
        if isinstance(config, MembershipConfig) and config.crop == "lung":
            raise error
        return answer(sets, config)

    monkeypatch.setattr(by, "answer", fail)
    swept = sweep.evaluate_all(by, [dev], Grid((PIXELS,), crops=("full", "lung")).memberships())
    assert [row.error is None for row in swept.rows] == [True, False]
    assert str(error) in str(swept.rows[1].error)
    assert swept.best == 0


def test_a_grid_without_end_is_refused() -> None:
    with pytest.raises(BadChoice, match="has 6000 configurations; choose at most 5000"):
        Grid((LBP,), ks=tuple(range(1, 6001))).attributions()


# -- the command line ---------------------------------------------------------------------------------


def test_the_verb_tells_a_row_for_each(told: Told, library: Library) -> None:
    make_set(library, "mine")
    facts = told("sweep", "mine", "--backbone", "lbp,pixels", "--pca", "none,0.9", "--k", "2,3")
    assert len(facts["rows"]) == 8
    assert {row["config"]["backbone"] for row in facts["rows"]} == {"lbp", "pixels"}
    assert facts["rows"][facts["best"]]["ari"] == max(row["ari"] for row in facts["rows"])
    assert facts["p_value"] <= 0.01


def test_the_verb_speaks_of_training_data_where_there_are_real_images(ran: Ran, library: Library) -> None:
    leaky(library, "dev", 1)
    leaky(library, "test", 1)
    status, out, _ = ran("sweep", "dev", "--test", "test", "--backbone", "pixels,lbp")
    assert status == 0
    assert "corrected for selection out of 2: p < 0.001" in out
    assert "test set: Pixels, crop full, ward" in out
    chosen, reported = out.split("test set: ")
    assert "(best of 112, optimistic)" in chosen  # 2 distances, 14 k up to 24 images and 4 rules
    assert "optimistic" not in reported


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--backbone", "lbp,magic"), "magic"),
        (("--pca", "none,much"), "--pca must be a share of variance"),
        (("--linkage", ","), "one or more values separated by commas"),
        (("--k", "0"), "k is a whole number from 1"),
    ],
)
def test_a_mistake_is_one_line(flags: tuple[str, str], sentence: str, ran: Ran, library: Library) -> None:
    make_set(library, "mine")
    status, out, err = ran("sweep", "mine", "--backbone", "lbp", *flags)
    assert (status, out) == (2, "")
    assert sentence in err
