"""What follows from a long tuple is worked out once, and never taken for what follows from another."""

import pytest

from core.memoize import KEPT, cache_per_tuple


def test_the_same_tuple_is_worked_out_once() -> None:
    """Twice the same tuple with the same word is one call; another word, or an equal tuple, is another."""
    calls = []

    @cache_per_tuple
    def joined(items: tuple[str, ...], by: str) -> str:
        calls.append(by)
        return by.join(items)

    names = ("a", "b")
    assert [joined(names, "-"), joined(names, "-"), joined(names, "+")] == ["a-b", "a-b", "a+b"]
    assert calls == ["-", "+"]
    assert joined((*names,), "-") == "a-b"
    assert calls == ["-", "+", "-"]


def test_another_tuple_in_the_same_place_of_memory_is_another() -> None:
    """Tuples that are dropped at once would be put where the last one was; each gets its own answer."""
    first = cache_per_tuple(lambda items: items[0])
    assert [first((number, "x")) for number in range(3 * KEPT)] == list(range(3 * KEPT))


def test_an_error_is_told_again() -> None:
    @cache_per_tuple
    def refused(items: tuple[str, ...]) -> str:
        raise ValueError(f"{len(items)} names")

    names = ("a",)
    for _ in range(2):
        with pytest.raises(ValueError, match="1 names"):
            refused(names)
