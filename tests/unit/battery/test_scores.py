"""Scores over distances, by hand: a higher one means more likely used."""

import numpy as np
import pytest

from core.battery.nearness import Nearness, measure
from core.battery.scores import SCORES
from core.numeric.distances import euclidean_distances


def line(real: list[float], made: list[float]) -> Nearness:
    """Images as points on a line."""
    return measure(np.array(real)[:, None], [np.array(made)[:, None]], euclidean_distances)


def score(name: str, generated: Nearness, reference: Nearness | None = None) -> list[float]:
    return SCORES.get(name).of(generated, reference).tolist()


def test_nearest_is_minus_the_distance() -> None:
    assert score("nearest", line([0, 10], [1, 13])) == pytest.approx([-1, -3])


def test_monte_carlo_counts_within_the_median_nearest_distance() -> None:
    """Nearest distances 1, 2, 3, so the radius is 2. Around 0 lie 1 and 2, less 1 / (2 + 1); around 10 lies
    12, less 2 / 4; around 20 none, less 3 / 5."""
    found = score("monte-carlo", line([0, 10, 20], [1, -2, 12, 23]))
    assert found == pytest.approx([2 - 1 / 3, 1 - 1 / 2, -3 / 5])


def test_calibration_takes_off_what_any_images_would_do() -> None:
    """Generated at 1 and 3, the reference at 4 and 2: 3 and -1."""
    assert score("calibrated", line([0, 10], [1, 13]), line([0, 10], [4, 12])) == pytest.approx([3, -1])


def test_the_density_ratio_is_of_the_fifth_nearest() -> None:
    """Fifth distances 5 and 10: log 2; of fewer than five the last, 3: log(10 / 3)."""
    reference = line([0], [2, 4, 6, 8, 10])
    assert score("density-ratio", line([0], [1, 2, 3, 4, 5]), reference) == pytest.approx([np.log(2)])
    assert score("density-ratio", line([0], [1, 2, 3]), reference) == pytest.approx([np.log(10 / 3)])


@pytest.mark.parametrize("name", SCORES.names())
def test_a_copy_scores_highest_and_is_finite(name: str) -> None:
    reference = line([0, 10, 20, 30], [5, 15, 25, 35, 45, 55])
    found = score(name, line([0, 10, 20, 30], [10, 2, 23, 36, 45, 51]), reference)
    assert np.isfinite(found).all()
    if name != "density-ratio":  # which looks at the fifth
        assert np.argmax(found) == 1
