"""What follows from a long tuple, worked out once while that very tuple is asked about.

The files of a set stay one tuple for as long as its manifest does, and a page asks the same of them at every
turn of a knob; to compare or hash 50,000 of them would take as long as the answer.
"""

import functools
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

KEPT = 8  # tuples that are remembered, of each question

Made = TypeVar("Made")


class _Same:
    """Equal to what holds the same object; since it holds it, no other can take its place in memory."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.items is other.items

    def __hash__(self) -> int:
        return id(self.items)


def cache_per_tuple(make: Callable[..., Made]) -> Callable[..., Made]:
    """``make`` of a tuple and of small things beside it; an error is not remembered."""

    @functools.lru_cache(KEPT)
    def kept(same: _Same, *rest: Hashable) -> Made:
        return make(same.items, *rest)

    @functools.wraps(make)
    def asked(items: tuple[Any, ...], *rest: Hashable) -> Made:
        return kept(_Same(items), *rest)

    return asked
