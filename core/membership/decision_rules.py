"""Rules that turn a distance into used / not used. The paper does not specify one, so it is a setting.

A rule is fitted to the labelled distances of the development set, and the fit is applied to other images
unchanged. A small distance means "used" whatever the labels say, as for the AUC and its p-value: where used
images are the farther ones, no rule turns round and scores well.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import BadChoice
from core.registry import Registry

VERSION = 2


@dataclass(frozen=True)
class Fitted:
    """For c distances at once: used where ``sign * distance <= sign * threshold``; both float (c,)."""

    threshold: np.ndarray
    sign: np.ndarray

    def used(self, distances: np.ndarray) -> np.ndarray:
        """bool (c, n) for (c, n) distances."""
        return self.sign[:, None] * distances <= (self.sign * self.threshold)[:, None]


Fit = Callable[[np.ndarray, np.ndarray], Fitted]


@dataclass(frozen=True)
class Rule:
    """``fit`` takes distances (c, n) and labels (n,), True for used. ``general``: applies to any distance."""

    title: str
    explained: str
    fit: Fit
    general: bool = True


RULES: Registry[Rule] = Registry("rule")


def general_rules() -> list[str]:
    """The rules that fit any distance."""
    return [name for name, rule in RULES if rule.general]


def check_general(name: str) -> None:
    """Raises BadChoice if a rule only goes with error maps, and UnknownName if there is none."""
    if name != "best" and not RULES.get(name).general:
        raise BadChoice(
            f"The rule '{name}' is for reconstruct --decision ssim only. Choose "
            f"{', '.join(general_rules())} or best."
        )


def class_means(distances: np.ndarray, used: np.ndarray) -> Fitted:
    near, far = (np.sort(distances[:, side], axis=1).mean(1) for side in (used, ~used))  # in any order
    return Fitted((near + far) / 2, np.ones(len(near)))


def best_threshold(distances: np.ndarray, used: np.ndarray) -> Fitted:
    """The midpoint between adjacent distances with the best balanced accuracy; of ties, the smallest."""
    order = np.argsort(distances, axis=1, kind="stable")
    ordered = np.take_along_axis(distances, order, 1)
    hits = used[order]
    true_rate = hits.cumsum(1) / used.sum()
    false_rate = (~hits).cumsum(1) / (~used).sum()
    middles = (ordered + np.concatenate([ordered[:, 1:], ordered[:, -1:]], 1)) / 2
    last = np.ones((len(ordered), 1), bool)
    ends = np.concatenate([np.diff(ordered, axis=1) > 0, last], 1)  # no threshold separates equal distances
    gain = np.where(ends, true_rate - false_rate, -np.inf)
    best = gain.argmax(1)
    return Fitted(middles[np.arange(len(best)), best], np.ones(len(best)))


def nearer_centroid(distances: np.ndarray, used: np.ndarray) -> Fitted:
    """The sign of a difference of two distances decides."""
    return Fitted(np.zeros(len(distances)), np.ones(len(distances)))


def quantile(share: float) -> Fit:
    def fit(distances: np.ndarray, used: np.ndarray) -> Fitted:
        return Fitted(np.quantile(distances, share, axis=1), np.ones(len(distances)))

    return fit


for _name, _rule in {
    "means": Rule(
        "Nearest class mean",
        "Used if the distance is closer to the mean of the used images than to the mean of the others.",
        class_means,
    ),
    "balanced": Rule(
        "Best balanced accuracy",
        "Used if below the threshold that separated the development set best.",
        best_threshold,
    ),
    "median": Rule("Median", "Used if nearer than half of the development set.", quantile(0.5)),
    "centroid": Rule(
        "Nearer centroid",
        "Used if the error map resembles the mean error map of the used images more than that of the others.",
        nearer_centroid,
        general=False,
    ),
    "tenth": Rule(
        "Nearest tenth", "Used if as near as the nearest tenth of the development set.", quantile(0.1)
    ),
}.items():
    RULES.register(_name, _rule)
