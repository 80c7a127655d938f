"""Work on all cores, with results that do not depend on how many there are."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Made = TypeVar("Made")

_lock = threading.Lock()
_inside = 0
_limits: list[threadpool_limits] = []


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread, in the whole process, until the last of those who asked has left.

    ``threadpool_limits`` by itself restores what it found: of two requests that overlap, the second finds the
    first one's limit, and restores that for good.
    """
    global _inside
    with _lock:
        _inside += 1
        _limits.append(threadpool_limits(1))  # each time: libraries may have been loaded since
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            while not _inside and _limits:
                _limits.pop().restore_original_limits()


def usable_cores() -> int:
    """Cores that this process may run on, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_threads(work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """Of each item, in order, on all cores. Every piece is computed on one thread, so that the number of
    threads changes no bit, and threads that have nothing to do sleep instead of spinning."""
    with one_thread(), ThreadPoolExecutor(usable_cores(), initializer=_alone) as pool:
        return list(pool.map(work, items))


def _alone() -> None:
    threadpool_limits(1, user_api="openmp")  # which is a thread's own affair
