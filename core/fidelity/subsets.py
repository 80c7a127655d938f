"""Which rows are compared: whole sets, halves and quarters; patients are never split between two real
parts."""

from collections.abc import Mapping

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]  # places of the rows of two sets, ascending

HALVES = 60  # of both sets, for intervals
QUARTERS = 2  # times that both sets are dealt into four
SPLITS = 20  # of the real set into two


def thinned(groups: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Places, ascending, of at most ``most`` rows of ``groups`` int (n,): whole groups at random, but the
    last."""
    if len(groups) <= most:
        return np.arange(len(groups))
    return np.sort(np.argsort(_shuffled(groups, rng), kind="stable")[:most])


def parts(groups: np.ndarray, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Places of the rows, dealt by group into ``count`` parts with as many groups, or one more."""
    dealt = (_shuffled(groups, rng) + rng.integers(count)) % count
    return [np.flatnonzero(dealt == part) for part in range(count)]


def _shuffled(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Groups renumbered from 0 in a random order, the same for all rows of one."""
    own = np.unique(groups, return_inverse=True)[1]
    return np.asarray(rng.permutation(own.max() + 1)[own])


def pairs(groups: np.ndarray, generated: int, seed: int) -> Mapping[str, list[Pair]]:
    """All pairs of sets that are compared, of real rows with ``groups`` int (n,) before generated ones.

    ``whole``: the real set and the generated one. ``half``, ``quarter``: parts of both. ``real``: two halves
    of the real set that share no patient; ``same``: the first of them, and generated images as many as the
    second has. Each kind draws from the seed alone.
    """
    n, own = len(groups), np.arange(generated)
    half, quarter, floor = (np.random.default_rng((seed, kind)) for kind in range(3))
    found: dict[str, list[Pair]] = {"whole": [(np.arange(n), n + own)]}
    found["half"] = [(parts(groups, 2, half)[0], n + parts(own, 2, half)[0]) for _ in range(HALVES)]
    found["quarter"] = [
        (real, n + other)
        for _ in range(QUARTERS)
        for real, other in zip(parts(groups, 4, quarter), parts(own, 4, quarter), strict=True)
    ]
    found["real"], found["same"] = [], []
    for _ in range(SPLITS):
        first, second = parts(groups, 2, floor)
        size = min(len(second), generated)
        found["real"].append((first, np.sort(floor.permutation(second)[:size])))
        found["same"].append((first, n + np.sort(floor.permutation(generated)[:size])))
    return found
