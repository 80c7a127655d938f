"""Who is named: conformal p-values, and the rate of those who are named wrongly."""

import numpy as np
import pytest

from core.battery.naming import benjamini_hochberg, conformal_p_values, simes


def test_conformal_p_values_by_hand() -> None:
    """Calibration 1 2 3 4. A score of 3.5 is reached by one of four: (1 + 1) / 5. Its own group's 4 left out,
    by none of three: 1 / 4. Equal counts as reached: 2 by three of four, 4 / 5."""
    found = conformal_p_values(
        np.array([3.5, 3.5, 2.0]),
        np.array([9, 3, 9]),
        np.array([1.0, 2, 3, 4]),
        np.array([0, 1, 2, 3]),
    )
    assert found == pytest.approx([2 / 5, 1 / 4, 4 / 5])


def test_without_another_patient_nothing_is_surprising() -> None:
    assert conformal_p_values(np.array([9.0]), np.zeros(1, int), np.array([1.0]), np.zeros(1, int)) == [1.0]


def test_conformal_p_values_are_valid_where_there_is_nothing() -> None:
    """P(p <= t) <= t of exchangeable scores; 2,000 images of 40 patients, each left out of its own
    calibration: at 0.1 and 0.3, within 3 standard errors of the 40 patients' means."""
    rng = np.random.default_rng(0)
    scores, groups = rng.normal(size=2000), np.repeat(np.arange(40), 50)
    found = conformal_p_values(scores, groups, scores, groups)
    for level in (0.1, 0.3):
        assert (found <= level).mean() <= level + 3 * np.sqrt(level * (1 - level) / 2000)


def test_benjamini_and_hochberg_by_hand() -> None:
    """At 10% of five: limits 0.02 0.04 0.06 0.08 0.10. 0.05 fails its own but 0.055 passes the third, which
    takes it along; 0.3 and 0.9 don't pass."""
    p = np.array([0.3, 0.055, 0.001, 0.05, 0.9])
    assert benjamini_hochberg(p, 0.10).tolist() == [False, True, True, True, False]
    assert not benjamini_hochberg(np.array([0.5, 0.2]), 0.10).any()
    assert benjamini_hochberg(np.zeros(0), 0.10).shape == (0,)


def test_simes_by_hand() -> None:
    """Group 4: 0.01 x 2 / 1 against 0.5 x 2 / 2, so 0.02. Group 7: one image, its own p-value."""
    names, found = simes(np.array([0.5, 0.2, 0.01]), np.array([4, 7, 4]))
    assert names.tolist() == [4, 7]
    assert found == pytest.approx([0.02, 0.2])
