"""What is told of each attack on the reported part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.battery import rates
from core.battery.permutation import JointTest
from core.battery.rates import Rate
from core.membership.intervals import auc_interval
from core.membership.metrics import GroundTruth, auc
from core.release.attacks.catalog import BATTERY
from core.release.attacks.family import ReleaseAttack
from core.release.measuring import Measured
from core.release.result import AttackRow

VERSION = 1
CONTROL = 0.05  # of the images that were not used are named, where an attack's advantage is measured


@dataclass(frozen=True)
class PlaceboTest:
    """AUC (a,) of the placebo, its p-values (2 a,), and those (2 a,) of what attacks find beyond it."""

    auc: np.ndarray
    p_values: np.ndarray
    excess: np.ndarray
    combined: float


def attack_rows(
    attacks: Sequence[ReleaseAttack],
    measured: Measured,
    development: Measured | None,
    test: JointTest,
    placebo: PlaceboTest | None,
) -> tuple[AttackRow, ...]:
    """One for each attack, the most certain first. ``development``: where that is another part."""
    truth = measured.part.truth
    rows = []
    for place, attack in enumerate(attacks):
        scores = measured.scored[attack.name].scores[measured.part.known]
        low, high = (rates.true_positive_rate(scores, truth, rate) for rate in rates.FALSE_RATES)
        control = _advantage(scores, truth, attack.name, development)
        loss = rates.privacy_loss(scores, truth)
        fired = test.strongest(place)
        rows.append(
            AttackRow(
                attack.name,
                attack.title,
                attack.source,
                attack.name in BATTERY,
                float(test.auc[place]),
                auc_interval(float(test.auc[place]), -scores, truth.used, truth.groups),
                float(test.partial[place]),
                float(test.p_values[place]),
                float(test.p_values[place + test.attacks]),
                float(test.corrected[place]),
                low.value,
                _interval(low),
                high.value,
                _interval(high),
                tuple(rate.undefined for rate in (low, high) if rate.undefined),
                control.attack,
                control.control,
                control.risk,
                (control.low, control.high),
                loss.low,
                loss.largest,
                _auc_of(development, attack.name),
                None if placebo is None else float(placebo.auc[place]),
                None if placebo is None else float(placebo.p_values[_row(fired, place, test)]),
                None if placebo is None else float(placebo.excess[_row(fired, place, test)]),
                measured.seconds[attack.name],
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.corrected_p, -row.auc)))


def _row(fired: int, place: int, test: JointTest) -> int:
    """The statistic by which the attack fired, in the order of a placebo's."""
    return place if fired < test.attacks else place + test.attacks


def _interval(rate: Rate) -> tuple[float, float] | None:
    return None if rate.low is None or rate.high is None else (rate.low, rate.high)


def _advantage(
    scores: np.ndarray, truth: GroundTruth, name: str, development: Measured | None
) -> rates.Advantage:
    """At a threshold that development sets, or the part itself where there is no other."""
    source, used = scores, truth.used
    if development is not None and development.part.n_not_used:
        source = development.scored[name].scores[development.part.known]
        used = development.part.truth.used
    return rates.advantage(scores, truth, rates.control_threshold(source, used, CONTROL))


def _auc_of(measured: Measured | None, name: str) -> float | None:
    if measured is None or not measured.part.scored:
        return None
    scores = measured.scored[name].scores[measured.part.known]
    return float(auc(-scores[None], measured.part.truth.used)[0, 0])


def best_on_development(measured: Measured, usual: str) -> str:
    """The attack with the largest AUC, if that is beyond the usual attack's by more than a standard error.

    The error is that of their difference when each patient group is left out in turn (jackknife; the rule of
    one standard error is that of Breiman et al. 1984). Ends of many equal attacks would be picked by luck.
    """
    truth, table = measured.part.truth, measured.table()
    names = list(measured.scored)
    whole = auc(-table, truth.used)[:, 0]
    best, default = int(np.argmax(np.round(whole, 9))), names.index(usual)
    without = []
    for group in np.unique(truth.groups):
        kept = truth.groups != group
        if 0 < truth.used[kept].sum() < kept.sum():
            found = auc(-table[[best, default]][:, kept], truth.used[kept])[:, 0]
            without.append(found[0] - found[1])
    count = max(len(without), 1)
    error = np.sqrt((count - 1) * np.var(without)) if without else np.inf
    return names[best] if whole[best] - whole[default] > error else usual
