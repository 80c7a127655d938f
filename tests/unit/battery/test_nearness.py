"""Nearest generated images and local scaling, block by block."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.battery import nearness
from core.battery.nearness import Nearness, measure
from core.numeric.distances import euclidean_distances

RNG = np.random.default_rng(0)
REAL, MADE = RNG.normal(size=(30, 4)), RNG.normal(size=(120, 4))


def blocks(size: int, rows: np.ndarray = MADE) -> Iterator[np.ndarray]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


@pytest.fixture(scope="module")
def found() -> Nearness:
    return measure(REAL, blocks(50), euclidean_distances)


def test_the_nearest_are_those_of_a_full_table(found: Nearness) -> None:
    table = cdist(REAL, MADE)
    order = table.argsort(1)[:, :51]
    assert found.nearest == pytest.approx(np.take_along_axis(table, order, 1))
    assert (found.places == order).all()
    assert (found.real == table.argmin(0)).all()
    assert found.to_real == pytest.approx(table.min(0))


def test_local_scaling_by_force(found: Nearness) -> None:
    """d(x, g) / sqrt(mean of the 2nd to 51st nearest of x, times mean of the 10 nearest real ones of g)."""
    table = cdist(REAL, MADE)
    own, its = np.sort(table, 1)[:, 1:51].mean(1), np.sort(table, 0)[:10].mean(0)
    scaled = table / np.sqrt(own[:, None] * its[None, :])
    assert found.scaled == pytest.approx(scaled.min(1))
    assert (found.match == scaled.argmin(1)).all()
    assert found.scaled_pairs == pytest.approx(np.take_along_axis(scaled, found.places, 1))


@pytest.mark.parametrize("size", [1, 7, 51, 120])
def test_blocks_change_nothing(size: int, found: Nearness) -> None:
    other = measure(REAL, blocks(size), euclidean_distances)
    for name, array in found.as_arrays().items():
        assert getattr(other, name) == pytest.approx(array), name


def test_threads_change_not_a_bit(found: Nearness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "usable_cores", lambda: 5)
    other = measure(REAL, blocks(50), euclidean_distances)
    for name, array in found.as_arrays().items():
        assert (getattr(other, name) == array).all(), name


def test_more_generated_images_are_as_if_they_had_been_there(found: Nearness) -> None:
    """Copies that are planted later: the same as measuring 120 and 5 at once, with their places behind."""
    more = RNG.normal(size=(5, 4))
    extended = found.extended(euclidean_distances(REAL, more))
    whole = measure(REAL, blocks(50, np.concatenate([MADE, more])), euclidean_distances)
    for name, array in whole.as_arrays().items():
        assert getattr(extended, name) == pytest.approx(array), name


def test_few_images_have_a_scale_as_well() -> None:
    """One generated at distance 2 of the only real: both scales are 2, so 2 / sqrt(2 x 2) = 1. Two of them,
    at 1 and 3: s(x) is the second's 3; the nearer has 1 / sqrt(3 x 1), the other 3 / sqrt(3 x 3) = 1."""
    origin = np.zeros((1, 1))
    assert measure(origin, [np.array([[2.0]])], euclidean_distances).scaled == pytest.approx([1])
    both = measure(origin, [np.array([[1.0], [3.0]])], euclidean_distances)
    assert both.scaled == pytest.approx([1 / np.sqrt(3)])


def test_a_copy_scores_highest_and_nothing_divides_by_zero() -> None:
    """All images the same: distances and scales of 0."""
    same = np.zeros((12, 3))
    found = measure(same, [np.zeros((4, 3))], euclidean_distances)
    assert np.isfinite(found.scaled).all()
    assert np.isfinite(found.scaled_pairs).all()
    assert (found.scaled == 0).all()


def test_the_order_of_images_changes_no_score(found: Nearness) -> None:
    turned = measure(REAL[::-1], blocks(50, MADE[::-1]), euclidean_distances)
    assert turned.scaled[::-1] == pytest.approx(found.scaled)
    assert turned.nearest[::-1] == pytest.approx(found.nearest)
