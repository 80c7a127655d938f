"""From data sets to one verdict: the protocol of a release, over the store and the library.

development -> all attacks -> the headline attack, declared
test        -> all attacks -> joint test -> controls -> verdict -> who is exposed
                                         \\-> power, where nothing was found
"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from core.audit import baselines, blind_scores, image_statistics
from core.battery import naming, nearness, pairwise, permutation, planting, rates, scores
from core.battery.permutation import joint_test
from core.errors import BadChoice
from core.experiments.versions import of_numbers
from core.extraction.embedder import Embedder, feature_key
from core.fidelity import measurement as fidelity
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import separation
from core.membership.sets.facts import gather
from core.progress import Listener, Step, silent
from core.release import controls, duration, evidence, people, power, verdict, worth
from core.release.attacks.catalog import BATTERY
from core.release.attacks.family import ReleaseAttack
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.controls import Placebo
from core.release.evidence import PlaceboTest, attack_rows
from core.release.measuring import Measured, measure
from core.release.parts import Part, part_of
from core.release.protocol import Protocol, choose_attacks, declare, facts_of, strangers
from core.release.result import AtRisk, Controls, Copied, Power, Release
from core.release.verdict import Evidence
from core.store import Store
from core.types import ImageFile, ImageSet

VERSION = 2


class Assessor:
    """Assessments over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store, self.library, self.listener = store, library, listener
        self.embedder = Embedder(store, library, effort or Effort(), listener)

    def assess(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> Release:
        """``sets``: development, then test if there is one, then the reference if the configuration says so.

        Raises BadChoice if a set lacks generated or real images, or if test is the development set.
        """
        found = self.known(sets, config)
        if found is None:
            found = Release.from_json(json.loads(json.dumps(self._assess(sets, config).as_json())))
            self.store.put_note(assessment_key(sets, config), found.as_json())
        return replace(found, config=config.as_json())

    def assess_again(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> Release:
        """The same, whatever was kept of an earlier assessment: for who checks one."""
        return self._assess(sets, config)

    def known(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> Release | None:
        """The assessment, if it was made before."""
        note = self.store.note(assessment_key(sets, config))
        return None if note is None else replace(Release.from_json(note), config=config.as_json())

    def expected_seconds(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> float:
        """About how long ``assess`` takes. Raises BadChoice where it is plain already that it can't."""
        attacks, _ = choose_attacks(config, config.reference or len(sets) > 1)
        return duration.expected_seconds(self.embedder, sets, attacks, config.reference)

    # -- the steps -----------------------------------------------------------------------------------

    def _assess(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> Release:
        start = time.perf_counter()
        protocol = self._protocol(sets, config)
        on_development = self._measured(protocol, protocol.development)
        headline, declared = declare(protocol, on_development, config)
        on_last = on_development if protocol.test is None else self._measured(protocol, protocol.last)
        measured = on_last if protocol.reported is protocol.last else on_development
        part = protocol.reported
        copies = _copied(protocol.last)
        at_risk = self._exposed(protocol, on_development, on_last, headline, config)
        found = Evidence(part, copies, None, (), None, None, None, None, (), at_risk, None)
        if part.scored:
            found = self._tested(found, protocol, on_development, measured, headline, config)
        outcome, sentence = verdict.decide(found)
        said = [*protocol.development.notes, *(protocol.test.notes if protocol.test else ())]
        return Release(
            outcome,
            sentence,
            "test" if part is protocol.test else "development",
            found.headline,
            declared,
            found.corrected_p,
            found.least_p,
            found.attacks,
            protocol.not_run,
            copies,
            at_risk,
            found.controls,
            found.power,
            found.confounds,
            self._worth(protocol.last, config),
            facts_of(sets, protocol, config),
            (*said, *verdict.notes(protocol.last, protocol.development)),
            config.as_json(),
            time.perf_counter() - start,
        )

    def _protocol(self, sets: Sequence[ImageSet], config: ReleaseConfig) -> Protocol:
        asked = list(sets)
        reference = asked.pop() if config.reference else None
        if not 1 <= len(asked) <= 2:
            raise BadChoice("A release has a development set, and at most one test set.")
        separation.check_sets(asked)
        development = self._part(asked[0])
        test = self._part(asked[1], asked[0].real) if len(asked) == 2 else None
        parts = [development, *([] if test is None else [test])]
        files = () if reference is None else strangers(reference.files, parts)
        if reference is not None and not files:
            raise BadChoice(
                f"All images of the reference set '{reference.name}' are of the assessed sets or of their "
                "patients. Choose images of another generator, or of other people."
            )
        attacks, not_run = choose_attacks(config, bool(files))
        return Protocol(development, test, files, attacks, not_run)

    def _part(self, image_set: ImageSet, apart_from: Sequence[ImageFile] = ()) -> Part:
        return part_of(image_set, gather(self.store, self.library, image_set), apart_from)

    def _measured(self, protocol: Protocol, part: Part) -> Measured:
        return measure(self.embedder, part, protocol.attacks, protocol.reference_ids)

    def _tested(
        self,
        found: Evidence,
        protocol: Protocol,
        on_development: Measured,
        measured: Measured,
        headline: str,
        config: ReleaseConfig,
    ) -> Evidence:
        part, names = protocol.reported, list(measured.scored)
        place = names.index(headline)
        self.listener(Step("permuting the roles of patient groups", 0, 1))
        test = joint_test(measured.table(), part.truth, config.seed, place)
        placebo = controls.find_placebo(part, protocol.development, protocol.reference, config.seed)
        compared = None if placebo is None else self._placebo(protocol, placebo, measured, place, config)
        other = on_development if protocol.reported is not protocol.development else None
        rows = attack_rows(protocol.attacks, measured, other, test, compared)
        head = next(row for row in rows if row.attack == headline)
        found = replace(
            found,
            headline=head,
            attacks=rows,
            corrected_p=test.combined,
            reversed_p=test.reversed,
            least_p=test.least,
            controls=_controls(part, measured, headline, placebo, compared, config.seed),
        )
        if not verdict.is_significant(found):
            return replace(found, power=self._power(part, measured, protocol.attacks, headline, config.seed))
        row = verdict.strongest(rows)
        low = row.auc_ci[0] if row.auc_ci else row.auc
        return replace(found, confounds=controls.find_confounds(self.embedder, part, low, row.auc))

    def _placebo(
        self, protocol: Protocol, placebo: Placebo, measured: Measured, headline: int, config: ReleaseConfig
    ) -> PlaceboTest | None:
        part = protocol.reported
        kept = part.known & placebo.kept
        truth = part.truth.subset(placebo.kept[part.known])
        if not 0 < truth.used.sum() < len(truth.used):
            return None
        try:
            instead = measure(self.embedder, part, protocol.attacks, protocol.reference_ids, placebo.ids)
        except BadChoice:  # no lungs among so few images, or too few to learn from
            return None
        table = instead.table(kept)
        found = controls.excess_p_values(measured.table(kept), table, truth, config.seed)
        return PlaceboTest(*found, joint_test(table, truth, config.seed, headline).combined)

    def _power(
        self, part: Part, measured: Measured, attacks: Sequence[ReleaseAttack], headline: str, seed: int
    ) -> Power:
        battery = [each for each in attacks if isinstance(each, GridAttack) and each.name in BATTERY]
        names = [each.name for each in battery]
        near = {name: found.nearness for name in names if (found := measured.scored[name]).nearness}
        place = names.index(headline) if headline in names else None
        return power.measure_power(self.embedder, part, battery, near, place, seed)

    def _exposed(
        self,
        protocol: Protocol,
        on_development: Measured,
        on_last: Measured,
        headline: str,
        config: ReleaseConfig,
    ) -> AtRisk:
        numbers: dict[str, int] = {}
        every = [on_development] if protocol.test is None else [on_development, on_last]
        calibration = people.calibrate([(each.part, each.scored[headline]) for each in every], numbers)
        attack = next(each for each in protocol.attacks if each.name == headline)
        last = protocol.last
        copies = set(last.generated) & set(last.real)
        if copies:
            flat = self.embedder.one_grey(tuple(sorted(copies)))
            copies = {sha for sha, one in zip(sorted(copies), flat, strict=True) if not one}
        return people.find_exposed(
            last, attack, on_last.scored[headline], calibration, numbers, config.rate, copies
        )

    def _worth(self, part: Part, config: ReleaseConfig) -> dict[str, object]:
        if not part.files:
            return {}
        self.listener(Step("fidelity", 0, 1))
        return worth.measure_worth(self.embedder, part, config.seed)


def assessment_key(sets: Sequence[ImageSet], config: ReleaseConfig) -> str:
    """Of everything that is told; the context is not among it."""
    arithmetic = (nearness, pairwise, naming, permutation, planting, rates, scores, fidelity)
    modules = (*arithmetic, evidence, power, baselines, blind_scores, image_statistics)
    versions = [VERSION, *of_numbers(), *(module.VERSION for module in modules)]
    attacks = [each.identity() for each in choose_attacks(config, True)[0]]
    spaces = [feature_key(feature) for feature in worth.spaces().values()]
    files = [[(f.name, f.sha256, f.role, f.group or "") for f in each.files] for each in sets]
    return key(
        *("release", versions, [each.name for each in sets], files, attacks, spaces),
        replace(config, context="undeclared"),
    )


def _copied(part: Part) -> Copied:
    copies = part.facts.copies
    return Copied(copies.used, copies.not_used, copies.unlabelled, copies.of_used)


def _controls(
    part: Part,
    measured: Measured,
    headline: str,
    placebo: Placebo | None,
    compared: PlaceboTest | None,
    seed: int,
) -> Controls:
    found, truth = measured.scored[headline].scores[part.known], part.truth
    halves = [
        controls.half_splits(found[kind], truth.groups[kind], seed) for kind in (~truth.used, truth.used)
    ]
    return Controls(
        halves[0],
        halves[1],
        "none: too few patients or images" if placebo is None or compared is None else placebo.words,
        0 if placebo is None or compared is None else len(placebo.ids),
        None if compared is None else compared.combined,
    )
