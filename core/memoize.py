"""Caching of what follows from a long tuple, for as long as that very tuple object is used.

The files of a data set stay one tuple while its manifest is unchanged, and a page needs the same facts about
them at every rerun; comparing or hashing 50,000 of them would take as long as computing the facts.
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
