"""The protocol can't cheat: what is chosen, on what, and what is said of it."""

import numpy as np
import pytest

from core.errors import BadChoice
from core.membership import metrics, model_selection
from core.membership.decision_rules import RULES
from core.membership.metrics import GroundTruth

N = 120
PATIENTS = np.repeat(np.arange(30), 4)
USED = PATIENTS % 2 == 0
TRUTH = GroundTruth(USED, PATIENTS)
NAMES = tuple(RULES.names())


def candidates(leak: float = 1.0, seed: int = 0) -> np.ndarray:
    """Twenty distances, of which row 13 has a leak."""
    rows = np.random.default_rng(seed).random((20, N))
    rows[13] += leak * ~USED
    return rows


def test_the_leak_is_chosen() -> None:
    found = model_selection.select(candidates(), TRUTH, NAMES)
    assert found.choice.row == 13
    assert found.choice.rule in ("means", "balanced", "median")
    assert found.balanced.max() > 0.95
    assert (found.choice.used(candidates(seed=1)) == USED).mean() > 0.9


def test_no_fold_holds_a_patient_that_it_learnt_from() -> None:
    masks = model_selection.group_folds(TRUTH, 0)
    assert len(masks) == model_selection.FOLDS
    assert (np.sum(masks, 0) == 1).all()
    for held in masks:
        assert not set(PATIENTS[held]) & set(PATIENTS[~held])


def test_noise_scores_chance_when_it_is_cross_validated() -> None:
    """Where it was fitted, the best threshold on noise beats 0.5 by far; held out, it does not."""
    rows = np.random.default_rng(2).random((200, N))
    fitted = RULES.get("balanced").fit(rows, USED).used(rows)
    ones = np.ones(N)
    apparent = metrics.balanced_accuracy(metrics.confusion_counts(fitted, USED, ones)).mean()
    honest = model_selection.cross_validate(rows, TRUTH, ("balanced",), 0)[0]
    held_out = metrics.balanced_accuracy(metrics.confusion_counts(honest, USED, ones)).mean()
    assert apparent > 0.55
    assert held_out == pytest.approx(0.5, abs=0.02)


def test_a_rule_is_never_fitted_to_what_it_judges() -> None:
    """Truth of a held-out fold turned round changes no prediction of that fold."""
    rows, held = candidates(), model_selection.group_folds(TRUTH, 0)[0]
    turned = GroundTruth(np.where(held, ~USED, USED), PATIENTS)
    first = RULES.get("balanced").fit(rows[:, ~held], TRUTH.used[~held])
    second = RULES.get("balanced").fit(rows[:, ~held], turned.used[~held])
    assert (first.used(rows[:, held]) == second.used(rows[:, held])).all()


def test_everything_used_does_not_win() -> None:
    """F1 0.667 for calling everything used: on noise the winner is by balanced accuracy, near 0.5."""
    found = model_selection.select(candidates(leak=0), TRUTH, NAMES)
    assert 0.4 < found.predicted.mean() < 0.9 or found.choice.rule == "tenth"


def test_an_image_without_a_distance_is_not_called_used() -> None:
    rows = candidates()
    rows[:, 5] = np.inf
    found = model_selection.select(rows, TRUTH, NAMES)
    assert not found.predicted[5]
    assert not found.choice.used(rows)[5]


@pytest.mark.parametrize(("used", "missing"), [(np.ones(N, bool), "not used"), (np.zeros(N, bool), "used")])
def test_one_class_can_teach_nothing(used: np.ndarray, missing: str) -> None:
    with pytest.raises(BadChoice, match=f"no real image labelled “{missing}”,"):
        model_selection.select(candidates(), GroundTruth(used, PATIENTS), NAMES)


def test_one_patient_a_side_can_not_be_cross_validated() -> None:
    groups = (np.arange(N) >= 60).astype(int)
    with pytest.raises(BadChoice, match="at least 2 patient groups"):
        model_selection.select(candidates(), GroundTruth(groups == 0, groups), NAMES)
