"""Scores with their intervals and permutation means, p-values, and their correction for many tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BOOTSTRAPS = 1999
PERMUTATIONS = 9999
LEVEL = 0.95


@dataclass(frozen=True)
class Score:
    """A value with its 95% interval and its mean under permuted labels; or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    undefined: str | None = None


def percentile_interval(draws: np.ndarray) -> tuple[float, float]:
    """The central 95% of bootstrap draws."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def format_interval(low: float, high: float) -> str:
    """``0.81 to 0.93`` in three decimals, or in as many as it takes to see that the ends differ."""
    for decimals in range(3, 10):
        ends = [f"{end:.{decimals}f}" for end in (low, high)]
        if ends[0] != ends[1] or low == high:
            break
    return " to ".join(end.lstrip("-") if float(end) == 0 else end for end in ends)


def format_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def p_value(observed: float, permuted: np.ndarray) -> float:
    """(1 + permutations at least as good) / (1 + permutations) (Phipson and Smyth 2010)."""
    return float((1 + (permuted >= observed - 1e-12).sum()) / (1 + len(permuted)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Step-down: the i-th smallest of m times m - i, never below one before it, at most 1."""
    p = np.array(p_values, float)
    order = np.argsort(p, kind="stable")
    paid = np.empty(len(p))
    paid[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return [float(each) for each in paid]
