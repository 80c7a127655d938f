"""How far one blind value goes: grouped by it alone, or ranked by it, and scored as the method is.

For generators: the images grouped by the value (k-means on the one number, or the words as they are) against
the truth, ARI; and the generator that the value tells best from all others, AUC. For real images: used
against not used, AUC. An AUC takes the better side, or word, and its p-value lets permutations do the same.
With many baselines some look good by chance: p-values are corrected after Holm (1979).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.audit.baselines import Value
from core.clustering import methods, metrics
from core.membership import metrics as membership_metrics
from core.membership.metrics import GroundTruth
from core.numeric.statistics import BOOTSTRAPS, Score, holm, p_value, percentile_interval

VERSION = 1
SIGNIFICANT = 0.05
MARKS = 0.95  # AUC, at the lower end of its interval, from which a value gives one generator away
WORDS = 50  # the most frequent ones; the others count as one
WARNINGS = ("competes", "marks")
SAME = "it is the same for all images"


@dataclass(frozen=True)
class BlindScore:
    """A score with its p-value; ``words`` say in which way the value tells."""

    score: Score
    p_value: float | None = None
    words: str = ""

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "BlindScore":
        return BlindScore(**{**raw, "score": Score(**raw["score"])})


@dataclass(frozen=True)
class Finding:
    """What a baseline reaches: ``whole`` on the question itself, ``one`` on a single generator."""

    name: str
    whole: BlindScore
    one: BlindScore | None = None

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Finding":
        one = None if raw["one"] is None else BlindScore.from_json(raw["one"])
        return Finding(raw["name"], BlindScore.from_json(raw["whole"]), one)

    def outcome(self, method: Score | None) -> str:
        """competes, marks (both are warnings), above (chance), chance, or undefined.

        A baseline competes where it is above chance and reaches the lower end of the method's interval, or
        where there is no result of the method yet.
        """
        value = self.whole.score.value
        if value is None:
            return "undefined"
        above = significant(self.whole)
        if above and value >= _to_reach(method):
            return "competes"
        if self.one is None or not significant(self.one):
            return "above" if above else "chance"
        return "marks" if (self.one.score.low or 0) >= MARKS else "above"


def significant(told: BlindScore) -> bool:
    return told.p_value is not None and told.p_value < SIGNIFICANT


def _to_reach(method: Score | None) -> float:
    if method is None or method.value is None:
        return float("-inf")
    return method.value if method.low is None else method.low


# -- generators ---------------------------------------------------------------------------------------


def score_generators(name: str, values: Sequence[Value], labels: Sequence[str], lacking: str) -> Finding:
    """Of images whose generators are ``labels``."""
    generators = sorted(set(labels))
    why = _why_not(values, lacking)
    if why or len(generators) < 2:
        return Finding(name, _undefined(why or "fewer than two generators are labelled"))
    agreement = metrics.score_clusters(*metrics.contingency_table(labels, _grouped(values, len(generators))))
    own = np.arange(len(labels))
    truths = {each: GroundTruth(np.array([label == each for label in labels]), own) for each in generators}
    return Finding(name, BlindScore(agreement.scores["ari"], agreement.p_value), _told(values, truths))


def _grouped(values: Sequence[Value], k: int) -> np.ndarray:
    """A group a word, or k-means of numbers into k groups; int (n,)."""
    if isinstance(values[0], str):
        return np.unique(_frequent(values), return_inverse=True)[1]
    numbers = np.array(values, float)[:, None]
    return methods.kmeans(numbers, min(k, len(np.unique(numbers))), seed=0)


# -- real images --------------------------------------------------------------------------------------


def score_membership(name: str, values: Sequence[Value], truth: GroundTruth, lacking: str) -> Finding:
    """Of real images whose truth is known."""
    why = _why_not(values, lacking)
    if not why and (truth.used.all() or not truth.used.any()):
        why = membership_metrics.ONE_CLASS
    return Finding(name, _undefined(why) if why else _told(values, {"used": truth}))


def _told(values: Sequence[Value], truths: Mapping[str, GroundTruth]) -> BlindScore:
    """The class that the value tells best from the rest, which are permuted together (one seed)."""
    rows, words = _rows(values)
    names = list(truths)
    found = np.stack([membership_metrics.auc(rows, truths[name].used)[:, 0] for name in names])
    best, row = np.unravel_index(found.argmax(), found.shape)
    truth, value = truths[names[best]], float(found[best, row])
    chance = np.max(
        [membership_metrics.permuted_best_auc(rows, each, seed=0) for each in truths.values()], axis=0
    )
    drawn = membership_metrics.weighted_auc(
        rows[row], truth.used, truth.drawn(BOOTSTRAPS, np.random.default_rng(0))
    )
    low, high = percentile_interval(drawn[np.isfinite(drawn)])
    score = Score(value, low, high, float(chance.mean()))
    return BlindScore(score, p_value(value, chance), f"{words[row]} in {names[best]}")


def _rows(values: Sequence[Value]) -> tuple[np.ndarray, list[str]]:
    """As distances of which the smaller speak for a class, float (c, n): both sides of each; in words."""
    if isinstance(values[0], str):
        frequent = _frequent(values)
        distinct = np.unique(frequent)
        rows = -(frequent[None] == distinct[:, None]).astype(float)
        return np.concatenate([rows, -rows]), [
            f"“{word}” {side}" for side in ("more often", "less often") for word in distinct
        ]
    numbers = np.array(values, float)
    return np.stack([numbers, -numbers]), ["lower", "higher"]


def _frequent(values: Sequence[Value]) -> np.ndarray:
    """Words (n,), those beyond the most frequent as one."""
    words = np.array(values, str)
    distinct, counts = np.unique(words, return_counts=True)
    kept = distinct[np.argsort(-counts, kind="stable")[:WORDS]]
    return np.where(np.isin(words, kept), words, "any other")


def _why_not(values: Sequence[Value], lacking: str) -> str | None:
    if not values:
        return "no image is labelled"
    missing = sum(value is None for value in values)
    if missing:
        return lacking if missing == len(values) else f"{missing} of {len(values)} images: {lacking}"
    return SAME if len(set(values)) == 1 else None


def _undefined(reason: str) -> BlindScore:
    return BlindScore(Score(None, undefined=reason))


# -- many of them -------------------------------------------------------------------------------------


def holm_corrected(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The same with p-values that pay for all tests together (Holm)."""
    tests = [
        told for each in findings for told in (each.whole, each.one) if told and told.p_value is not None
    ]
    paid = iter(holm([told.p_value or 0.0 for told in tests]))

    def pay(told: BlindScore) -> BlindScore:
        return told if told.p_value is None else replace(told, p_value=next(paid))

    return tuple(Finding(each.name, pay(each.whole), each.one and pay(each.one)) for each in findings)
