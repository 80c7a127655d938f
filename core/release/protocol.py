"""What is compared with what, and which attack is the headline: fixed before the reported part is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.battery.permutation import joint_test
from core.errors import BadChoice
from core.release.attacks.catalog import BATTERY, DEFAULT_HEADLINE, find_attack
from core.release.attacks.family import ReleaseAttack
from core.release.config import AUTO, ReleaseConfig
from core.release.evidence import best_on_development
from core.release.measuring import Measured
from core.release.parts import Part
from core.release.result import SetFacts
from core.types import ImageFile, ImageSet, Role

ENOUGH = 0.05  # p-value of all attacks on development: above it, none of them is known to be the best


@dataclass(frozen=True)
class Protocol:
    """``reference``: images of the reference set. ``not_run``: attacks that can't be, and why."""

    development: Part
    test: Part | None
    reference: tuple[ImageFile, ...]
    attacks: tuple[ReleaseAttack, ...]
    not_run: tuple[str, ...]

    @property
    def reported(self) -> Part:
        return self.test if self.test is not None and self.test.scored else self.development

    @property
    def last(self) -> Part:
        """Whose people are named."""
        return self.test or self.development

    @property
    def reference_ids(self) -> tuple[str, ...]:
        """Images of the reference to compare with."""
        return tuple(sorted({file.sha256 for file in self.reference}))


def strangers(reference: Sequence[ImageFile], parts: Sequence[Part]) -> tuple[ImageFile, ...]:
    """What of a reference set is neither in a part nor of its patients: an image that is its own reference
    would tell by that which set it is from."""
    seen = {sha for part in parts for sha in (*part.real, *part.generated)}
    patients = {file.group for part in parts for file in part.files if file.group}
    return tuple(file for file in reference if file.sha256 not in seen and file.group not in patients)


def choose_attacks(
    config: ReleaseConfig, reference: bool
) -> tuple[tuple[ReleaseAttack, ...], tuple[str, ...]]:
    """The attacks that are run, and why others are not."""
    asked = [*BATTERY, *config.attacks, *([] if config.headline == AUTO else [config.headline])]
    attacks = [find_attack(name) for name in dict.fromkeys(asked)]
    lacking = [each for each in attacks if each.needs_reference and not reference]
    if config.headline in {each.name for each in lacking}:
        raise BadChoice(f"{config.headline} compares with a reference set, and there is none. Choose one.")
    why = tuple(f"{each.title}: needs a reference set" for each in lacking)
    return tuple(each for each in attacks if each not in lacking), why


def declare(protocol: Protocol, measured: Measured, config: ReleaseConfig) -> tuple[str, str]:
    """The headline attack and why it is, before the test part is read."""
    if config.headline != AUTO:
        return config.headline, "chosen by the user"
    if protocol.reported is protocol.development or not protocol.development.scored:
        return DEFAULT_HEADLINE, "the default, since no labelled set is left to choose on"
    best = best_on_development(measured, DEFAULT_HEADLINE)
    test = joint_test(measured.table(), protocol.development.truth, config.seed)
    if test.combined >= ENOUGH:
        return DEFAULT_HEADLINE, "the default, since no attack finds anything on development"
    if best == DEFAULT_HEADLINE:
        return best, "the default; none is better on development by more than a standard error"
    return best, "the best on development, by more than a standard error"


def facts_of(sets: Sequence[ImageSet], protocol: Protocol, config: ReleaseConfig) -> tuple[SetFacts, ...]:
    parts = [("development", protocol.development)]
    parts += [("test", protocol.test)] if protocol.test else []
    found = [
        SetFacts(
            part.name,
            kind,
            part.image_set.content,
            part.image_set.truth,
            len(part.generated),
            part.n_used,
            part.n_not_used,
            len(part.files) - len(part.truth.used),
            part.n_groups,
            part.ungrouped,
        )
        for kind, part in parts
    ]
    if config.reference:
        found.append(_reference_facts(sets[-1]))
    return tuple(found)


def _reference_facts(image_set: ImageSet) -> SetFacts:
    count = image_set.counts("role")
    return SetFacts(
        image_set.name,
        "reference",
        image_set.content,
        image_set.truth,
        count.get(Role.GENERATED, 0),
        count.get(Role.REAL_USED, 0),
        count.get(Role.REAL_NOT_USED, 0),
        count.get(Role.REAL_UNKNOWN, 0),
        groups=0,
        ungrouped=0,
    )
