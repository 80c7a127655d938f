"""Which real images, and which patients, an attack names, with a bound on how many are named wrongly."""

import numpy as np

VERSION = 1


def conformal_p_values(
    scores: np.ndarray, groups: np.ndarray, calibration: np.ndarray, of_groups: np.ndarray
) -> np.ndarray:
    """float (n,): how surprising each score is among those of images that were not used.

    ``calibration`` (c,): their scores; those of the image's own group are left out (Bates et al. 2023,
    Testing for outliers with conformal p-values). 1 where no other group is left.
    """
    own = groups[:, None] == of_groups[None, :]
    higher = (calibration[None, :] >= scores[:, None] - 1e-12) & ~own
    return np.asarray((1 + higher.sum(1)) / (1 + (~own).sum(1)))


def benjamini_hochberg(p_values: np.ndarray, rate: float) -> np.ndarray:
    """bool (n,): which are named, so that in expectation at most ``rate`` of them are wrong (1995)."""
    order = np.argsort(p_values, kind="stable")
    passed = np.flatnonzero(p_values[order] <= rate * np.arange(1, len(order) + 1) / max(len(order), 1))
    named = np.zeros(len(p_values), bool)
    if len(passed):
        named[order[: passed[-1] + 1]] = True
    return named


def simes(p_values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The groups in ascending order, and of each the p-value that no image of it was used (Simes 1986)."""
    names = np.unique(groups)
    found = []
    for name in names:
        own = np.sort(p_values[groups == name])
        found.append(float((own * len(own) / np.arange(1, len(own) + 1)).min()))
    return names, np.array(found)
