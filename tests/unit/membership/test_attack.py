"""The interface of attacks: a third one, written in a few lines, gets the whole protocol."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.config import AutoencoderSpec, MembershipConfig, ReconstructionConfig
from core.engine import Engine
from core.errors import BadChoice
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership.attack import Attack
from core.membership.evaluation import AttackResult, Measurement, ground_truth
from core.store import Store
from core.types import ImageSet
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

COARSE = 8  # every eighth pixel: leaky() draws squares of 8 x 8


@dataclass(frozen=True)
class NearestConfig:
    rule: str = "best"
    seed: int = 0


@dataclass(frozen=True)
class NearestResult(AttackResult):
    config: NearestConfig


class NearestImageAttack(Attack[NearestConfig, NearestResult]):
    """Distance to the nearest generated image, in pixels."""

    def __init__(self, store: Store, library: Library) -> None:
        self.store, self.library = store, library

    def prepare(self, config: NearestConfig) -> tuple[NearestConfig, list[str]]:
        return config, ["Toy attack."]

    def measure(self, sets: Sequence[ImageSet], config: NearestConfig) -> list[Measurement]:
        return [self._measure(each) for each in sets]

    def _measure(self, image_set: ImageSet) -> Measurement:
        real, generated = (
            np.stack([self.library.pixels(file.sha256)[::COARSE, ::COARSE].ravel() for file in files]).astype(
                float
            )
            for files in (image_set.real, image_set.generated)
        )
        rows = cdist(real, generated).min(1)[None]
        return Measurement(image_set.name, image_set.real, rows, *ground_truth(image_set.real), False, {})

    def result(
        self,
        common: AttackResult,
        measured: Sequence[Measurement],
        sets: Sequence[ImageSet],
        config: NearestConfig,
    ) -> NearestResult:
        return NearestResult(**vars(common), config=config)

    def ready(self, sets: Sequence[ImageSet], config: NearestConfig) -> bool:
        return True

    def expected_seconds(self, sets: Sequence[ImageSet], config: NearestConfig) -> float:
        return 0

    def seed(self, config: NearestConfig) -> int:
        return config.seed


@pytest.fixture
def attack(store: Store, library: Library) -> NearestImageAttack:
    return NearestImageAttack(store, library)


def test_a_third_attack_finds_a_known_leak(attack: NearestImageAttack, library: Library) -> None:
    """All used images have a noisy copy, so the nearest image separates them: AUC 1, on test as well."""
    result = attack.run(leaky(library, "dev", 1), leaky(library, "test", 1), NearestConfig())
    assert result.outcome == "leak"
    assert result.reported is result.test
    assert result.test is not None
    assert result.test.verdict is not None
    assert result.test.verdict.scores["auc"].value == 1
    assert result.notes == ("Toy attack.",)


def test_a_third_attack_accuses_nobody_where_nothing_was_copied(
    attack: NearestImageAttack, library: Library
) -> None:
    result = attack.run(leaky(library, "dev", 0), leaky(library, "test", 0), NearestConfig())
    assert result.outcome == "none found"


def test_only_rules_that_the_config_names_are_selected_from(
    attack: NearestImageAttack, library: Library
) -> None:
    result = attack.run(leaky(library, "dev", 1), None, NearestConfig(rule="median"))
    assert result.development.rules == ("median",)
    assert result.development.choice.rule == "median"
    assert result.reported is result.dev


def test_candidate_distances_are_those_that_were_selected_from(
    attack: NearestImageAttack, library: Library
) -> None:
    development = leaky(library, "dev", 1)
    result = attack.run(development, None, NearestConfig())
    candidates = attack.candidate_distances(development, result)
    np.testing.assert_array_equal(candidates[result.development.choice.row], result.dev.distance)


CONFIGS = (
    MembershipConfig(PIXELS),
    ReconstructionConfig(AutoencoderSpec(size=32, bottleneck=8, epochs=2)),
)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_every_attack_of_the_engine_keeps_the_interface(
    config: MembershipConfig | ReconstructionConfig, store: Store, library: Library
) -> None:
    """Not ready before, ready after; the result names its parts, and the second run comes from the cache."""
    attack = Engine(store, library, Effort(8, 2)).attacks[type(config)]
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1)]
    assert not attack.ready(sets, config)
    assert attack.expected_seconds(sets, config) >= 0
    first = attack.run(*sets, config)
    assert isinstance(first, AttackResult)
    assert [first.dev.name, first.test and first.test.name] == ["dev", "test"]
    assert first.outcome in ("leak", "none found", "undefined")
    assert attack.ready(sets, config)
    again = attack.run(*sets, config)
    assert (first.cached, again.cached) == (False, True)
    np.testing.assert_array_equal(first.dev.distance, again.dev.distance)
    assert attack.candidate_distances(sets[0], first).shape[1] == len(first.dev.files)


def test_all_attacks_of_the_engine_are_tried_above(store: Store, library: Library) -> None:
    assert set(Engine(store, library).attacks) == {type(config) for config in CONFIGS}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_a_set_without_real_images_is_refused_in_one_sentence(
    config: MembershipConfig | ReconstructionConfig, store: Store, library: Library
) -> None:
    whole = leaky(library, "dev", 1)
    generated = ImageSet("only generated", "generators", whole.generated)
    library.add(generated)
    with pytest.raises(BadChoice, match="only generated"):
        Engine(store, library, Effort(8, 2)).attacks[type(config)].run(generated, None, config)
