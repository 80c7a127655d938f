"""The matrix of distances beside the differences of rows."""

import numpy as np

from core.numeric.distances import distance_matrix


def test_it_is_the_length_of_differences_and_0_between_equal_rows() -> None:
    """600 rows are more than a block; far from the origin, where squares cancel; row 599 is row 0 again."""
    rows = np.random.default_rng(0).normal(1000, 1, (600, 3))
    rows[599] = rows[0]
    found = distance_matrix(rows)
    expected = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert np.abs(found - expected).max() < 1e-6
    assert found[0, 599] == found[599, 0] == 0
    assert not found.diagonal().any()
