"""Squared MMD beside its double sum, written out."""

import numpy as np
import pytest

from core.fidelity.kernel import squared_mmd


def kernel(x: np.ndarray, y: np.ndarray) -> float:
    return float((x @ y / len(x) + 1) ** 3)


def double_sum(first: np.ndarray, second: np.ndarray) -> float:
    """Binkowski et al. 2018, equation 4, as it is printed."""
    n, m = len(first), len(second)
    own = sum(kernel(first[i], first[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    other = sum(kernel(second[i], second[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return own + other - 2 * sum(kernel(x, y) for x in first for y in second) / (n * m)


def whole(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.zeros((n + m, 1), bool)
    first[:n] = True
    return first, ~first


def test_three_and_two_points_by_hand() -> None:
    """In one dimension, of 0, 1, 1 and 1, 2: k(0, x) = 1, k(1, 1) = 8, k(1, 2) = 27. Pairs of the first set
    have a mean of (1 + 1 + 8) / 3, of the second 27, across (1 + 1 + 2 (8 + 27)) / 6 = 12: 30.33 - 24."""
    rows = np.array([[0.0], [1], [1], [1], [2]])
    assert squared_mmd(rows, np.arange(5), *whole(3, 2)) == pytest.approx([10 / 3 + 27 - 24])


def test_it_is_the_double_sum_of_every_pair_of_sets() -> None:
    """Two pairs of sets in one call: all rows, and some; more rows than a block has."""
    rng = np.random.default_rng(0)
    rows = rng.normal(0.3, 1, (30, 7))
    first, second = whole(18, 12)
    some = np.zeros((30, 1), bool)
    some[[0, 3, 4, 9, 20, 22, 27]] = True
    found = squared_mmd(
        rows, np.arange(30), np.hstack([first, first & some]), np.hstack([second, second & some])
    )
    assert found == pytest.approx(
        [double_sum(rows[:18], rows[18:]), double_sum(rows[[0, 3, 4, 9]], rows[[20, 22, 27]])]
    )


def test_slices_of_one_patient_are_no_pair() -> None:
    """Two patients, of two slices and one; by the double sum over pairs of two patients: four of them, of
    which two differ. All pairs would count the likeness of a patient's slices as that of the population."""
    rows = np.array([[1.0], [1.5], [-1], [0], [2]])
    found = squared_mmd(rows, np.array([0, 0, 1, 2, 3]), *whole(3, 2))
    own = (kernel(rows[0], rows[2]) + kernel(rows[1], rows[2])) / 2
    across = np.mean([kernel(x, y) for x in rows[:3] for y in rows[3:]])
    assert found == pytest.approx([own + kernel(rows[3], rows[4]) - 2 * across])


def test_it_is_unbiased_where_patients_have_several_slices() -> None:
    """Both sets are drawn from one population, so its mean over many draws is 0, within 4 standard errors."""
    rng, values = np.random.default_rng(0), []
    for _ in range(300):
        real = np.repeat(rng.normal(size=(10, 3)), 4, axis=0) * 0.8 + 0.6 * rng.normal(size=(40, 3))
        rows = np.vstack([real, rng.normal(size=(20, 3))])
        groups = np.concatenate([np.repeat(np.arange(10), 4), np.arange(10, 30)])
        values.append(float(squared_mmd(rows, groups, *whole(40, 20))[0]))
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)


def test_a_set_without_two_patients_has_none() -> None:
    first, second = whole(3, 2)
    assert np.isnan(squared_mmd(np.eye(5), np.array([0, 0, 0, 1, 2]), first, second)).all()
