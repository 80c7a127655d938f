"""The Frechet distance beside the formula with a matrix square root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from core.fidelity.frechet import frechet_distance


def by_square_root(first: np.ndarray, second: np.ndarray) -> float:
    """Heusel et al. 2017, equation 6, with SciPy's general square root of the d x d product."""
    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = sqrtm(a @ b).real
    return float(((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root))


@pytest.mark.parametrize(("n", "m", "d"), [(40, 60, 5), (60, 40, 30), (200, 12, 8)])
def test_it_is_the_formula_with_the_square_root(n: int, m: int, d: int) -> None:
    """More images than dimensions: there the root is well-conditioned."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    second = rng.normal(0.2, 1, (m, d))
    assert frechet_distance(first, second) == pytest.approx(by_square_root(first, second))


def test_fewer_images_than_dimensions() -> None:
    """Rows of 6 dimensions turned into 200: a rotation changes no distance, and there the formula is sure."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(200, 200)))[0][:6]
    first, second = rng.normal(size=(20, 6)), rng.normal(0.5, 2, (30, 6))
    assert frechet_distance(first @ turn, second @ turn) == pytest.approx(by_square_root(first, second))
    few = frechet_distance(
        first[:4] @ turn, second[:3] @ turn
    )  # two planes: neither covariance has full rank
    assert few == pytest.approx(frechet_distance(first[:4], second[:3]))


def test_one_dimension_by_hand() -> None:
    """Means 1 and 4; variances 1 and 4, standard deviations 1 and 2: 3^2 + (1 - 2)^2."""
    assert frechet_distance(np.array([[0.0], [1], [2]]), np.array([[2.0], [4], [6]])) == pytest.approx(10)


def test_copies_are_at_no_distance_and_never_below() -> None:
    """The same rows in another order; the rest is rounding: 1e-9 of a trace of 3,000."""
    rows = np.random.default_rng(0).normal(5, 3, (50, 300)).astype(np.float32)
    assert 0 <= frechet_distance(rows, rows[::-1]) < 3e-6
    assert frechet_distance(rows[:1].repeat(5, 0), rows[:1].repeat(3, 0)) == 0
