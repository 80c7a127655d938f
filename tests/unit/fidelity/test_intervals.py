"""Intervals by half-sampling; how often they hold the truth is in tests/bench/fidelity_intervals.py."""

import numpy as np
import pytest

from core.fidelity.intervals import density_interval, proportion_interval, spread_interval, wilson


def test_halves_of_a_mean_vary_as_the_mean_does() -> None:
    """The standard error of a mean of 40 numbers is their standard deviation by the root of 40; the reach is
    2.023 of them, Student's quantile of 39 degrees of freedom. 4,000 halves know it to within 4%."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(5, 2, 40)
    halves = np.array([rng.permutation(numbers)[:20].mean() for _ in range(4000)])
    low, high = spread_interval(float(numbers.mean()), halves, 40)
    assert (high - low) / 2 == pytest.approx(2.023 * numbers.std(ddof=1) / np.sqrt(40), rel=0.04)
    assert (low + high) / 2 == pytest.approx(numbers.mean())


def test_a_figure_of_no_less_than_0_has_no_interval_below() -> None:
    draws = np.array([0.0, 2])
    assert spread_interval(1, draws, 30, 0)[0] == 0
    assert spread_interval(1, draws, 30)[0] < 0


@pytest.mark.parametrize(("share", "ends"), [(0.5, (0.404, 0.596)), (0, (0, 0.037)), (0.81, (0.722, 0.875))])
def test_wilson(share: float, ends: tuple[float, float]) -> None:
    """Of 100 images, z = 1.96: Newcombe 1998 prints 0.7222 and 0.8749 of 81 in 100; 0 ends at z^2 / (n +
    z^2)."""
    assert wilson(share, 100, 1.96) == pytest.approx(ends, abs=5e-4)


def test_a_proportion_is_of_as_many_images_as_vary_like_that() -> None:
    """Variance 0.25 / 50 about a half: 50 images, or the most there are; z of 1,000 patients is 1.962."""
    draws = 0.5 + np.sqrt(0.25 / 50) * np.tile([-1, 1], 500)
    found = [proportion_interval(0.5, draws, most, 7, 1000) for most in (200, 20)]
    assert found[0] == pytest.approx(wilson(0.5, 50, 1.962), abs=2e-3)
    assert found[1] == pytest.approx(wilson(0.5, 20, 1.962), abs=1e-4)


def test_a_proportion_that_never_varies_is_of_as_many_images_as_patients() -> None:
    """All images of 30 patients: z = 2.045, Student's of 29 degrees; 30 / (30 + z^2) at the lower end."""
    low, high = proportion_interval(1, np.ones(60), 200, 30, 30)
    assert (low, high) == pytest.approx((30 / (30 + 2.045**2), 1), abs=1e-3)


def test_density_is_of_log_odds_that_vary_alike_in_halves() -> None:
    """At most 40 of all images, 20 of half of them. Density 10 is a share of 1/4; halves at 10 -+ 0.2 have a
    share of 1/2 -+ 0.01, by which log odds vary by 0.01 / (1/2 x 1/2) = 0.04; at 1/4 that is 0.04 x 3/16 =
    0.0075."""
    low, high = density_interval(10, 10 + 0.2 * np.tile([-1.0, 1], 500), 40, 1000)
    assert ((high - low) / 2, (high + low) / 2) == pytest.approx((40 * 1.962 * 0.0075, 10), rel=5e-3)


def test_a_density_of_0_ends_as_if_each_image_that_may_be_in_a_ball_were_in_k() -> None:
    """Of 30 patients, z = 2.045, up to z^2 / 30 of the images, which is nearly that of a share of 30 x 40."""
    assert density_interval(0, np.zeros(60), 40, 30) == pytest.approx((0, 2.045**2 / 30), rel=0.01)
