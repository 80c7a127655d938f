"""Which attack is the best on development, and at which threshold its advantage is measured."""

import numpy as np
import pytest

from core.membership.metrics import GroundTruth
from core.membership.sets.copies import NO_COPIES
from core.membership.sets.facts import SetFacts
from core.release import evidence
from core.release.attacks.family import Scored
from core.release.evidence import best_on_development
from core.release.measuring import Measured
from core.release.parts import part_of
from core.types import ImageFile, ImageSet, Role


def measured(**scores: np.ndarray) -> Measured:
    """20 used people, then 20 others."""
    roles = [Role.REAL_USED] * 20 + [Role.REAL_NOT_USED] * 20
    files = [ImageFile(f"{i:02}", f"{i:02}", role, group=f"{i:02}") for i, role in enumerate(roles)]
    image_set = ImageSet("s", "membership", (ImageFile("g", "g"), *files))
    part = part_of(image_set, SetFacts({}, NO_COPIES, ""))
    return Measured(part, {name: Scored(row) for name, row in scores.items()}, dict.fromkeys(scores, 0.0))


def test_another_attack_is_chosen_if_it_is_better_by_more_than_luck() -> None:
    """AUC 1 against noise, beyond a standard error; against nearly the same, within it."""
    used, noise = np.arange(40) < 20, np.random.default_rng(0).normal(size=40)
    good = used + 0.01 * noise
    assert best_on_development(measured(usual=noise, other=good), "usual") == "other"
    nearly = good.copy()
    nearly[0] = -5.0  # one person is missed: 0.95, and leaving that person out takes the difference away
    assert best_on_development(measured(usual=nearly, other=good), "usual") == "usual"
    assert best_on_development(measured(usual=good, other=good), "usual") == "usual"


def test_the_threshold_of_the_advantage_is_developments() -> None:
    """Development's others reach 5, so nobody of test above it is counted as control; without development
    the part's own 95% quantile is taken."""
    used = np.arange(40) < 20
    scores = np.where(used, 10.0, np.arange(40) / 10)
    found = evidence._advantage(scores, used_truth(used), "a", measured(a=np.where(used, 9.0, 5.0)))
    assert (found.attack, found.control) == (1.0, 0.0)
    found = evidence._advantage(scores, used_truth(used), "a", None)
    assert (found.attack, found.control) == pytest.approx((1.0, 0.05))


def used_truth(used: np.ndarray) -> GroundTruth:
    return GroundTruth(used, np.arange(len(used)))
