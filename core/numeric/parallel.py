"""Work on all cores, with results that do not depend on how many there are."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Made = TypeVar("Made")


def usable_cores() -> int:
    """Cores that this process may run on, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_threads(work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """Of each item, in order, on all cores. Every piece is computed on one thread, so that the number of
    threads changes no bit, and threads that have nothing to do sleep instead of spinning."""
    with threadpool_limits(1), ThreadPoolExecutor(usable_cores(), initializer=_alone) as pool:
        return list(pool.map(work, items))


def _alone() -> None:
    threadpool_limits(1, user_api="openmp")  # which is a thread's own affair
