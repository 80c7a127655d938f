"""Which images can be told apart, and when those of a generator can tell nothing."""

import numpy as np

from core.clustering import copies


def test_equal_rows_are_the_first_one_again() -> None:
    """By hand; a zero is a zero whatever its sign."""
    rows = np.array([[1.0, 0.0], [2, 0], [1, -0.0], [2, 0], [3, 0]])
    assert copies.first_alike(rows).tolist() == [0, 1, 0, 1, 4]


def test_distinct_rows_are_counted_up_to_what_is_enough() -> None:
    """1,000 rows at 5 places."""
    rows = np.random.default_rng(0).normal(size=(5, 3))[np.arange(1000) % 5]
    assert copies.count_distinct(rows, 10) == 5
    assert copies.count_distinct(np.random.default_rng(0).normal(size=(1000, 3)), 10) >= 10


def test_a_generator_of_copies_or_of_single_greys_is_no_evidence() -> None:
    """Generator b has three images: all alike; of two kinds; all of one grey; and alone, as one image is."""
    names, rows = ("a", "b"), np.array([0, 0, 1, 1, 1])
    grey = np.zeros(5, bool)
    assert copies.no_evidence(names, rows, np.arange(5), grey) is None
    assert copies.no_evidence(names, rows, np.array([0, 0, 2, 2, 4]), grey).startswith(  # type: ignore[union-attr]
        "nothing can be told from copies: all 2 images of generator a"
    )
    assert copies.no_evidence(names, rows, np.array([0, 1, 2, 2, 4]), grey) is None
    flat = copies.no_evidence(names, rows, np.arange(5), np.array([False, False, True, True, True]))
    assert flat is not None
    assert "single grey level: all 3 images of generator b" in flat
    assert copies.no_evidence(names, np.array([0, 0, 0, 0, 1]), np.arange(5), rows == 2) is None
