"""Training-data fingerprints, from sets to a verdict: the order of the stages (paper, section 3.1.1).

    distances (measuring.py) -> rule -> predictions -> scores (judging.py)

Distance, k and rule are chosen on development and applied to test as they are.
"""

import time
from dataclasses import dataclass, replace

import numpy as np

from core import clustering, judging, measuring, scale
from core.embedding import Embedder, Plan, feature_key, runnable
from core.errors import BadChoice
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.judging import Judgement, Measured
from core.measuring import Candidates
from core.membership import distances, over_k, rules
from core.membership.over_k import Curves
from core.membership.rules import RULES
from core.progress import Listener, silent
from core.regions.crops import CROPS
from core.store import Store
from core.values import ClusterSpec, ImageSet, MembershipConfig


@dataclass(frozen=True)
class Membership(Judgement):
    """``candidates`` names the rows (distance, k) that development chose among."""

    config: MembershipConfig
    candidates: Candidates

    @property
    def chosen(self) -> tuple[str, int, str]:
        """Distance, k and rule."""
        distance, k = self.candidates[self.development.choice.row]
        return distance, k, self.development.choice.rule


@dataclass(frozen=True)
class OverK:
    """F1 of one rule at every k of the sweep; ``candidates`` names the places of the curves."""

    candidates: Candidates
    curves: Curves


class TrainingData:
    """The stages over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store = store
        self.embedder = Embedder(store, library, effort or Effort(), listener)

    # -- what a person asks for --------------------------------------------------------------------

    def membership(
        self, development: ImageSet, test: ImageSet | None, config: MembershipConfig
    ) -> Membership:
        """Which real images were used. Raises BadChoice where the sets can't answer."""
        start = time.perf_counter()
        check(config)
        feature, notes = runnable(config.feature)
        config = replace(config, feature=feature)
        candidates, measured = self._measured(development, test, config)
        names = rules.general() if config.rule == "best" else [config.rule]
        learnt = judging.learn(self.store, measured[0], names, config.seed)
        dev, *others = (
            judging.judge(self.store, found, learnt, on_development=place == 0, seed=config.seed)
            for place, found in enumerate(measured)
        )
        return Membership(
            learnt,
            dev,
            others[0] if others else None,
            *judging.in_words(others[0] if others else dev),
            time.perf_counter() - start,
            all(found.cached for found in measured),
            (*notes, *_approximate(development, test, config), *(m.note for m in measured if m.note)),
            config,
            candidates,
        )

    def over_k(
        self, development: ImageSet, test: ImageSet | None, config: MembershipConfig, rule: str
    ) -> OverK:
        """F1 of a rule at both distances and every k, whatever the config chooses of them."""
        check(config)
        feature, _ = runnable(config.feature)
        config = replace(config, feature=feature, distance="best", k="sweep")
        candidates, measured = self._measured(development, test, config)
        name = key("over k", over_k.VERSION, rules.VERSION, [m.key for m in measured], rule, config.seed)

        def make() -> dict[str, np.ndarray]:
            dev, *others = ((found.rows[:, found.known], found.truth) for found in measured)
            return over_k.curves(dev, others[0] if others else None, rule, config.seed).as_arrays()

        arrays, _ = self.store.compute(name, make, "over k")
        return OverK(candidates, Curves.from_arrays(arrays))

    def plan(self, sets: list[ImageSet], config: MembershipConfig) -> Plan:
        """What ``membership`` would have to embed; computes nothing."""
        check(config)
        feature, _ = runnable(config.feature)
        ids = sorted({file.sha256 for each in sets for file in each.files})
        return self.embedder.plan(feature, ids, config.crops())

    def distances(self, development: ImageSet, config: MembershipConfig) -> np.ndarray:
        """float (c, n): all that development chooses among under a config, for its real images."""
        check(config)
        return self._measured(development, None, replace(config, feature=runnable(config.feature)[0]))[1][
            0
        ].rows

    def ready(self, sets: list[ImageSet], config: MembershipConfig) -> bool:
        """Whether nothing would have to be embedded; quick to say no."""
        first = [each.files[0].sha256 for each in sets if each.files]
        spaces = [feature_key(runnable(config.feature)[0], crop) for crop in config.crops()]
        if any(self.store.count_rows(space, first) < len(first) for space in spaces):
            return False
        return not self.plan(sets, config).missing

    # -- the stages ----------------------------------------------------------------------------------

    def _measured(
        self, development: ImageSet, test: ImageSet | None, config: MembershipConfig
    ) -> tuple[Candidates, list[Measured]]:
        sets = [development] if test is None else [development, test]
        images = [measuring.comparable(self.embedder, each, config) for each in sets]
        candidates = measuring.candidates(config, min(len(each.generated) for each in images))
        measured = [measuring.measure(self.embedder, each, config, candidates) for each in images]
        if not measured[0].known.any():
            raise BadChoice(
                f"'{development.name}' has no real image whose truth is known: nothing can be learnt."
            )
        return candidates, measured


def _approximate(development: ImageSet, test: ImageSet | None, config: MembershipConfig) -> list[str]:
    sizes = [len(each.generated) for each in (development, test) if each is not None]
    return list(dict.fromkeys(text for n in sizes for text in scale.words(n, config.method)))


def check(config: MembershipConfig) -> None:
    """Raises BadChoice or UnknownName where a part of the config is unknown."""
    CROPS.get(config.crop)
    clustering.check(ClusterSpec(config.method, config.linkage))
    if config.distance not in (*distances.KINDS, "best"):
        raise BadChoice(f"distance is one of {', '.join(distances.KINDS)}, best; got '{config.distance}'.")
    if config.rule != "best":
        RULES.get(config.rule)
