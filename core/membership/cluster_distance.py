"""The cluster-distance attack: used images lie nearer to the generated ones (paper, section 3.1.1).

    distances (measurement.py) -> rule -> predictions -> scores (evaluation.py)

Distance, k and rule are selected on development and applied to test as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.clustering import methods, scaling
from core.config import ClusterSpec, MembershipConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder, Plan, adapt_to_machine, feature_key
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import decision_rules, distances, f1_over_k, measurement, metrics, model_selection
from core.membership.attack import Attack
from core.membership.evaluation import AttackResult, Candidates, Measurement
from core.membership.f1_over_k import Curves
from core.progress import Listener, silent
from core.regions.crops import CROPS
from core.store import Store
from core.types import ImageSet
from core.wording import counted


@dataclass(frozen=True)
class Membership(AttackResult):
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
    """F1 of one rule at every k of the sweep; ``candidates`` gives distance and k of each point."""

    candidates: Candidates
    curves: Curves


class ClusterDistanceAttack(Attack[MembershipConfig, Membership]):
    """The attack over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store, self.library = store, library
        self.embedder = Embedder(store, library, effort or Effort(), listener)

    def prepare(self, config: MembershipConfig) -> tuple[MembershipConfig, list[str]]:
        check(config)
        feature, notes = adapt_to_machine(config.feature)
        return replace(config, feature=feature), notes

    def measure(self, sets: Sequence[ImageSet], config: MembershipConfig) -> list[Measurement]:
        images = [measurement.select_comparable(self.embedder, each, config) for each in sets]
        candidates = measurement.candidates(
            config, measurement.count_distinct(self.embedder, images[0], config)
        )
        measured = [measurement.measure_distances(self.embedder, each, config, candidates) for each in images]
        if not measured[0].known.any():
            raise BadChoice(
                f"'{sets[0].name}' has no labelled real image, so nothing can be selected on it. "
                "Choose a development set with used and not used images."
            )
        return measured

    def result(
        self,
        common: AttackResult,
        measured: Sequence[Measurement],
        sets: Sequence[ImageSet],
        config: MembershipConfig,
    ) -> Membership:
        candidates = measured[0].candidates
        _, k = candidates[common.development.choice.row]
        there = [measurement.select_comparable(self.embedder, each, config) for each in sets[1:]]
        distinct = [measurement.count_distinct(self.embedder, each, config) for each in there]
        notes = [
            f"'{each.name}' has only {_counted(each, count)}, so each of them is a cluster there, instead of "
            f"the {k} that were selected."
            for each, count in zip(there, distinct, strict=True)
            if count < k
        ]
        common = replace(common, notes=(*common.notes, *notes))
        return Membership(**vars(common), config=config, candidates=candidates)

    def notes(
        self, measured: Sequence[Measurement], sets: Sequence[ImageSet], config: MembershipConfig
    ) -> Sequence[str]:
        sizes = [len(each.generated) for each in sets]
        approximate = [text for n in sizes for text in scaling.approximation_notes(n, config.method)]
        return [*dict.fromkeys(approximate), *super().notes(measured, sets, config)]

    def seed(self, config: MembershipConfig) -> int:
        return config.seed

    def ready(self, sets: Sequence[ImageSet], config: MembershipConfig) -> bool:
        """Whether all embeddings are cached; the first images are checked first, which is quick."""
        first = [each.files[0].sha256 for each in sets if each.files]
        spaces = [feature_key(adapt_to_machine(config.feature)[0], crop) for crop in config.crops()]
        if any(self.store.count_rows(space, first) < len(first) for space in spaces):
            return False
        return not self.plan(sets, config).missing

    def expected_seconds(self, sets: Sequence[ImageSet], config: MembershipConfig) -> float:
        return self.plan(sets, config).seconds

    def plan(self, sets: Sequence[ImageSet], config: MembershipConfig) -> Plan:
        """What ``run`` would have to embed; computes nothing."""
        feature = self.prepare(config)[0].feature
        ids = sorted({file.sha256 for each in sets for file in each.files})
        return self.embedder.plan(feature, ids, config.crops())

    def over_k(
        self, development: ImageSet, test: ImageSet | None, config: MembershipConfig, rule: str
    ) -> OverK:
        """F1 of a rule at both distances and every k, whichever the config selects."""
        config = replace(self.prepare(config)[0], distance="best", k="sweep")
        measured = self.measured([development] if test is None else [development, test], config)
        name = key(
            *("over k", f1_over_k.VERSION, decision_rules.VERSION, metrics.VERSION, model_selection.VERSION),
            *([m.key for m in measured], rule, config.seed),
        )

        def make() -> dict[str, np.ndarray]:
            dev, *others = ((found.rows[:, found.known], found.truth) for found in measured)
            return f1_over_k.f1_curves(dev, others[0] if others else None, rule, config.seed).as_arrays()

        arrays, _ = self.store.compute(name, make, "over k")
        return OverK(measured[0].candidates, Curves.from_arrays(arrays))


def _counted(images: measurement.Comparable, distinct: int) -> str:
    copies = distinct < len(images.generated)
    return counted(distinct, "distinct generated image" if copies else "generated image")


def check(config: MembershipConfig) -> None:
    """Raises BadChoice or UnknownName where a part of the config is unknown."""
    CROPS.get(config.crop)
    methods.check_spec(ClusterSpec(config.method, config.linkage))
    if config.distance not in (*distances.KINDS, "best"):
        raise BadChoice(
            f"distance must be one of {', '.join(distances.KINDS)}, best; got '{config.distance}'."
        )
    decision_rules.check_general(config.rule)
