"""Which prevalences allow some scores, by linear programs over shares of all images.

Variables: t (used and predicted "used"), f (not used and predicted "used") and u (used, the prevalence),
each a share of all images. Accuracy is t + 1 - u - f, precision t / (t + f), recall t / u, F1 2t / (u + t +
f): each limit is linear. Kappa is 2 (t - u q) / (u + q - 2 u q) with q = t + f: bilinear, linear for a
given u.
"""

from collections import deque
from collections.abc import Mapping

import numpy as np

Bounds = Mapping[str, tuple[float, float]]
Rows = list[tuple[tuple[float, float, float, float], float]]  # of t, f, u and w = u q, at most a number

WIDTH = 1e-4  # of prevalences that are not halved further
TINY = 1e-9  # a score is undefined where its denominator is 0
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def prevalences(bounds: Bounds) -> tuple[float, float] | None:
    """Lowest and highest prevalence at which all scores are within their bounds; None if there is none.

    With kappa, to ``WIDTH``: a piece of that width none of whose ends or middle fits counts as ruled out.
    """
    low, high = bounds.get("prevalence", (0.0, 1.0))
    low, high = max(low, 0.0), min(high, 1.0)
    if "kappa" not in bounds:
        return _range(_linear(bounds), low, high)
    fitting: list[float] = []
    pieces = deque([(low, high)])
    while pieces:
        first, last = pieces.popleft()
        relaxed = _range(_linear(bounds) + _relaxed(bounds["kappa"], first, last), first, last)
        if relaxed is None:
            continue
        first, last = relaxed
        for at in (first, (first + last) / 2, last):
            if _range(_linear(bounds) + _relaxed(bounds["kappa"], at, at), at, at):
                fitting.append(at)
        if last - first > WIDTH:
            middle = (first + last) / 2
            if fitting and min(fitting) <= first and last <= max(fitting):
                continue  # it would change neither end
            pieces.extend([(first, middle), (middle, last)])
    return (min(fitting), max(fitting)) if fitting else None


def _range(rows: Rows, low: float, high: float) -> tuple[float, float] | None:
    """The lowest and highest u under the constraints."""
    from scipy.optimize import linprog

    matrix, right = np.array([row for row, _ in rows]), np.array([most for _, most in rows])
    ends = []
    for sign in (1, -1):
        found = linprog(
            [0, 0, sign, 0], matrix, right, bounds=[(0, 1), (0, 1), (low, high), (0, 1)], options=EXACT
        )
        if found.status != 0:
            return None
        ends.append(float(found.x[2]))
    return ends[0], ends[1]


def _linear(bounds: Bounds) -> Rows:
    rows: Rows = [((1, 0, -1, 0), 0.0), ((0, 1, 1, 0), 1.0)]  # t <= u, f <= 1 - u
    if "accuracy" in bounds:
        low, high = bounds["accuracy"]
        rows += [((-1, 1, 1, 0), 1 - low), ((1, -1, -1, 0), high - 1)]
    if "precision" in bounds:
        low, high = bounds["precision"]
        rows += [((low - 1, low, 0, 0), 0.0), ((1 - high, -high, 0, 0), 0.0), ((-1, -1, 0, 0), -TINY)]
    if "recall" in bounds:
        low, high = bounds["recall"]
        rows += [((-1, 0, low, 0), 0.0), ((1, 0, -high, 0), 0.0), ((0, 0, -1, 0), -TINY)]
    if "f1" in bounds:
        low, high = bounds["f1"]
        rows += [((low - 2, low, low, 0), 0.0), ((2 - high, -high, -high, 0), 0.0), ((-1, -1, -1, 0), -TINY)]
    return rows


def _relaxed(kappa: tuple[float, float], first: float, last: float) -> Rows:
    """Kappa's limits with w for u q, between McCormick's planes; exact where ``first`` is ``last``.

    kappa (u + q - 2 w) <= 2 (t - w) for its lower limit, the reverse for its upper.
    """
    low, high = kappa
    return [
        ((low - 2, low, low, 2 - 2 * low), 0.0),
        ((2 - high, -high, -high, 2 * high - 2), 0.0),
        ((-1, -1, -1, 2), -TINY),  # u + q - 2w, kappa's denominator
        ((first, first, 0, -1), 0.0),  # w >= first q
        ((last, last, 1, -1), last),  # w >= last q + u - last
        ((-last, -last, 0, 1), 0.0),  # w <= last q
        ((-first, -first, -1, 1), -first),  # w <= first q + u - first
    ]
