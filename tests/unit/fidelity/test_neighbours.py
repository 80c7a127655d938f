"""Precision, recall, density and coverage of sets that can be drawn on a line, and by loops."""

import numpy as np
import pytest

from core.fidelity.neighbours import neighbour_scores
from core.numeric.distances import distance_matrix


def scores(real: np.ndarray, generated: np.ndarray, k: int) -> list[float]:
    distances = distance_matrix(np.vstack([real, generated]))
    places = np.arange(len(distances))
    return list(neighbour_scores(distances, places[: len(real)], places[len(real) :], k))


def line(*places: float) -> np.ndarray:
    return np.array(places)[:, None]


def test_on_a_line_by_hand() -> None:
    """k = 1. Real 0, 1, 3 have radii 1, 1, 2; generated 0.5, 4, 9 have 3.5, 3.5, 5. 0.5 lies in the balls of
    0 and 1 but is 2.5 from 3; 4 in that of 3; 9 in none: precision 2/3, density 3/3, and every real ball has
    one: coverage 1. 0, 1 and 3 are in the balls of 0.5 or 4: recall 1."""
    assert scores(line(0, 1, 3), line(0.5, 4, 9), 1) == pytest.approx([2 / 3, 1, 1, 1])


def test_one_mode_of_two_is_covered() -> None:
    """k = 1, two real pairs far from each other, radii 1. 0.4 and 0.6 are in both balls of the first pair:
    precise, density 2, half covered; their own radii of 0.2 recall nothing. Of -0.5 and 1 the first is in one
    ball only, so density 1.5, and radii of 1.5 recall the pair."""
    assert scores(line(0, 1, 100, 101), line(0.4, 0.6), 1) == pytest.approx([1, 0, 2, 0.5])
    assert scores(line(0, 1, 100, 101), line(-0.5, 1), 1) == pytest.approx([1, 0.5, 1.5, 0.5])


def test_recall_rises_when_diversity_is_removed_and_coverage_falls() -> None:
    """Why coverage is to be preferred, by hand, k = 1. Generated 0, 0.5, 1 have radii of 0.5: they recall 0
    and 1 of six, and lie in the balls of 0, 1 and 2. Two of them give way to one at 40: radii of 40 recall
    all six, while only 0 and 1 hold the one that is left."""
    real = line(0, 1, 2, 3, 4, 5)
    assert scores(real, line(0, 0.5, 1), 1)[1::2] == pytest.approx([2 / 6, 3 / 6])
    assert scores(real, line(0, 40), 1)[1::2] == pytest.approx([1, 2 / 6])


def test_they_are_what_loops_count() -> None:
    """The four definitions, written as loops over balls (Kynkaanniemi 2019, eq. 1; Naeem 2020, eqs. 3 and
    4)."""
    rng, k = np.random.default_rng(0), 3
    real, generated = rng.normal(size=(25, 4)), rng.normal(0.5, 0.8, (40, 4))

    def radius(rows: np.ndarray, i: int) -> float:
        return float(sorted(np.linalg.norm(rows[i] - other) for j, other in enumerate(rows) if j != i)[k - 1])

    def inside(x: np.ndarray, rows: np.ndarray, i: int) -> bool:
        return bool(np.linalg.norm(x - rows[i]) <= radius(rows, i))

    hits = np.array([[inside(y, real, i) for i in range(25)] for y in generated])
    back = np.array([[inside(x, generated, j) for j in range(40)] for x in real])
    expected = [hits.any(1).mean(), back.any(1).mean(), hits.sum() / (k * 40), hits.any(0).mean()]
    assert scores(real, generated, k) == pytest.approx(expected)


def test_copies_are_within_a_ball_of_no_radius() -> None:
    """Every real image twice, k = 1: radii are 0, and generated copies are at 0 of both: all precise and
    covered."""
    real = np.random.default_rng(0).normal(100, 1, (10, 50)).repeat(2, 0)
    assert scores(real, real[::2], 1) == pytest.approx([1, 1, 2, 1])
