"""F1 over k: the curves, and what chance gives."""

import numpy as np
import pytest

from core.membership.f1_over_k import Curves, f1_curves
from core.membership.metrics import GroundTruth

N = 60


def truth() -> GroundTruth:
    """Half used, each image a group of its own."""
    return GroundTruth(np.arange(N) < N // 2, np.arange(N))


def told_and_blind(seed: int) -> np.ndarray:
    """float (2, 60): a distance that tells all, and one that tells nothing."""
    rng = np.random.default_rng(seed)
    return np.stack([np.where(truth().used, 1.0, 2.0) + rng.uniform(0, 0.5, N), rng.uniform(1, 2, N)])


def test_a_distance_that_tells_all_is_perfect_and_above_chance() -> None:
    found = f1_curves((told_and_blind(0), truth()), (told_and_blind(1), truth()), "balanced", 0)
    assert found.test is not None
    assert (found.development[0], found.test[0]) == (1, 1)
    assert found.high[0] < 0.75


def test_the_band_is_that_of_the_hypergeometric_law() -> None:
    """With 30 of 60 predicted "used", F1 = hits / 30, and hits under permuted roles are hypergeometric: 95%
    lie from 11 to 19."""
    from scipy.stats import hypergeom

    distances = told_and_blind(0)[:1]
    found = f1_curves((distances, truth()), (distances, truth()), "median", 0)
    law = hypergeom(N, N // 2, N // 2)
    assert found.low[0] == pytest.approx(law.ppf(0.025) / 30, abs=1 / 30)
    assert found.high[0] == pytest.approx(law.ppf(0.975) / 30, abs=1 / 30)


def test_the_best_of_many_by_chance_is_above_the_band_of_one() -> None:
    rng = np.random.default_rng(0)
    blind = rng.uniform(1, 2, (40, N))
    found = f1_curves((blind, truth()), (rng.uniform(1, 2, (40, N)), truth()), "median", 0)
    assert found.best_by_chance > np.median(found.high)


def test_without_a_test_set_development_is_judged() -> None:
    found = f1_curves((told_and_blind(0), truth()), None, "balanced", 0)
    assert found.test is None
    assert Curves.from_arrays(found.as_arrays()).test is None
    nobody = GroundTruth(np.zeros(0, bool), np.zeros(0, np.int64))
    unknown = f1_curves((told_and_blind(0), truth()), (np.zeros((2, 0)), nobody), "balanced", 0)
    assert unknown.test is None


def test_an_image_without_a_distance_is_not_called_used() -> None:
    """One used image of 30 without lungs: recall 29/30, precision 1, F1 = 58/59."""
    distances = told_and_blind(0)[:1]
    distances[0, 0] = np.inf
    found = f1_curves((told_and_blind(0)[:1], truth()), (distances, truth()), "balanced", 0)
    assert found.test is not None
    assert found.test[0] == pytest.approx(58 / 59)


def test_curves_survive_the_store() -> None:
    found = f1_curves((told_and_blind(0), truth()), (told_and_blind(1), truth()), "means", 0)
    back = Curves.from_arrays(found.as_arrays())
    assert back.test is not None
    assert found.test is not None
    np.testing.assert_array_equal(back.test, found.test)
    assert back.best_by_chance == found.best_by_chance
