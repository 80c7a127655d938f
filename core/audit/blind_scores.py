"""Scores of a blind baseline: images are clustered or ranked by its value alone, and scored like the method.

Generators: ARI of a clustering by the value (k-means of numbers; one cluster per word) against the ground
truth, and AUC for the generator that the value separates best from all others. Real images: AUC of used
against not used. An AUC is that of the better direction, or word; the permutations of its p-value select in
the same way. p-values are corrected for the number of tests (Holm 1979).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.audit.baselines import Value
from core.clustering import contingency, methods, metrics
from core.membership import intervals
from core.membership import metrics as membership_metrics
from core.membership.metrics import GroundTruth
from core.numeric.statistics import Score, holm, p_value

VERSION = 3
SIGNIFICANT = 0.05
# Lower end of the AUC interval from which a value identifies one generator; 30 + 30 images reach it at 0.99.
MARKS = 0.9
WORDS = 50  # the most frequent words; all others count as one
WARNINGS = ("competes", "marks")
SAME = "it is the same for all images"


@dataclass(frozen=True)
class BlindScore:
    """A score with its p-value; ``words``: which values indicate which class."""

    score: Score
    p_value: float | None = None
    words: str = ""

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "BlindScore":
        return BlindScore(**{**raw, "score": Score(**raw["score"])})


@dataclass(frozen=True)
class Finding:
    """A baseline's scores: ``whole`` on the task of the method, ``one`` on its best single generator."""

    name: str
    whole: BlindScore
    one: BlindScore | None = None

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Finding":
        one = None if raw["one"] is None else BlindScore.from_json(raw["one"])
        return Finding(raw["name"], BlindScore.from_json(raw["whole"]), one)

    def outcome(self, method: Score | None) -> str:
        """competes, marks (both are warnings), above (chance), chance, or undefined.

        A baseline competes if it is above chance and reaches the lower end of the method's interval, or if
        the method has no result yet. It marks if it identifies one generator (MARKS).
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


def significant(found: BlindScore) -> bool:
    return found.p_value is not None and found.p_value < SIGNIFICANT


def _to_reach(method: Score | None) -> float:
    if method is None or method.value is None:
        return float("-inf")
    return method.value if method.low is None else method.low


# -- generators ---------------------------------------------------------------------------------------


def score_generators(
    name: str, values: Sequence[Value], labels: Sequence[str], lacking: str, copies: np.ndarray | None = None
) -> Finding:
    """The scores of ``values`` on labelled generated images, one label (generator) per value.

    ``copies`` int (n,): equal for images of equal pixels, which count once in intervals and p-values.
    """
    generators = sorted(set(labels))
    why = _why_not(values, lacking)
    if why or len(generators) < 2:
        return Finding(name, _undefined(why or "fewer than two generators are labelled"))
    own = np.arange(len(labels)) if copies is None else np.unique(copies, return_inverse=True)[1]
    clusters, known = _clustered(values, len(generators)), contingency.KnownGenerators.of(labels)
    agreement = metrics.score_clusters(
        known.names, known.table(clusters), evidence=known.evidence(clusters, own)
    )
    truths = {each: GroundTruth(np.array([label == each for label in labels]), own) for each in generators}
    return Finding(name, BlindScore(agreement.scores["ari"], agreement.p_value), _best_auc(values, truths))


def _clustered(values: Sequence[Value], k: int) -> np.ndarray:
    """One cluster per word, or k-means of numbers; cluster numbers, int (n,)."""
    if isinstance(values[0], str):
        return np.unique(_frequent(values), return_inverse=True)[1]
    numbers = np.array(values, float)[:, None]
    return methods.kmeans(numbers, min(k, len(np.unique(numbers))), seed=0)


# -- real images --------------------------------------------------------------------------------------


def score_membership(name: str, values: Sequence[Value], truth: GroundTruth, lacking: str) -> Finding:
    """The AUC of ``values`` on labelled real images."""
    why = _why_not(values, lacking)
    if not why and (truth.used.all() or not truth.used.any()):
        why = membership_metrics.ONE_CLASS
    return Finding(name, _undefined(why) if why else _best_auc(values, {"used": truth}))


def _best_auc(values: Sequence[Value], truths: Mapping[str, GroundTruth]) -> BlindScore:
    """AUC of the class that is best separated from the rest; one seed, so all classes are permuted alike."""
    rows, words = _rows(values)
    names = list(truths)
    found = np.stack([membership_metrics.auc(rows, truths[name].used)[:, 0] for name in names])
    best, row = np.unravel_index(found.argmax(), found.shape)
    truth, value = truths[names[best]], float(found[best, row])
    chance = np.max(
        [membership_metrics.permuted_best_auc(rows, each, seed=0) for each in truths.values()], axis=0
    )
    low, high = intervals.auc_interval(value, rows[row], truth.used, truth.groups)
    score = Score(value, low, high, float(chance.mean()))
    return BlindScore(score, p_value(value, chance), f"{words[row]} in {names[best]}")


def _rows(values: Sequence[Value]) -> tuple[np.ndarray, list[str]]:
    """Candidate distances, float (c, n), where a smaller one indicates the class; and their descriptions."""
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
    """Words (n,); all but the most frequent are replaced by one."""
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


# -- correction for the number of tests ---------------------------------------------------------------


def holm_corrected(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with p-values corrected for the number of tests (Holm)."""
    tests = [
        test for each in findings for test in (each.whole, each.one) if test and test.p_value is not None
    ]
    corrected = iter(holm([test.p_value or 0.0 for test in tests]))

    def correct(test: BlindScore) -> BlindScore:
        return test if test.p_value is None else replace(test, p_value=next(corrected))

    return tuple(Finding(each.name, correct(each.whole), each.one and correct(each.one)) for each in findings)
