"""From distances to a verdict: the steps that all attacks share, each cached by its content.

development's distances -> rule -> predictions -> scores
test's distances -------------/
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.hashing import bytes_key, key
from core.membership import decision_rules, metrics, model_selection
from core.membership.metrics import GroundTruth, MembershipScores
from core.membership.model_selection import Choice, Development
from core.membership.sets import patient_groups
from core.membership.sets.copies import NO_COPIES, Copies
from core.numeric.statistics import p_value
from core.store import Store
from core.types import ImageFile, Role

Candidates = tuple[tuple[str, int], ...]  # distance and k


@dataclass(frozen=True)
class Measurement:
    """c distances of each real image of a data set: ``rows`` float (c, n), infinite where there is none.

    ``known`` bool (n,) marks the images that are scored: labelled, with a distance, and not development's as
    well. ``truth`` is their ground truth; ``lungless`` counts images without a lung.
    """

    name: str
    files: tuple[ImageFile, ...]
    rows: np.ndarray
    truth: GroundTruth
    known: np.ndarray
    cached: bool
    lungless: dict[str, int]
    note: str | None = None
    candidates: Candidates = ()  # names the rows, where there are several
    # Where labels enter development, rows (folds, c, n) that know no label of a fold, and the AUC of the one
    # row, made anew under each permutation of the labels.
    nested: np.ndarray | None = None
    by_chance: np.ndarray | None = None

    def without(self, left_out: np.ndarray, note: str | None = None) -> "Measurement":
        """Images that ``left_out`` bool (n,) marks are predicted, but not scored."""
        known = self.known & ~left_out
        notes = " ".join(filter(None, (self.note, note))) or None
        return replace(self, known=known, truth=self.truth.subset(known[self.known]), note=notes)

    @property
    def key(self) -> str:
        """Key of everything that the scores depend on."""
        truth = self.truth
        rank = np.zeros(0, np.int64) if truth.rank is None else truth.rank
        nested = np.zeros(0) if self.nested is None else self.nested
        by_chance = [] if self.by_chance is None else [self.by_chance]
        of = (self.rows, self.known, truth.used, truth.groups, rank, nested, *by_chance)
        return key("measured", *(bytes_key(np.ascontiguousarray(part).tobytes()) for part in of))


@dataclass(frozen=True)
class Reversal:
    """The smallest AUC among the distances: used images are farther. ``p_value`` is of this direction,
    corrected for taking the smallest; ``best_auc`` is the largest."""

    auc: float
    p_value: float
    best_auc: float


@dataclass(frozen=True)
class PartResult:
    """The real images of a data set under the selected rule.

    ``distance`` float (n,), infinite where there is no lung. ``verdict`` is over the images that are scored
    (``known``), None if there are none; ``p_value`` is that of its AUC, corrected for selection on the
    development set.
    ``reversal`` is over all candidates on development, over the selected one elsewhere. ``copies`` are real
    images that are among the generated ones.
    """

    name: str
    files: tuple[ImageFile, ...]
    distance: np.ndarray
    predicted: np.ndarray
    known: np.ndarray
    verdict: MembershipScores | None
    p_value: float | None
    lungless: dict[str, int]
    reversal: Reversal | None = None
    copies: Copies = NO_COPIES
    truth: GroundTruth | None = None  # of the images that are scored
    incomparable: str = ""  # why the greys of two classes can't be compared

    @property
    def ungrouped(self) -> int:
        """How many of the images that are scored have no patient group."""
        pairs = zip(self.files, self.known, strict=True)
        return sum(bool(known) and not file.group for file, known in pairs)


@dataclass(frozen=True)
class AttackResult:
    """The selection on development, both parts under it, and the verdict: an outcome and a sentence."""

    development: Development
    dev: PartResult
    test: PartResult | None
    outcome: str
    sentence: str
    seconds: float
    cached: bool
    notes: tuple[str, ...]

    @property
    def optimism(self) -> str:
        """What to say beside each of development's scores; empty if nothing was selected on it."""
        among = int(self.development.balanced.size)
        return f"best of {among:,}, optimistic" if among > 1 else ""

    @property
    def reported(self) -> PartResult:
        """The test part, or development if there is no test set."""
        return self.test or self.dev


def ground_truth(
    files: Sequence[ImageFile], alike: Mapping[str, str] | None = None
) -> tuple[GroundTruth, np.ndarray]:
    """Ground truth of the labelled images, and which images these are, bool (n,).

    ``alike``: near-duplicates, see ``group_numbers``.
    """
    known = np.array([file.role is not Role.REAL_UNKNOWN for file in files], bool)
    chosen = [file for file in files if file.role is not Role.REAL_UNKNOWN]
    groups = patient_groups.group_numbers(chosen, alike)
    used = np.array([file.role is Role.REAL_USED for file in chosen], bool)
    return GroundTruth(used, groups, patient_groups.ranks(chosen, groups)), known


def select_on_development(store: Store, found: Measurement, names: Sequence[str], seed: int) -> Development:
    """The selection among development's distances and the named rules."""
    versions = (model_selection.VERSION, decision_rules.VERSION, metrics.VERSION)
    name = key("development", versions, found.key, list(names), seed)

    def make() -> dict[str, np.ndarray]:
        nested = None if found.nested is None else found.nested[:, :, found.known]
        rows = found.rows[:, found.known]
        return model_selection.select(rows, found.truth, names, seed, nested).as_arrays()

    arrays, _ = store.compute(name, make, "development")
    return Development.from_arrays(arrays, tuple(names))


def evaluate(
    store: Store, found: Measurement, learnt: Development, on_development: bool, seed: int
) -> PartResult:
    """On development: cross-validated predictions, and a p-value corrected for the selection."""
    known, distance = found.known, found.rows[learnt.choice.row]
    predicted = learnt.choice.used(found.rows)
    if on_development:
        predicted[known] = learnt.predicted
    scored = _Scored(None, None, None)
    if known.any():
        scored = _scored(store, found, predicted, learnt.choice, on_development, seed)
    return PartResult(
        found.name,
        found.files,
        distance,
        predicted,
        known,
        scored.verdict,
        scored.p_value,
        found.lungless,
        scored.reversal,
        truth=found.truth,
    )


@dataclass(frozen=True)
class _Scored:
    verdict: MembershipScores | None
    p_value: float | None
    reversal: Reversal | None


def _scored(
    store: Store, found: Measurement, predicted: np.ndarray, choice: Choice, on_development: bool, seed: int
) -> _Scored:
    labels = bytes_key(predicted.tobytes())
    name = key("verdict", metrics.VERSION, found.key, choice, labels, on_development, seed)
    note = store.note(name)
    if note is None:
        rows = found.rows[:, found.known]
        verdict = metrics.score_predictions(predicted[found.known], rows[choice.row], found.truth, seed)
        note = {"verdict": verdict.as_json(), "p_value": verdict.p_value, "reversal": None}
        if verdict.p_value is not None:
            row = choice.row if on_development else 0
            among = rows if on_development else rows[choice.row][None]
            note |= _corrected(among, row, found.truth, seed, found.by_chance)
        store.put_note(name, note)
    reversal = None if note["reversal"] is None else Reversal(**note["reversal"])
    return _Scored(MembershipScores.from_json(note["verdict"]), note["p_value"], reversal)


def _corrected(
    rows: np.ndarray, chosen: int, truth: GroundTruth, seed: int, by_chance: np.ndarray | None
) -> dict[str, Any]:
    """The p-value of the chosen one of the distances (c, n), and that of the most reversed one; corrected for
    the choice, as each permutation has its most extreme distance. ``by_chance``: see ``Measurement``."""
    found = metrics.auc(rows, truth.used)[:, 0]
    lowest, highest = metrics.permuted_extreme_aucs(rows, truth, seed)
    smallest, largest = float(found.min()), float(found.max())
    return {
        "p_value": p_value(float(found[chosen]), highest if by_chance is None else by_chance),
        "reversal": asdict(Reversal(smallest, p_value(-smallest, -lowest), largest)),
    }
