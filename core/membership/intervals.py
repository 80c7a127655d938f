"""95% intervals of scores whose images are not independent, which hold near 0 and 1 as well.

n images of patients say less than n independent ones. How much less follows from the intraclass correlation
rho of their distances (one-way analysis of variance of ranks within each class, Fisher 1925): of s images of
a patient, each counts as 1 / (1 + (s - 1) rho) images (design effect, Kish 1965).

Measured by tests/bench/coverage.py, 200 sets a row, 20 to 60 patients of 1 to 9 slices, rho 0 to 0.9. AUC of
0.92 and 0.99: Newcombe's interval with effective sizes covers 97.0 to 99.5%, the percentile bootstrap over
patients 41.0 to 93.0% (up to 59% of its intervals are [1, 1]), DeLong's by group on the logit scale 85.5 to
99.0%, a Dirichlet posterior of the groups' weights 71.0 to 98.0%. Of AUC 0.6 and 0.75: 92.5 to 98.0%, 88.5 to
96.0%, 92.5 to 99.0%, 86.0 to 95.0%. F1, balanced accuracy, kappa, recall, precision and MCC of recall 0.7 to
0.99: 96.0 to 100%; Jeffreys' posterior alone 87% where 12 and 12 independent images have one mistake, the
bootstrap 10 to 100%.
"""

import numpy as np

from core.numeric.statistics import LEVEL


def effective_sizes(distances: np.ndarray, used: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """How many independent images the used and the not-used ones are worth."""
    rho = intraclass_correlation(distances, used, groups)
    return _effective(groups[used], rho), _effective(groups[~used], rho)


def _effective(groups: np.ndarray, rho: float) -> float:
    sizes = np.unique(groups, return_counts=True)[1]
    return float(sizes.sum() ** 2 / (sizes * (1 + (sizes - 1) * rho)).sum())


def intraclass_correlation(distances: np.ndarray, used: np.ndarray, groups: np.ndarray) -> float:
    """Of ranks within a class, 0 to 1; 1 where nothing varies, 0 where each image is a patient."""
    from scipy.stats import rankdata

    ranks = np.empty(len(distances))
    for side in (used, ~used):
        ranks[side] = rankdata(distances[side]) / side.sum() - (side.sum() + 1) / (2 * side.sum())
    cells = np.unique(2 * groups + used, return_inverse=True)[1]
    size = np.bincount(cells)
    mean = np.bincount(cells, ranks) / size
    n, m = len(ranks), len(size)
    if n == m:
        return 0.0
    within = float(np.square(ranks - mean[cells]).sum()) / (n - m)
    between = float((size * mean**2).sum()) / max(m - 2, 1)
    typical = (n - (size**2).sum() / n) / max(m - 1, 1)
    total = between + (typical - 1) * within
    return float(np.clip((between - within) / total, 0, 1)) if total > 0 else 1.0


def auc_interval(
    value: float, distances: np.ndarray, used: np.ndarray, groups: np.ndarray
) -> tuple[float, float]:
    """All AUC that are within t standard errors of ``value``, the error being that which each of them has.

    Newcombe 2006, method 5, after Hanley and McNeil 1982, with effective sizes, and t of groups - 2 degrees
    of freedom.
    """
    m, n = effective_sizes(distances, used, groups)
    reach = _t(groups)
    return _furthest(value, 0.0, m, n, reach), _furthest(value, 1.0, m, n, reach)


def _furthest(value: float, end: float, m: float, n: float, reach: float) -> float:
    near, far = value, end
    for _ in range(50):
        middle = (near + far) / 2
        if abs(value - middle) <= reach * _standard_error(middle, m, n):
            near = middle
        else:
            far = middle
    return near


def _standard_error(auc: float, m: float, n: float) -> float:
    both = max((m + n) / 2 - 1, 0)
    more = both * ((1 - auc) / (2 - auc) + auc / (1 + auc))
    return float(np.sqrt(auc * (1 - auc) * (1 + more) / (m * n)))


def drawn_counts(
    hits: tuple[float, float],
    distances: np.ndarray,
    used: np.ndarray,
    groups: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws of tp, fp, fn, tn, float (4, count) each, whose quantiles bound the scores made of them.

    ``hits``: how many used and not-used images are predicted "used". The number of images of a class is
    given, and their effective numbers say how much is known of its rate: a beta distribution, half-way
    between Jeffreys' posterior and the bounds of Clopper and Pearson, for the lower and for the upper end. A
    row has one end of either rate.
    """
    sizes = int(used.sum()), int((~used).sum())
    less = (_t(None) / _t(groups)) ** 2
    rates = []
    for hit, size, effective in zip(hits, sizes, effective_sizes(distances, used, groups), strict=True):
        yes, no = hit / size * effective * less, (1 - hit / size) * effective * less
        ends = [rng.beta(yes + share, no + 1 - share, count) for share in (0.25, 0.75)]
        rates.append(np.stack(ends))
    right, wrong = np.repeat(rates[0], 2, axis=0) * sizes[0], np.tile(rates[1], (2, 1)) * sizes[1]
    return right, wrong, sizes[0] - right, sizes[1] - wrong


def _t(groups: np.ndarray | None) -> float:
    """The 97.5% quantile of Student's t; of the normal distribution without groups."""
    from scipy.stats import norm, t

    upper = (1 + LEVEL) / 2
    return float(norm.ppf(upper) if groups is None else t.ppf(upper, max(len(np.unique(groups)) - 2, 1)))
