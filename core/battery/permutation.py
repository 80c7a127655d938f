"""One joint test of many attacks: roles are permuted once for all of them.

So their dependence is paid for exactly (Westfall and Young 1993), and trying many costs no more than it must.

Two statistics an attack: the AUC sees a leak that touches many images a little, the partial AUC one that
touches few of them strongly. Their p-values are combined by a weighted Cauchy statistic (Liu and Xie 2020),
in which the attack that was declared beforehand has half of the weight; its own p-value comes from the same
permutations.
"""

from dataclasses import dataclass
from math import comb, factorial

import numpy as np

from core.membership.metrics import GroundTruth, auc

VERSION = 1
PERMUTATIONS = 4999
CHUNK = 2_000_000  # labels that are looked at at once
FALSE_RATE = 0.10  # up to which the partial AUC looks
DECLARED = 0.5  # weight of the headline attack
AGAINST = 0.9  # a larger p-value counts as this: one attack that sees nothing does not outvote another


@dataclass(frozen=True)
class JointTest:
    """Of a attacks. Statistics float (2 a, 1 + permutations): those of the true roles come first; rows are
    the AUC of each attack, then the partial AUC of each.

    ``p_values`` (2 a,): of each alone. ``corrected`` (a,): of each attack, for all attacks that were tried.
    ``combined``: of all together. ``reversed``: of the smallest AUC, in the other direction. ``least``: no
    p-value can be smaller, with so few groups.
    """

    statistics: np.ndarray
    p_values: np.ndarray
    corrected: np.ndarray
    combined: float
    reversed: float
    least: float

    @property
    def attacks(self) -> int:
        return len(self.corrected)

    @property
    def auc(self) -> np.ndarray:
        return np.asarray(self.statistics[: self.attacks, 0])

    @property
    def partial(self) -> np.ndarray:
        return np.asarray(self.statistics[self.attacks :, 0])

    def strongest(self, attack: int) -> int:
        """The row of the statistic by which an attack fired: of its smaller p-value."""
        return min((attack, attack + self.attacks), key=lambda row: self.p_values[row])


def joint_test(
    scores: np.ndarray, truth: GroundTruth, seed: int, headline: int | None = None, count: int = PERMUTATIONS
) -> JointTest:
    """``scores`` (a, n), a higher one meaning "used"; ``headline``: the attack that was declared."""
    statistics = permuted_statistics(scores, truth, seed, count)
    by_rank = _p_values(statistics)
    weights = _weights(len(scores), headline)
    votes = weights @ np.tan((0.5 - np.minimum(by_rank, AGAINST)) * np.pi)
    lowest = statistics[: len(scores)].min(0)
    return JointTest(
        statistics,
        by_rank[:, 0],
        _step_down(by_rank).reshape(2, -1).min(0),
        float((votes >= votes[0] - 1e-9).mean()),
        float((lowest <= lowest[0] + 1e-12).mean()),
        least_p_value(truth),
    )


def permuted_statistics(
    scores: np.ndarray, truth: GroundTruth, seed: int, count: int = PERMUTATIONS
) -> np.ndarray:
    """float (2 a, 1 + count): AUC and partial AUC of each attack, the true roles first."""
    drawn = truth.permuted(count, np.random.default_rng(seed))
    labels = np.concatenate([truth.used[None], drawn])
    chunk = max(1, CHUNK // len(truth.used))
    parts = [labels[place : place + chunk] for place in range(0, len(labels), chunk)]
    ordered = truth.order  # equal scores in the order of contents
    best_first = [ordered[np.argsort(-row[ordered], kind="stable")] for row in scores]
    return np.concatenate(
        [
            np.concatenate([auc(-scores, part), [partial_auc(part[:, order]) for order in best_first]])
            for part in parts
        ],
        1,
    )


def partial_auc(labels: np.ndarray, false_rate: float = FALSE_RATE) -> np.ndarray:
    """Mean true positive rate at false positive rates up to ``false_rate``: float (b,).

    ``labels`` bool (b, n): which images are used, the highest score first. Chance is ``false_rate`` / 2.
    """
    true = labels.cumsum(1, dtype=np.int32)
    used = true[:, -1:]
    others = labels.shape[1] - used
    false = np.arange(1, labels.shape[1] + 1, dtype=np.int32) - true
    width = false_rate * others
    weight = np.clip(width - (false - 1), 0, 1) * ~labels
    return np.asarray((weight * true).sum(1) / (used * width)[:, 0])


def least_p_value(truth: GroundTruth) -> float:
    """One over the number of ways in which the roles could have fallen on groups."""
    size, used = np.bincount(truth.groups), np.bincount(truth.groups, truth.used).astype(int)
    both = (used > 0) & (used < size)
    ways = comb(int((~both).sum()), int((used[~both] > 0).sum()))
    for images in np.unique(size[both]).tolist():
        alike = used[both & (size == images)]
        ways *= factorial(len(alike))  # groups of a size exchange their numbers of used images
        for count, groups in zip(*np.unique(alike, return_counts=True), strict=True):
            ways = ways // factorial(int(groups)) * comb(images, int(count)) ** int(groups)
    return 1 / ways


def _p_values(statistics: np.ndarray) -> np.ndarray:
    """Of each row, the share of its values that are at least as large: (t, 1 + permutations)."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(-np.round(statistics, 12), method="max", axis=1) / statistics.shape[1])


def _weights(attacks: int, headline: int | None) -> np.ndarray:
    """Of the 2 a p-values, in sum 1."""
    if headline is None or attacks == 1:
        return np.full(2 * attacks, 1 / (2 * attacks))
    weights = np.full(attacks, (1 - DECLARED) / (2 * (attacks - 1)))
    weights[headline] = DECLARED / 2
    return np.tile(weights, 2)


def _step_down(by_rank: np.ndarray) -> np.ndarray:
    """Corrected p-values of the rows: the i-th smallest against the smallest of the rows not below it."""
    order = np.argsort(by_rank[:, 0], kind="stable")
    smallest = np.minimum.accumulate(by_rank[order[::-1]], axis=0)[::-1]
    corrected = np.empty(len(order))
    corrected[order] = np.maximum.accumulate((smallest <= by_rank[order, :1] + 1e-12).mean(1))
    return corrected
