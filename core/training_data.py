"""Training-data fingerprints, from sets to a verdict: the order of the stages (paper, section 3.1.1).

    distances (measuring.py) -> rule -> predictions -> scores

Distance, k and rule are chosen on development and applied to test as they are.
"""

import time
from dataclasses import dataclass, replace

import numpy as np

from core import clustering, measuring
from core.embedding import Embedder, Plan, feature_key, runnable
from core.errors import BadChoice
from core.hashing import bytes_key, key
from core.images.library import Library
from core.inference.runtime import Effort
from core.measuring import Candidates, Measured
from core.membership import distances, over_k, protocol, rules, scores
from core.membership.over_k import Curves
from core.membership.protocol import Choice, Development
from core.membership.rules import RULES
from core.membership.scores import Verdict
from core.progress import Listener, silent
from core.regions.crops import CROPS
from core.store import Store
from core.values import ClusterSpec, ImageFile, ImageSet, MembershipConfig

NO_TRUTH = "The truth of these images is not known: there are predictions and no scores."


@dataclass(frozen=True)
class Judged:
    """A set's real images under the chosen rule. ``distance`` float (n,), infinite where there is no lung.

    ``verdict`` is over the images whose truth is ``known``, None where there are none; ``p_value`` is that of
    its AUC, corrected for the choice where the choice was made on this very set.
    """

    name: str
    files: tuple[ImageFile, ...]
    distance: np.ndarray
    predicted: np.ndarray
    known: np.ndarray
    verdict: Verdict | None
    p_value: float | None
    lungless: dict[str, int]


@dataclass(frozen=True)
class Membership:
    """``candidates`` names the rows (distance, k) that development chose among."""

    config: MembershipConfig
    candidates: Candidates
    development: Development
    dev: Judged
    test: Judged | None
    outcome: str
    sentence: str
    seconds: float
    cached: bool
    notes: tuple[str, ...]

    @property
    def chosen(self) -> tuple[str, int, str]:
        """Distance, k and rule."""
        distance, k = self.candidates[self.development.choice.row]
        return distance, k, self.development.choice.rule

    @property
    def reported(self) -> Judged:
        """Test, or development where there is none."""
        return self.test or self.dev


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
        learnt = self._learn(measured[0], config)
        dev, *others = (
            self._judge(found, learnt, on_development=place == 0, seed=config.seed)
            for place, found in enumerate(measured)
        )
        last = others[0] if others else dev
        outcome, sentence = (
            ("undefined", NO_TRUTH) if last.verdict is None else protocol.in_words(last.verdict, last.p_value)
        )
        return Membership(
            config,
            candidates,
            learnt,
            dev,
            others[0] if others else None,
            outcome,
            sentence,
            time.perf_counter() - start,
            all(found.cached for found in measured),
            (*notes, *(note for found in measured if (note := found.images.note()))),
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

    def _learn(self, found: Measured, config: MembershipConfig) -> Development:
        names = RULES.names() if config.rule == "best" else [config.rule]
        versions = (protocol.VERSION, rules.VERSION, scores.VERSION)
        name = key("development", versions, found.key, names, config.seed)

        def make() -> dict[str, np.ndarray]:
            learnt = protocol.develop(found.rows[:, found.known], found.truth, names, config.seed)
            return learnt.as_arrays()

        arrays, _ = self.store.compute(name, make, "development")
        return Development.from_arrays(arrays, tuple(names))

    def _judge(self, found: Measured, learnt: Development, on_development: bool, seed: int) -> Judged:
        """On development, its cross-validated predictions and a p-value that pays for the choice."""
        known, distance = found.known, found.rows[learnt.choice.row]
        predicted = learnt.choice.used(found.rows)
        if on_development:
            predicted[known] = learnt.predicted
        verdict, p = None, None
        if known.any():
            verdict, p = self._verdict(found, predicted, learnt.choice, on_development, seed)
        return Judged(
            found.images.name,
            found.images.real,
            distance,
            predicted,
            known,
            verdict,
            p,
            found.images.lungless,
        )

    def _verdict(
        self, found: Measured, predicted: np.ndarray, choice: Choice, on_development: bool, seed: int
    ) -> tuple[Verdict, float | None]:
        name = key(
            "verdict", scores.VERSION, found.key, choice, bytes_key(predicted.tobytes()), on_development, seed
        )
        note = self.store.note(name)
        if note is None:
            rows = found.rows[:, found.known]
            verdict = scores.verdict(predicted[found.known], rows[choice.row], found.truth, seed)
            p = verdict.p_value
            if on_development and p is not None:
                p = scores.corrected_p(rows, found.truth, seed)
            note = {"verdict": verdict.as_json(), "p_value": p}
            self.store.put_note(name, note)
        return Verdict.from_json(note["verdict"]), note["p_value"]


def check(config: MembershipConfig) -> None:
    """Raises BadChoice or UnknownName where a part of the config is unknown."""
    CROPS.get(config.crop)
    clustering.check(ClusterSpec(config.method, config.linkage))
    if config.distance not in (*distances.KINDS, "best"):
        raise BadChoice(f"distance is one of {', '.join(distances.KINDS)}, best; got '{config.distance}'.")
    if config.rule != "best":
        RULES.get(config.rule)
