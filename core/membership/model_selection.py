"""Select on the development set, report on the test set: from distances to predictions.

Every candidate is scored by cross-validation with whole patient groups held out, so a rule is never evaluated
on images that it was fitted to. The best one is fitted to all of development and applied to test unchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import BadChoice
from core.membership import metrics
from core.membership.decision_rules import RULES
from core.membership.metrics import GroundTruth

VERSION = 3
FOLDS = 5


@dataclass(frozen=True)
class Choice:
    """A distance (its row among the candidates) and the rule fitted to it."""

    row: int
    rule: str
    threshold: float
    sign: float

    def used(self, distances: np.ndarray) -> np.ndarray:
        """bool (n,) for distances (c, n); an image without a distance is predicted "not used"."""
        return np.asarray(self.sign * distances[self.row] <= self.sign * self.threshold) & np.isfinite(
            distances[self.row]
        )


@dataclass(frozen=True)
class Development:
    """The result of the selection: cross-validated ``predicted`` bool (n,) of the choice, and of every
    candidate.

    ``f1`` and ``balanced`` are float (rules, c), cross-validated; ``apparent_f1`` is the choice's F1 on the
    images that it was fitted to (resubstitution), which the paper's tables call training.
    """

    choice: Choice
    predicted: np.ndarray
    rules: tuple[str, ...]
    f1: np.ndarray
    balanced: np.ndarray
    apparent_f1: float

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Everything except the names of the rules, which the config has."""
        choice = self.choice
        numbers = [choice.row, self.rules.index(choice.rule), choice.threshold, choice.sign, self.apparent_f1]
        return {
            "predicted": self.predicted,
            "f1": self.f1,
            "balanced": self.balanced,
            "choice": np.array(numbers, np.float64),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], rules: tuple[str, ...]) -> "Development":
        row, rule, threshold, sign, apparent = (float(value) for value in arrays["choice"])
        choice = Choice(int(row), rules[int(rule)], threshold, sign)
        return Development(choice, arrays["predicted"], rules, arrays["f1"], arrays["balanced"], apparent)


def select(
    distances: np.ndarray,
    truth: GroundTruth,
    rules: Sequence[str],
    seed: int = 0,
    nested: np.ndarray | None = None,
) -> Development:
    """Score every candidate row of ``distances`` (c, n) under every rule; the best balanced accuracy wins.

    Not the best F1, as always predicting "used" reaches 0.667. Of ties, the first. Raises BadChoice if
    development has only one class.
    """
    check_classes(truth)
    predicted = cross_validate(distances, truth, rules, seed, nested)
    ones = np.ones(len(truth.used))
    counts = metrics.confusion_counts(predicted, truth.used, ones)
    f1, balanced = metrics.f1(counts), metrics.balanced_accuracy(counts)
    rule, row = (int(i) for i in np.unravel_index(np.argmax(balanced), balanced.shape))
    fitted = _fit(rules[rule], distances[row : row + 1], truth.used)
    choice = Choice(row, rules[rule], float(fitted[0]), float(fitted[1]))
    apparent = metrics.confusion_counts(choice.used(distances), truth.used, ones)
    return Development(
        choice, predicted[rule, row], tuple(rules), np.nan_to_num(f1), balanced, float(metrics.f1(apparent))
    )


def check_classes(truth: GroundTruth) -> None:
    """Raises BadChoice if development has only one class."""
    if truth.used.all() or not truth.used.any():
        missing = "not used" if truth.used.all() else "used"
        raise BadChoice(
            f"The development set has no real image labelled “{missing}”, so no rule can be fitted. "
            "Choose a development set with used and not used images."
        )


def cross_validate(
    distances: np.ndarray,
    truth: GroundTruth,
    rules: Sequence[str],
    seed: int,
    nested: np.ndarray | None = None,
) -> np.ndarray:
    """bool (rules, c, n): predictions of each rule for the images of the fold that it was not fitted to.

    ``nested`` float (folds, c, n): for each fold, distances into which no label of it went.
    """
    predicted = np.zeros((len(rules), *distances.shape), bool)
    usable = np.isfinite(distances).all(0)
    for fold, held in enumerate(group_folds(truth, seed)):
        learn = ~held & usable
        rows = distances if nested is None else nested[fold]
        for place, name in enumerate(rules):
            fitted = RULES.get(name).fit(rows[:, learn], truth.used[learn])
            predicted[place][:, held] = fitted.used(rows[:, held])
    return predicted & usable


def group_folds(truth: GroundTruth, seed: int) -> list[np.ndarray]:
    """bool (n,) masks of held-out images: whole patient groups, stratified by label.

    Raises BadChoice if a class has fewer than two patient groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = min(len(np.unique(truth.groups[truth.used == use])) for use in (True, False))
    if groups < 2:
        raise BadChoice(
            "Cross-validation needs at least 2 patient groups of used and 2 of not used images in the "
            "development set."
        )
    splitter = StratifiedGroupKFold(min(FOLDS, groups), shuffle=True, random_state=seed)
    masks = []
    for _, held in splitter.split(truth.used, truth.used, truth.groups):
        mask = np.zeros(len(truth.used), bool)
        mask[held] = True
        masks.append(mask)
    return masks


def inner_folds(truth: GroundTruth, held: np.ndarray, seed: int) -> list[np.ndarray]:
    """The folds (n,) of the images that are not ``held`` out; none if they have too few patient groups."""
    rest = truth.subset(~held)
    if min(len(np.unique(rest.groups[rest.used == use])) for use in (True, False)) < 2:
        return []
    found = []
    for part in group_folds(rest, seed):
        mask = np.zeros(len(held), bool)
        mask[np.flatnonzero(~held)[part]] = True
        found.append(mask)
    return found


def _fit(rule: str, distances: np.ndarray, used: np.ndarray) -> tuple[float, float]:
    usable = np.isfinite(distances).all(0)
    fitted = RULES.get(rule).fit(distances[:, usable], used[usable])
    return float(fitted.threshold[0]), float(fitted.sign[0])
