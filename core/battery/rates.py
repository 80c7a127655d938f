"""What an attack achieves, in the terms of those who decide: rates at few false alarms, advantage over
control, and the privacy loss that it proves.

Images of one patient are not independent: all bounds count them for less (membership/intervals.py).
"""

from dataclasses import dataclass

import numpy as np

from core.membership import metrics
from core.membership.intervals import effective_sizes
from core.membership.metrics import GroundTruth
from core.numeric.statistics import LEVEL
from core.wording import counted

VERSION = 1
FALSE_RATES = (0.01, 0.05)
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the used images: how many a threshold singles out


@dataclass(frozen=True)
class Rate:
    """A rate with its 95% interval, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    undefined: str | None = None


@dataclass(frozen=True)
class Advantage:
    """At a threshold: how many used images an attack names, how many others, and its risk: the share of what
    control leaves, (attack - control) / (1 - control)."""

    attack: float
    control: float
    risk: float
    low: float
    high: float


@dataclass(frozen=True)
class PrivacyLoss:
    """A lower bound of epsilon at 95% confidence, and the largest that such a sample could have shown."""

    low: float
    largest: float


def true_positive_rate(scores: np.ndarray, truth: GroundTruth, false_rate: float) -> Rate:
    """At a false positive rate of at most ``false_rate``, with the interval of Clopper and Pearson 1934.

    Undefined if the rate is less than one of the images that were not used.
    """
    negatives = int((~truth.used).sum())
    if negatives * false_rate < 1 - 1e-9:
        least = round(1 / false_rate)
        why = (
            f"{false_rate:.0%} of {counted(negatives, 'image')} not used is less than one image; "
            f"at least {least} are needed"
        )
        return Rate(None, undefined=why)
    rate = metrics.tpr_at_fpr(metrics.roc_curve(-scores, truth.used), false_rate)
    m, _ = effective_sizes(-scores, truth.used, truth.groups)
    low, high = clopper_pearson(rate * m, m, (1 - LEVEL) / 2)
    return Rate(rate, low, high)


def clopper_pearson(hits: float, trials: float, tail: float) -> tuple[float, float]:
    """The exact bounds of a rate, each missed with probability ``tail``; counts need not be whole."""
    from scipy.stats import beta

    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def advantage(scores: np.ndarray, truth: GroundTruth, threshold: float) -> Advantage:
    """Of naming each image with a score above ``threshold`` (Giomi et al. 2023, anonymeter, with its
    interval: Wilson's for both rates, and the propagation of their errors)."""
    named = scores > threshold
    sizes = effective_sizes(-scores, truth.used, truth.groups)
    hit, false = float(named[truth.used].mean()), float(named[~truth.used].mean())
    (attack, attack_error), (control, control_error) = _wilson(hit, sizes[0]), _wilson(false, sizes[1])
    left = max(1 - control, 1e-9)
    risk = (attack - control) / left
    error = np.hypot(attack_error / left, (attack - 1) / left**2 * control_error)
    return Advantage(
        hit,
        false,
        max((hit - false) / max(1 - false, 1e-9), -1),
        float(max(risk - error, -1)),
        float(min(risk + error, 1)),
    )


def _wilson(rate: float, trials: float) -> tuple[float, float]:
    """Centre and half width of Wilson's interval."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + LEVEL) / 2))
    width = z / (1 + z**2 / trials) * np.sqrt(rate * (1 - rate) / trials + z**2 / (4 * trials**2))
    return (rate + z**2 / (2 * trials)) / (1 + z**2 / trials), float(width)


def control_threshold(scores: np.ndarray, used: np.ndarray, false_rate: float) -> float:
    """The smallest threshold above which at most ``false_rate`` of the images that were not used are."""
    others = np.sort(scores[~used])[::-1]
    return float(others[min(int(false_rate * len(others) + 1e-9), len(others) - 1)])


def privacy_loss(scores: np.ndarray, truth: GroundTruth) -> PrivacyLoss:
    """A lower bound of epsilon, delta being 0 (Jagielski et al. 2020; Nasr et al. 2021).

    The largest log ratio of a lower bound of one rate to an upper bound of the other, over eight thresholds
    that are set without labels; either bound is missed with 2.5%, divided by the number of thresholds.
    """
    tail = (1 - LEVEL) / 2 / len(SHARES)
    used, others = effective_sizes(-scores, truth.used, truth.groups)
    ranked = np.sort(scores)[::-1]
    best = 0.0
    for share in SHARES:
        place = min(max(int(np.ceil(share * truth.used.sum())), 1), len(scores)) - 1
        named = scores >= ranked[place]
        low = clopper_pearson(float(named[truth.used].mean()) * used, used, tail)[0]
        high = clopper_pearson(float(named[~truth.used].mean()) * others, others, tail)[1]
        best = max(best, *(_log_ratio(*pair) for pair in ((low, high), (1 - high, 1 - low))))
    low, high = clopper_pearson(used, used, tail)[0], clopper_pearson(0, others, tail)[1]
    return PrivacyLoss(best, max(_log_ratio(low, high), _log_ratio(1 - high, 1 - low)))


def _log_ratio(top: float, bottom: float) -> float:
    return float(np.log(top / bottom)) if top > 0 and bottom > 0 else 0.0
