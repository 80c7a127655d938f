"""Intervals: textbook values where images are independent, and coverage where they are not."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from core.membership import intervals, metrics
from core.membership.metrics import GroundTruth

USED = np.arange(40) < 20
ALONE = np.arange(40)


def test_independent_images_count_as_they_are() -> None:
    distances = np.random.default_rng(0).normal(size=40)
    assert intervals.effective_sizes(distances, USED, ALONE) == (20, 20)


def test_copies_of_a_slice_count_once() -> None:
    """Ten patients a class with two equal slices each: rho is 1, and 20 images are worth 10."""
    groups = ALONE // 2
    distances = np.random.default_rng(0).normal(size=20)[groups]
    assert intervals.effective_sizes(distances, USED, groups) == pytest.approx((10, 10))


def test_slices_of_a_patient_that_are_unlike_count_as_many() -> None:
    """Independent slices, 10 patients of 40 each: rho is about 0, and 200 images are worth about 200."""
    groups = np.repeat(np.arange(10), 40)
    found = intervals.effective_sizes(np.random.default_rng(0).normal(size=400), groups < 5, groups)
    assert min(found) > 120


def test_a_perfect_auc_has_a_lower_end_that_hanley_and_mcneil_give() -> None:
    """Of 20 and 20, the smallest AUC from which 1 is t = 2.024 (38 degrees of freedom) standard errors away:
    at 0.850 the error is sqrt(0.85 x 0.15 x (1 + 19 x (0.15 / 1.15 + 0.85 / 1.85)) / 400) = 0.0626... the
    end is where 1 - AUC equals 2.024 times it."""
    low, high = intervals.auc_interval(1, np.where(USED, 0.0, 1.0) + ALONE / 100, USED, ALONE)
    assert high == 1
    error = np.sqrt(low * (1 - low) * (1 + 19 * ((1 - low) / (2 - low) + low / (1 + low))) / 400)
    assert (1 - low) / error == pytest.approx(2.0244, abs=1e-3)
    assert 0.8 < low < 0.9


def test_recall_is_bounded_between_jeffreys_and_clopper_pearson() -> None:
    """18 of 20: the lower end is of Beta(18.25, 2.75), the upper of Beta(18.75, 2.25), but for t instead of z
    (20 images count as 18.8)."""
    rng = np.random.default_rng(0)
    drawn = intervals.drawn_counts((18, 4), rng.normal(size=40), USED, ALONE, 20_000, rng)
    known = 20 * (norm.ppf(0.975) / 2.0244) ** 2
    ends = np.quantile(metrics.recall(drawn), [0.025, 0.975], axis=1)
    lower, upper = (beta(0.9 * known + s, 0.1 * known + 1 - s) for s in (0.25, 0.75))
    assert ends[0].min() == pytest.approx(lower.ppf(0.025), abs=0.01)
    assert ends[1].max() == pytest.approx(upper.ppf(0.975), abs=0.01)


@pytest.mark.parametrize("groups", [ALONE, ALONE // 2, ALONE // 5])
def test_no_interval_is_empty(groups: np.ndarray) -> None:
    """A perfect attack: every score is 1, and no interval is 1.000 to 1.000."""
    found = metrics.score_predictions(USED, np.where(USED, 0.0, 1.0), GroundTruth(USED, groups))
    for name in ("f1", "auc", "balanced_accuracy", "kappa", "mcc", "precision", "recall", "accuracy"):
        score = found.scores[name]
        assert score.value == score.high == 1
        assert score.low is not None
        assert score.low < 0.99, name


@pytest.mark.parametrize(("truth", "rho"), [(0.92, 0.5), (0.99, 0.0), (0.99, 0.9)])
def test_the_interval_of_the_auc_covers_near_the_edge(truth: float, rho: float) -> None:
    """12 and 12 patients of 5 slices, normal distances: at least 93% of 200 intervals hold the truth. The
    percentile bootstrap covered 48% to 87% of them."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(24), 5)
    used, apart = groups < 12, norm.ppf(truth) * np.sqrt(2)
    covered = 0
    for _ in range(200):
        noise = np.sqrt(rho) * rng.normal(size=24)[groups] + np.sqrt(1 - rho) * rng.normal(size=120)
        distances = np.where(used, noise, noise + apart)
        value = float(metrics.auc(distances[None], used)[0, 0])
        low, high = intervals.auc_interval(value, distances, used, groups)
        covered += low <= truth <= high
    assert covered >= 186
