"""The grid of distances and scores, and the attacks from the literature."""

import numpy as np
import pytest

from core.battery.pairwise import PAIRWISE
from core.battery.scores import SCORES
from core.errors import BadChoice, UnknownName
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership.metrics import auc
from core.release.assessment import Assessor
from core.release.attacks import grid, paper
from core.release.attacks.catalog import BATTERY, OTHERS, find_attack
from core.release.attacks.family import Inputs
from core.release.attacks.grid import DISTANCES, Distance, GridAttack
from core.store import Store
from core.types import ImageSet, Role
from tests.unit.release.conftest import leaky


@pytest.fixture
def embedder(assessor: Assessor) -> Embedder:
    return assessor.embedder


def inputs(image_set: ImageSet, reference: tuple[str, ...] = ()) -> tuple[Inputs, np.ndarray]:
    real = sorted(image_set.real, key=lambda file: file.sha256)
    made = tuple(sorted({file.sha256 for file in image_set.generated}))
    used = np.array([file.role is Role.REAL_USED for file in real])
    return Inputs(tuple(file.sha256 for file in real), made, reference), used


@pytest.mark.parametrize("distance", ["pixels", "registered", "patches", "pixels@outer"])
@pytest.mark.parametrize("score", ["nearest", "scaled", "monte-carlo"])
def test_every_distance_goes_with_every_score(
    distance: str, score: str, embedder: Embedder, leak: ImageSet
) -> None:
    """Each used image has a copy: an AUC of at least 0.9, or of 0.75 where a part of the image or a count is
    all that is looked at."""
    given, used = inputs(leak)
    found = GridAttack(f"{distance}/{score}").score(embedder, given)
    assert np.isfinite(found.scores).all()
    least = 0.75 if score == "monte-carlo" or "@" in distance else 0.9
    assert auc(-found.scores[None], used)[0, 0] >= least


@pytest.mark.parametrize("score", ["calibrated", "density-ratio"])
def test_attacks_that_compare_with_a_reference(
    score: str, embedder: Embedder, library: Library, leak: ImageSet
) -> None:
    reference = tuple(file.sha256 for file in leaky(library, "reference", 0).generated)
    given, used = inputs(leak, reference)
    attack = GridAttack(f"pixels/{score}")
    assert attack.needs_reference
    found = attack.score(embedder, given)
    assert np.isfinite(found.scores).all()
    assert auc(-found.scores[None], used)[0, 0] > (0.9 if score == "calibrated" else 0.4)


def test_the_papers_cluster_distance_is_one_of_the_family(
    embedder: Embedder, leak: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pixels as its features: copies are nearest to a cluster of their own."""
    pixels = catalog.spec("pixels")
    monkeypatch.setattr(paper.catalog, "spec", lambda *_: pixels)
    given, used = inputs(leak)
    found = find_attack("cluster-distance").score(embedder, given)
    assert auc(-found.scores[None], used)[0, 0] > 0.9


def test_names_are_checked() -> None:
    for name in (*BATTERY, *OTHERS):
        assert find_attack(name).name == name
    for name, message in (
        ("luck", "There is no attack 'luck'"),
        ("pixels/luck", "There is no score 'luck'"),
        ("heart/nearest", "There is no distance 'heart'"),
        ("pixels@heart/nearest", "There is no crop 'heart'"),
    ):
        with pytest.raises(UnknownName, match=message):
            find_attack(name)
    assert set(BATTERY).isdisjoint(OTHERS)


def test_a_new_distance_is_one_line(embedder: Embedder, leak: ImageSet) -> None:
    """The largest difference of any pixel."""
    PAIRWISE.register("largest", lambda a, b: np.abs(a[:, None] - b[None]).max(2).astype(float))
    DISTANCES.register("largest", Distance("Largest difference", lambda: catalog.spec("pixels"), "largest"))
    given, used = inputs(leak)
    found = find_attack("largest/scaled").score(embedder, given)
    assert auc(-found.scores[None], used)[0, 0] == 1
    assert "scaled" in SCORES.names()


class Lungless(Embedder):
    """Finds lungs nowhere in the images that are named."""

    without: frozenset[str] = frozenset()

    def lungless(self, ids: object) -> set[str]:
        return set(ids) & self.without  # type: ignore[call-overload]


@pytest.fixture
def blind(store: Store, library: Library) -> Lungless:
    return Lungless(store, library, Effort(8, 2), lambda _: None)


def test_images_without_lungs_score_lowest_and_places_are_of_those_with(
    blind: Lungless, leak: ImageSet
) -> None:
    """The first generated image is left out, so all places move by one: hashes are read from what was
    compared."""
    given, _ = inputs(leak)
    blind.without = frozenset({given.generated[0], given.real[3]})
    found = GridAttack("pixels@lung/nearest").score(blind, given)
    assert found.generated == given.generated[1:]
    assert found.scores[3] == found.scores.min()
    assert found.nearness is not None
    assert found.nearness.places.max() == len(given.generated) - 2


@pytest.mark.parametrize("side", ["generated", "real"])
def test_no_lungs_at_all_is_said(side: str, blind: Lungless, leak: ImageSet) -> None:
    given, _ = inputs(leak)
    blind.without = frozenset(getattr(given, side))
    with pytest.raises(BadChoice, match="no lung was found in any of"):
        GridAttack("pixels@lung/nearest").score(blind, given)


def test_the_weights_are_part_of_an_attacks_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = GridAttack("pixels/nearest").identity()
    monkeypatch.setattr(grid, "feature_key", lambda *_: "other weights")
    assert GridAttack("pixels/nearest").identity() != before
