"""Threads of linear algebra, limited by several at once."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from core.numeric.parallel import map_in_threads, one_thread


def threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_limits_that_overlap_leave_what_was_before(first_leaves_first: bool) -> None:
    """Two requests of a server. Limits that each restore what they found would end with one thread."""
    with threadpool_limits(2):
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        leaving = (first, second) if first_leaves_first else (second, first)
        for each in leaving:
            assert threads() == {1}
            each.__exit__(None, None, None)
        assert threads() == {2}


def test_pieces_are_computed_on_one_thread_each() -> None:
    with threadpool_limits(2):
        assert map_in_threads(lambda _: threads(), range(3)) == [{1}] * 3
        assert threads() == {2}
