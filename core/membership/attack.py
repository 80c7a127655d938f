"""The interface of a membership inference attack, and the protocol that all attacks go through.

    sets -> measure -> distances -> rule selected on development -> predictions -> scores -> verdict
            (the attack)            (evaluation.py: the same for every attack)

An attack defines only how real images are measured against generated ones. A new attack is a subclass with
its configuration (config.py), and a line in ``Engine``.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np

from core.images.library import Library
from core.membership import decision_rules, evaluation, separation, verdict
from core.membership.evaluation import AttackResult, Measurement
from core.membership.metrics import GroundTruth
from core.membership.sets.facts import SetFacts, gather
from core.membership.verdict import Meaning
from core.store import Store
from core.types import ImageSet

Config = TypeVar("Config", bound=Any)
Result = TypeVar("Result", bound=AttackResult)


class Attack(ABC, Generic[Config, Result]):
    """Infers which real images a generator was trained on. ``store`` caches the steps."""

    store: Store
    library: Library

    def run(self, development: ImageSet, test: ImageSet | None, config: Config) -> Result:
        """Select on ``development``, and report on ``test`` where there is one.

        Raises BadChoice if the config is invalid, or if a data set lacks the images that the attack needs.
        """
        start = time.perf_counter()
        config, notes = self.prepare(config)
        sets = [development] if test is None else [development, test]
        measured = self.measured(sets, config)
        seed = self.seed(config)
        selected = evaluation.select_on_development(self.store, measured[0], self.rules(config), seed)
        parts = [
            replace(
                evaluation.evaluate(self.store, each, selected, on_development=place == 0, seed=seed),
                copies=self._facts(image_set).copies,
                incomparable=self._facts(image_set).incomparable,
            )
            for place, (each, image_set) in enumerate(zip(measured, sets, strict=True))
        ]
        outcome, sentence = verdict.describe(parts[0], parts[-1], self.meaning(config))
        copied = verdict.copies_of_training(parts[0]) if test is not None else ""
        of_development = [f"Development set: {copied}"] if copied else []
        common = AttackResult(
            selected,
            parts[0],
            parts[1] if test is not None else None,
            outcome,
            sentence,
            0.0,
            all(each.cached for each in measured),
            (*notes, *of_development, *self.notes(measured, sets, config)),
        )
        result = self.result(common, measured, sets, config)
        return replace(result, seconds=time.perf_counter() - start)

    def measured(self, sets: Sequence[ImageSet], config: Config) -> list[Measurement]:
        """``measure``, and which of the images are scored. Raises BadChoice if test is development."""
        separation.check_sets(sets)
        found = self.measure(sets, config)
        truths = [self.ground_truth(each) for each in sets]
        return separation.scored_only(
            [replace(each, truth=truth) for each, (truth, _) in zip(found, truths, strict=True)]
        )

    def ground_truth(self, image_set: ImageSet) -> tuple[GroundTruth, np.ndarray]:
        """Of the labelled real images, and which these are, bool (n,); images without a patient group are
        grouped with their near-duplicates."""
        return evaluation.ground_truth(image_set.real, self._facts(image_set).alike)

    def _facts(self, image_set: ImageSet) -> SetFacts:
        return gather(self.store, self.library, image_set)

    @abstractmethod
    def prepare(self, config: Config) -> tuple[Config, list[str]]:
        """The config, validated and adapted to this machine, and notes on changes. Raises BadChoice."""

    @abstractmethod
    def measure(self, sets: Sequence[ImageSet], config: Config) -> list[Measurement]:
        """Candidate distances of each set's real images: smaller means more likely used in training."""

    @abstractmethod
    def result(
        self, common: AttackResult, measured: Sequence[Measurement], sets: Sequence[ImageSet], config: Config
    ) -> Result:
        """The common result, extended by what this attack adds."""

    @abstractmethod
    def ready(self, sets: Sequence[ImageSet], config: Config) -> bool:
        """Whether all expensive steps are cached."""

    @abstractmethod
    def expected_seconds(self, sets: Sequence[ImageSet], config: Config) -> float:
        """Estimated time of the steps that are not cached."""

    @abstractmethod
    def seed(self, config: Config) -> int:
        """Seed of folds, bootstrap draws and permutations."""

    def rules(self, config: Config) -> list[str]:
        """Names of the decision rules that development selects from."""
        return decision_rules.general_rules() if config.rule == "best" else [config.rule]

    def meaning(self, config: Config) -> Meaning:
        """What small and large distances mean."""
        return Meaning()

    def notes(
        self, measured: Sequence[Measurement], sets: Sequence[ImageSet], config: Config
    ) -> Sequence[str]:
        """What a reader should know of the measurement."""
        return [each.note for each in measured if each.note]

    def candidate_distances(self, development: ImageSet, result: Result) -> np.ndarray:
        """float (c, n): all distances that the result's own selection was made among."""
        return self.measure([development], result.config)[0].rows  # type: ignore[attr-defined]
