"""Rates at few false alarms, advantage over control, and the privacy loss that an attack proves."""

import numpy as np
import pytest
from scipy.stats import binom

from core.battery import rates
from core.battery.rates import (
    advantage,
    clopper_pearson,
    control_threshold,
    privacy_loss,
    true_positive_rate,
)
from core.membership.metrics import GroundTruth


def singles(used: int, others: int) -> GroundTruth:
    return GroundTruth(np.arange(used + others) < used, np.arange(used + others))


def separated(used: int, others: int) -> tuple[np.ndarray, GroundTruth]:
    """Every used image above every other."""
    return np.arange(used + others, 0, -1.0), singles(used, others)


def test_no_hit_of_a_hundred_caps_the_rate_at_3_6_percent() -> None:
    """1 - 0.025 ** (1 / 100) = 0.0362; all of a hundred the other way round."""
    low, high = clopper_pearson(0, 100, 0.025)
    assert (low, round(high, 4)) == (0, 0.0362)
    assert clopper_pearson(100, 100, 0.025) == pytest.approx((1 - high, 1))


def test_clopper_and_pearson_are_where_the_binomial_tails_are() -> None:
    """At the lower bound 7 or more of 20 have a probability of 2.5%, at the upper 7 or fewer."""
    low, high = clopper_pearson(7, 20, 0.025)
    assert binom.sf(6, 20, low) == pytest.approx(0.025)
    assert binom.cdf(7, 20, high) == pytest.approx(0.025)


def test_rates_by_hand() -> None:
    """Of 100 not used one may be above: then 3 of 4 used images are."""
    scores = np.concatenate([[9, 8, 6, 0], [7], np.linspace(1, 2, 99)])
    found = true_positive_rate(scores, singles(4, 100), 0.01)
    assert found.value == 0.75
    assert (found.low, found.high) == pytest.approx(clopper_pearson(3, 4, 0.025))


def test_too_few_negatives_have_a_reason_and_no_rate() -> None:
    scores, truth = separated(50, 99)
    found = true_positive_rate(scores, truth, 0.01)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.undefined == "1% of 99 images not used is less than one image; at least 100 are needed"
    assert true_positive_rate(*separated(50, 100), 0.01).value == 1
    assert true_positive_rate(*separated(50, 20), 0.05).value == 1
    assert "at least 20 are needed" in str(true_positive_rate(*separated(50, 19), 0.05).undefined)


def test_slices_of_one_patient_widen_the_interval() -> None:
    """Five equal slices a patient are one witness: 20 used images are 4, of which all are found."""
    groups = np.repeat(np.arange(24), 5)
    truth = GroundTruth(groups < 4, groups)
    found = true_positive_rate(-groups.astype(float), truth, 0.01)
    assert found.value == 1
    assert found.low == pytest.approx(clopper_pearson(4, 4, 0.025)[0], abs=1e-3)


def test_the_threshold_lets_at_most_its_share_of_the_others_pass() -> None:
    """5% of 40 are 2: above the third highest, 37, are 39 and 38."""
    scores = np.arange(60.0)
    used = scores >= 40
    assert control_threshold(scores, used, 0.05) == 37
    assert (scores[~used] > 37).sum() == 2
    assert control_threshold(scores[:10], np.zeros(10, bool), 0.05) == 9  # none of 10


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1])
def test_ties_do_not_let_more_pass(rate: float) -> None:
    scores, used = np.random.default_rng(0).integers(0, 5, 200).astype(float), np.arange(200) < 100
    threshold = control_threshold(scores, used, rate)
    assert (scores[~used] > threshold).mean() <= rate


def test_the_advantage_is_what_control_leaves() -> None:
    """6 of 10 used and 2 of 10 others: (0.6 - 0.2) / (1 - 0.2) = 0.5; the interval is anonymeter's, by hand:
    Wilson's z is 1.96, for 0.6 of 10 the centre 0.572 and half width 0.260, for 0.2 0.283 and 0.226."""
    scores = np.concatenate([np.repeat([5.0, 1], [6, 4]), np.repeat([4.0, 0], [2, 8])])
    scores += np.arange(20) * 1e-6
    found = advantage(scores, singles(10, 10), 3.0)
    assert (found.attack, found.control) == (0.6, 0.2)
    assert found.risk == pytest.approx(0.5)
    error = np.hypot(0.2604 / (1 - 0.2833), (0.5723 - 1) / (1 - 0.2833) ** 2 * 0.2266)
    centre = (0.5723 - 0.2833) / (1 - 0.2833)
    assert (found.low, found.high) == pytest.approx((centre - error, min(centre + error, 1)), abs=2e-3)


def test_an_advantage_stays_between_minus_one_and_one() -> None:
    """All others above the threshold, and half of the used: control leaves nothing."""
    scores = np.concatenate([np.repeat([1.0, 0.0], 5), np.ones(10)]) + np.arange(20) * 1e-6
    found = advantage(scores, singles(10, 10), 0.5)
    assert (found.attack, found.control) == (0.5, 1.0)
    assert -1 <= found.low <= found.risk <= found.high <= 1


def epsilon(used: int, others: int, tail: float) -> float:
    """Of a perfect attack: the log ratio of the lowest true to the highest false positive rate."""
    return float(np.log(tail ** (1 / used) / (1 - tail ** (1 / others))))


def test_a_perfect_attack_shows_what_the_sample_could_show() -> None:
    """Of 100 and 100 images 3.3 by one threshold (field.md), and 2.8 by eight, which share 2.5%."""
    assert epsilon(100, 100, 0.025) == pytest.approx(3.28, abs=0.01)
    found = privacy_loss(*separated(100, 100))
    assert found.low == pytest.approx(found.largest)
    assert found.largest == pytest.approx(epsilon(100, 100, 0.025 / 8))
    assert found.largest == pytest.approx(2.82, abs=0.02)


def test_no_attack_shows_more_than_it_could() -> None:
    """Scores of all strengths, of unequal numbers."""
    rng = np.random.default_rng(0)
    for strength in (0, 1, 3):
        truth = singles(30, 70)
        found = privacy_loss(rng.normal(size=100) + strength * truth.used, truth)
        assert 0 <= found.low <= found.largest + 1e-12


def test_luck_hardly_ever_proves_a_loss() -> None:
    """A bound of 95% is above 0 in at most 5% of samples in which there is nothing: of 200, 10 and three
    standard errors of the binomial, 3.1, are 19."""
    rng = np.random.default_rng(1)
    found = [privacy_loss(rng.normal(size=80), singles(40, 40)).low > 0 for _ in range(200)]
    assert sum(found) <= 19


def test_equal_scores_prove_nothing() -> None:
    """Every threshold names everybody: no ratio of rates is above 1."""
    found = privacy_loss(np.zeros(40), singles(20, 20))
    assert found.low == 0
    assert rates._log_ratio(0.0, 0.5) == 0
