"""Decision rules on distances whose best boundary is plain."""

import numpy as np
import pytest

from core.membership.decision_rules import RULES, Fitted

APART = np.array([[1.0, 2, 3, 7, 8, 9], [9.0, 8, 7, 3, 2, 1]])
USED = np.array([True] * 3 + [False] * 3)


def fitted(name: str, distances: np.ndarray = APART, used: np.ndarray = USED) -> Fitted:
    return RULES.get(name).fit(distances, used)


def test_class_means_meet_in_the_middle() -> None:
    """Means 2 and 8, so 5, and used is nearer; in the second row the used are the farther ones, and the rule
    does not turn round: it is wrong about every image, as the AUC of 0 is."""
    found = fitted("means")
    assert found.threshold.tolist() == [5, 5]
    assert (found.used(APART) == [USED, ~USED]).all()


@pytest.mark.parametrize("name", RULES.names())
def test_no_rule_turns_round(name: str) -> None:
    """Whatever the labels, an image that is nearer than one predicted "used" is predicted "used" as well."""
    found = fitted(name)
    assert (found.sign == 1).all()


def test_the_best_threshold_parts_what_can_be_parted() -> None:
    """Between 3 and 7; the second row can't be parted with near as used: all or nothing is best."""
    found = fitted("balanced")
    assert found.threshold[0] == 5
    assert (found.used(APART)[0] == USED).all()
    assert found.used(APART)[1].all()


def test_the_best_threshold_goes_by_balanced_accuracy() -> None:
    """One used at 1, nine others of which one at 0: at 1, rates 1 and 1/9; it beats calling none used."""
    distances = np.array([[1.0, 0, *range(2, 10)]])
    used = np.arange(10) == 0
    found = fitted("balanced", distances, used)
    assert found.threshold.tolist() == [1.5]


def test_equal_distances_are_never_parted() -> None:
    found = fitted("balanced", np.array([[2.0, 2, 2, 5]]), np.array([True, False, True, False]))
    assert found.used(np.array([[2.0, 5]])).tolist() == [[True, False]]


@pytest.mark.parametrize(("name", "share"), [("median", 0.5), ("tenth", 0.1)])
def test_quantiles_call_their_share_used(name: str, share: float) -> None:
    distances = np.random.default_rng(0).normal(size=(1, 200))
    found = fitted(name, distances, np.arange(200) % 2 == 0)
    assert found.used(distances).mean() == pytest.approx(share, abs=0.01)


def test_every_rule_explains_itself() -> None:
    assert all(rule.title and rule.explained.endswith(".") for _, rule in RULES)
