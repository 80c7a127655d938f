"""95% intervals of scores whose images are not independent, which hold near 0 and 1 as well.

n images of patients say less than n independent ones. How much less follows from the intraclass correlation
rho of their distances (one-way analysis of variance of ranks within each class, Fisher 1925): of s images of
a patient, each counts as 1 / (1 + (s - 1) rho) images (design effect, Kish 1965).
"""

import numpy as np


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
