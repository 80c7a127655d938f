"""Scores of membership predictions, with intervals, baselines and values expected by chance.

``used`` is the positive class. Slices of one patient are not independent: intervals count them for less
(intervals.py), permutation tests permute labels between patient groups, and within those with both. Kappa:
Cohen 1960. MCC: Matthews 1975. Rates at 1% false positives: Carlini et al. 2022.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.membership.intervals import auc_interval, drawn_counts
from core.numeric.statistics import BOOTSTRAPS, Score, p_value, percentile_interval
from core.wording import counted

VERSION = 4
PERMUTATIONS = 1999
FALSE_RATE = 0.01
ONE_CLASS = "every image has the same label"

Counts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # tp, fp, fn, tn; float (b,) each


@dataclass(frozen=True)
class GroundTruth:
    """``used`` bool (n,); ``groups`` int (n,): patient groups, an image without one is its own group.

    ``rank`` int (n,): the order of the images for random draws, by content; None: as they are.
    """

    used: np.ndarray
    groups: np.ndarray
    rank: np.ndarray | None = None

    @property
    def order(self) -> np.ndarray:
        """int (n,): the images in the order of their ranks."""
        return np.arange(len(self.used)) if self.rank is None else np.argsort(self.rank)

    def subset(self, kept: np.ndarray) -> "GroundTruth":
        """Of the images that ``kept`` bool (n,) marks, groups and ranks renumbered."""
        groups = np.unique(self.groups[kept], return_inverse=True)[1]
        rank = None if self.rank is None else np.argsort(np.argsort(self.rank[kept]))
        return GroundTruth(self.used[kept], groups, rank)

    def drawn(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Bootstrap weights of the images, float (count, n): patient groups drawn with replacement."""
        m = int(self.groups.max()) + 1
        return rng.multinomial(m, np.full(m, 1 / m), count).astype(float)[:, self.groups]

    def permuted(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """bool (count, n): labels permuted within what is exchangeable if they mean nothing.

        Groups of one label exchange it. Groups with both labels exchange the number of used images with
        others of their size, and each puts that number anywhere among its images.
        """
        _, first = np.unique(self.groups, return_index=True)
        size, used = np.bincount(self.groups), np.bincount(self.groups, self.used)
        both = (used > 0) & (used < size)
        pure = np.flatnonzero(~both)
        labels = np.zeros((count, len(size)), bool)
        labels[:, pure] = np.stack([rng.permutation(self.used[first][pure]) for _ in range(count)])
        permuted = labels[:, self.groups]
        for images in sorted(set(size[both].tolist())):
            alike = np.flatnonzero(both & (size == images))
            places = np.stack([self.order[self.groups[self.order] == group] for group in alike])
            counts = np.stack([rng.permutation(used[alike]) for _ in range(count)])
            drawn = rng.random((count, *places.shape)).argsort(2).argsort(2) < counts[:, :, None]
            permuted[:, places] = drawn
        return permuted


@dataclass(frozen=True)
class MembershipScores:
    """Scores of one set of predictions; ``p_value`` is of the AUC."""

    scores: Mapping[str, Score]
    p_value: float | None
    baselines: Mapping[str, float | None]
    roc: tuple[tuple[float, float], ...]  # false and true positive rates
    n_used: int
    n_not_used: int
    groups: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "MembershipScores":
        scores = {name: Score(**score) for name, score in raw["scores"].items()}
        roc = tuple((float(x), float(y)) for x, y in raw["roc"])
        return MembershipScores(**{**raw, "scores": scores, "roc": roc})


# -- scores of counts --------------------------------------------------------------------------------


def confusion_counts(predicted: np.ndarray, used: np.ndarray, weights: np.ndarray) -> Counts:
    """Weighted counts; all arguments are bool or float of shapes that broadcast to (b, n)."""
    yes, real = np.asarray(predicted, float), np.asarray(used, float)

    def total(values: np.ndarray) -> np.ndarray:
        return np.asarray((values * weights).sum(-1))

    return total(yes * real), total(yes * (1 - real)), total((1 - yes) * real), total((1 - yes) * (1 - real))


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(np.shape(bottom), np.nan), where=bottom > 0)


def f1(c: Counts) -> np.ndarray:
    tp, fp, fn, _ = c
    return _ratio(2 * tp, 2 * tp + fp + fn)


def accuracy(c: Counts) -> np.ndarray:
    return _ratio(c[0] + c[3], c[0] + c[1] + c[2] + c[3])


def precision(c: Counts) -> np.ndarray:
    return _ratio(c[0], c[0] + c[1])


def recall(c: Counts) -> np.ndarray:
    return _ratio(c[0], c[0] + c[2])


def balanced_accuracy(c: Counts) -> np.ndarray:
    return (recall(c) + _ratio(c[3], c[1] + c[3])) / 2


def kappa(c: Counts) -> np.ndarray:
    tp, fp, fn, tn = c
    n = tp + fp + fn + tn
    by_chance = _ratio((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp), n * n)
    return _ratio(accuracy(c) - by_chance, 1 - by_chance)


def mcc(c: Counts) -> np.ndarray:
    tp, fp, fn, tn = c
    return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def predicted_positive_rate(c: Counts) -> np.ndarray:
    return _ratio(c[0] + c[1], c[0] + c[1] + c[2] + c[3])


BY_COUNTS = {
    "f1": f1,
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "balanced_accuracy": balanced_accuracy,
    "kappa": kappa,
    "mcc": mcc,
    "used_rate": predicted_positive_rate,
}
WHY = {
    "f1": "no image is used and none was predicted “used”",
    "precision": "no image was predicted “used”",
    "kappa": "agreement expected by chance is complete",
    "mcc": "all predictions are the same",
}


# -- ranking ------------------------------------------------------------------------------------------


def auc(distances: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Probability that a used image is nearer than a not-used one, ties counting half: float (c, b).

    ``distances`` (c, n), ``used`` bool (b, n) or (n,). By rank sums: Hanley and McNeil 1982.
    """
    from scipy.stats import rankdata

    truth = np.atleast_2d(np.asarray(used, float))
    positive = truth.sum(1)
    negative = truth.shape[1] - positive
    low = rankdata(distances, axis=1) @ truth.T - positive * (positive + 1) / 2
    return 1 - _ratio(low, np.broadcast_to(positive * negative, low.shape))


def weighted_auc(distances: np.ndarray, used: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUC of distances (n,) with each image counted ``weights`` (b, n) times: float (b,)."""
    order = np.argsort(distances, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(distances[order]) > 0, True))
    near, far = ((weights * side)[:, order].cumsum(1)[:, ends] for side in (used, ~used))
    return _ratio(_wins(near, far), near[:, -1] * far[:, -1])


def _wins(near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Weight of pairs in which the used image is nearer, of cumulative weights at each distinct distance."""
    tied = np.diff(near, axis=1, prepend=0)
    beyond = far[:, -1:] - far + np.diff(far, axis=1, prepend=0) / 2
    return np.asarray((tied * beyond).sum(1))


def roc_curve(distances: np.ndarray, used: np.ndarray) -> np.ndarray:
    """False and true positive rates, float (m, 2), from (0, 0) to (1, 1), one point per distinct distance."""
    order = np.argsort(distances, kind="stable")
    ends = np.flatnonzero(np.append(distances[order][1:] > distances[order][:-1], True))
    true, false = (side[order].cumsum()[ends] / side.sum() for side in (used, ~used))
    return np.stack([np.append(0, false), np.append(0, true)], 1)


def tpr_at_fpr(curve: np.ndarray, false_rate: float) -> float:
    """The highest true positive rate at a false positive rate of at most ``false_rate``."""
    return float(curve[curve[:, 0] <= false_rate + 1e-12, 1].max())


def corrected_p_value(distances: np.ndarray, truth: GroundTruth, seed: int) -> float:
    """p-value of the best AUC among (c, n) distances, corrected for selecting the best."""
    return p_value(float(auc(distances, truth.used).max()), permuted_best_auc(distances, truth, seed))


def permuted_best_auc(distances: np.ndarray, truth: GroundTruth, seed: int) -> np.ndarray:
    """The best AUC among (c, n) distances under each permutation of the labels, float (PERMUTATIONS,)."""
    return permuted_extreme_aucs(distances, truth, seed)[1]


def permuted_extreme_aucs(
    distances: np.ndarray, truth: GroundTruth, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same for the smallest and the best AUC."""
    permuted = auc(distances, truth.permuted(PERMUTATIONS, np.random.default_rng(seed)))
    return np.asarray(permuted.min(0)), np.asarray(permuted.max(0))


# -- all of it ----------------------------------------------------------------------------------------


def score_predictions(
    predicted: np.ndarray, distances: np.ndarray, truth: GroundTruth, seed: int = 0
) -> MembershipScores:
    """All scores of predictions bool (n,) and the distances (n,) behind them; seeded."""
    n_used, n_not = int(truth.used.sum()), int((~truth.used).sum())
    groups = len(np.unique(truth.groups))
    if not (n_used and n_not):
        nothing = {name: Score(None, undefined=ONE_CLASS) for name in (*BY_COUNTS, "auc", "tpr_at_1fpr")}
        return MembershipScores(
            nothing, None, _baselines(n_used, n_not, predicted), (), n_used, n_not, groups
        )
    rng = np.random.default_rng(seed)
    permuted = truth.permuted(PERMUTATIONS, rng)
    ones = np.ones(len(predicted))
    observed, chance = (confusion_counts(predicted, used, ones) for used in (truth.used, permuted))
    of = (distances, truth.used, truth.groups)
    drawn = drawn_counts((float(observed[0]), float(observed[1])), *of, BOOTSTRAPS, rng)
    scores = {
        name: _score(float(score(observed)), score(drawn), score(chance), WHY.get(name, ONE_CLASS))
        for name, score in BY_COUNTS.items()
    }
    value = float(auc(distances[None], truth.used)[0, 0])
    by_chance = auc(distances[None], permuted)[0]
    scores["auc"] = Score(value, *auc_interval(value, *of), float(by_chance.mean()))
    curve = roc_curve(distances, truth.used)
    scores["tpr_at_1fpr"] = _few(tpr_at_fpr(curve, FALSE_RATE), n_not)
    return MembershipScores(
        scores,
        p_value(value, by_chance),
        _baselines(n_used, n_not, predicted),
        tuple((float(x), float(y)) for x, y in curve),
        n_used,
        n_not,
        groups,
    )


def _score(value: float, drawn: np.ndarray, chance: np.ndarray, why: str) -> Score:
    if np.isnan(value):
        return Score(None, undefined=why)
    ends = [percentile_interval(row[np.isfinite(row)]) for row in drawn]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return Score(value, min(low, value), max(high, value), float(np.nanmean(chance)))


def _few(rate: float, n_not: int) -> Score:
    if n_not * FALSE_RATE < 1:
        return Score(None, undefined=f"1% of {counted(n_not, 'image')} not used is less than one image")
    return Score(rate, chance=FALSE_RATE)


def _baselines(n_used: int, n_not: int, predicted: np.ndarray) -> dict[str, float | None]:
    """F1 of baselines that use no image: always predicting "used", or at random at the same rate.

    With s the share of used images, rate q at random scores 2 q s / (q + s), in expectation of the counts.
    """
    share, rate = n_used / max(n_used + n_not, 1), float(np.mean(predicted))
    return {
        "everything_used": 2 * share / (1 + share) if share else None,
        "random_at_rate": 2 * rate * share / (rate + share) if rate + share else None,
    }
