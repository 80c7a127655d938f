"""F1 by number of clusters, with its 95% range under permuted labels.

The paper evaluates 30 k, two distances, three crops and two networks, and reports the best (section 3.1.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.membership import metrics, model_selection
from core.membership.decision_rules import RULES
from core.membership.metrics import GroundTruth

VERSION = 2
BAND = (0.025, 0.975)


@dataclass(frozen=True)
class Curves:
    """Of c candidates: F1 on ``development``, cross-validated, and on ``test``, float (c,) each.

    ``low`` and ``high`` are the 95% range of F1 of the same predictions under permuted labels, on test or,
    without one, on development; the best candidate's F1 stays below ``best_by_chance`` in 95% of
    permutations.
    """

    development: np.ndarray
    test: np.ndarray | None
    low: np.ndarray
    high: np.ndarray
    best_by_chance: float

    def as_arrays(self) -> dict[str, np.ndarray]:
        test = np.zeros(0) if self.test is None else self.test
        return {
            "development": self.development,
            "test": test,
            "low": self.low,
            "high": self.high,
            "best_by_chance": np.array([self.best_by_chance]),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> "Curves":
        test = arrays["test"] if arrays["test"].size else None
        best = float(arrays["best_by_chance"][0])
        return Curves(arrays["development"], test, arrays["low"], arrays["high"], best)


def f1_curves(
    development: tuple[np.ndarray, GroundTruth],
    test: tuple[np.ndarray, GroundTruth] | None,
    rule: str,
    seed: int,
) -> Curves:
    """Each part: distances (c, n) and the ground truth of the n images; development needs both classes."""
    rows, truth = development
    predicted = model_selection.cross_validate(rows, truth, [rule], seed)[0]
    dev_f1 = _f1(predicted, truth.used)
    if test is None or not len(test[1].used):
        return Curves(dev_f1, None, *_by_chance(predicted, truth, seed))
    usable = np.isfinite(rows).all(0)
    fitted = RULES.get(rule).fit(rows[:, usable], truth.used[usable])
    on_test = fitted.used(test[0]) & np.isfinite(test[0])
    return Curves(dev_f1, _f1(on_test, test[1].used), *_by_chance(on_test, test[1], seed))


def _f1(predicted: np.ndarray, used: np.ndarray) -> np.ndarray:
    return np.nan_to_num(metrics.f1(metrics.confusion_counts(predicted, used, np.ones(len(used)))))


def _by_chance(predicted: np.ndarray, truth: GroundTruth, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    permuted = truth.permuted(metrics.PERMUTATIONS, np.random.default_rng(seed)).astype(np.float64)
    hits = predicted.astype(np.float64) @ permuted.T
    total = predicted.sum(1)[:, None] + permuted.sum(1)[None, :]
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    low, high = np.quantile(f1, BAND, axis=1)
    return low, high, float(np.quantile(f1.max(0), 0.95))
