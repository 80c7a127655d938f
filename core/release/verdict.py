"""One verdict of three, in plain words, and never "safe"."""

from dataclasses import dataclass

from core.numeric.statistics import format_p
from core.release.parts import Part
from core.release.result import (
    CANNOT_TELL,
    FOUND,
    NOT_FOUND,
    AtRisk,
    AttackRow,
    Controls,
    Copied,
    Power,
)
from core.wording import counted, verb

SIGNIFICANT = 0.05
TURNED = 0.01  # that folders are swapped is a stronger claim
WEAKEST = 0.5  # of the used images: who would have missed a leak of more than this can't tell
FEW_GENERATED = 400
MANY_MORE = 2.0


@dataclass(frozen=True)
class Evidence:
    """What a verdict is made of; ``reversed_p``: that used images are farther."""

    part: Part
    copies: Copied
    headline: AttackRow | None
    attacks: tuple[AttackRow, ...]
    corrected_p: float | None
    reversed_p: float | None
    least_p: float | None
    controls: Controls | None
    confounds: tuple[str, ...]
    at_risk: AtRisk
    power: Power | None


def strongest(attacks: tuple[AttackRow, ...]) -> AttackRow:
    """The attack of the smallest corrected p-value, of equal ones that of the largest AUC."""
    return min(attacks, key=lambda row: (row.corrected_p, -row.auc))


def is_significant(found: Evidence) -> bool:
    return found.corrected_p is not None and found.corrected_p < SIGNIFICANT


def decide(found: Evidence) -> tuple[str, str]:
    """The verdict and the sentences that say it."""
    if found.copies.used:
        copied = copies_sentence(found.copies)
        return FOUND, f"Exposure found: {copied[0].lower()}{copied[1:]} {_beyond_copies(found)}".strip()
    if why := _hindrance(found):
        return CANNOT_TELL, f"Cannot tell: {why}"
    if is_significant(found):
        if why := _other_reason(found):
            return CANNOT_TELL, f"Cannot tell: {why}"
        return FOUND, f"Exposure found: {_size(found)}{_named(found)}"
    if why := _too_weak(found):
        return CANNOT_TELL, f"Cannot tell: {why}"
    return NOT_FOUND, _not_found(found)


def copies_sentence(copies: Copied) -> str:
    return (
        f"{counted(copies.generated, 'generated image')} {verb(copies.generated, 'is', 'are')}, pixel for "
        "pixel, "
        f"{counted(copies.used, 'slice')} of the training set."
    )


def _beyond_copies(found: Evidence) -> str:
    if not found.attacks:
        return ""
    if why := _hindrance(found) or (is_significant(found) and _other_reason(found)):
        return f"Whether there is more can't be told: {why}"
    if not is_significant(found):
        return "The attacks found no exposure beyond that."
    return f"The attacks find exposure as well, these copies included: {_size(found)}{_named(found)}"


def _hindrance(found: Evidence) -> str:
    """What prevents any comparison."""
    part = found.part
    if part.facts.incomparable:
        return (
            f"the grey values of the classes of {part.name} can't be compared ({part.facts.incomparable}), "
            "so "
            "distances between them show how the files were made. Import the images again with the same "
            "window "
            "for all of them."
        )
    if part.shared and not part.scored:
        return (
            f"the same images are labelled used and not used ({counted(part.shared, 'image')}). Choose real "
            "images that the generator never saw for “not used”."
        )
    if not part.n_used:
        return (
            f"{part.name} has no real images that are known to be in the training set. Add them as real_used."
        )
    if not part.n_not_used:
        return (
            f"{part.name} has no real images that are known not to be in the training set, so that nothing "
            "tells memory from likeness. Add slices of other patients as real_not_used."
        )
    if found.least_p is not None and found.least_p >= SIGNIFICANT:
        return (
            f"the images are of {people(part)}. With so few, chance alone gives "
            "any "
            f"result with a probability of {found.least_p:.2g}. Add slices of more patients, of both kinds."
        )
    if not found.attacks:
        return "no attack could be run."
    return _swapped(found)


def _swapped(found: Evidence) -> str:
    if is_significant(found) or found.reversed_p is None:
        return ""
    if found.copies.not_used:
        return (
            f"{counted(found.copies.not_used, 'image')} labelled “not used” "
            f"{verb(found.copies.not_used, 'is', 'are')}, pixel for pixel, among the generated images. Are "
            "the "
            "folders of used and not used images swapped?"
        )
    if found.reversed_p >= TURNED:
        return ""
    return (
        "used images are farther from the generated ones than others are, as clearly as a leak would make "
        "them "
        f"nearer (p {format_p(found.reversed_p)} in this direction). Are the folders of used and not used "
        "images swapped?"
    )


def _other_reason(found: Evidence) -> str:
    """What else explains a difference between used images and others."""
    row = strongest(found.attacks)
    controls = found.controls
    differ = controls is not None and controls.placebo_p is not None and controls.placebo_p < SIGNIFICANT
    if controls and differ and row.excess_p is not None and row.excess_p >= SIGNIFICANT:
        return (
            f"used images differ from the others by more than memory. With {controls.placebo} in the "
            f"generator's place, the same attacks tell them apart as well (AUC {row.placebo_auc:.2f} "
            "against "
            f"{row.auc:.2f} by {row.title}). Choose used and not used slices that were acquired and "
            "selected alike."
        )
    if found.confounds:
        few = ", ".join(found.confounds[:3])
        return (
            f"used images and others are told apart as well by what shows no anatomy ({few}; AUC of "
            f"{row.title} {row.auc:.2f}). See the audit, and remove the difference."
        )
    return ""


def _size(found: Evidence) -> str:
    head, best = found.headline, strongest(found.attacks)
    row = head if head is not None and head.corrected_p < SIGNIFICANT else best
    low, high = row.auc_ci or (row.auc, row.auc)
    text = (
        f"{row.title} tells used images from others with an AUC of {row.auc:.2f} ({low:.2f} to {high:.2f}; "
        f"corrected p of all attacks {format_p(found.corrected_p or 0)}"
    )
    if row.auc_ci is not None and low <= 0.5:
        text += f"; by its most certain images, partial AUC {row.partial_auc:.2f} where chance is 0.05"
    return f"{text})."


def _named(found: Evidence) -> str:
    risk = found.at_risk
    if not risk.n_images:
        return " It names nobody at this sample size."
    of = counted(risk.n_groups, "patient group")
    return (
        f" It names {counted(risk.n_images, 'slice')} and {of}; about {risk.rate:.0%} may be named wrongly."
    )


def people(part: Part) -> str:
    """How many patient groups; where no patient is known, groups of near-duplicates and single images."""
    known = part.ungrouped < len(part.truth.used)
    return counted(part.n_groups, "patient group" if known else "group")


def _too_weak(found: Evidence) -> str:
    power = found.power
    if power is None or (power.share is not None and power.share <= WEAKEST):
        return ""
    size = f"{found.part.n_used:,} used and {found.part.n_not_used:,} not used images"
    missed = (
        "even if all used images had been copied, with mild changes, it might have gone unnoticed"
        if power.share is None
        else "a leak of only part of the used images would probably have gone unnoticed"
    )
    return f"{size} of {people(found.part)} are too few: {missed}. Add more of both kinds."


def _not_found(found: Evidence) -> str:
    part, power = found.part, found.power
    text = (
        f"Not found by these attacks: {counted(len(found.attacks), 'attack')} on {part.n_used:,} used and "
        f"{part.n_not_used:,} not used images of {people(part)} (corrected p of "
        "all "
        f"{format_p(found.corrected_p if found.corrected_p is not None else 1)})."
    )
    if power is not None and power.share is not None:
        text += (
            f" Had {power.share:.0%} of the used images been copied, with mild changes, these attacks would "
            "probably have shown it (80% power); a smaller leak, or one of another kind, may be there."
        )
    if found.at_risk.n_images:
        text += f" Single slices are named all the same ({found.at_risk.n_images:,}): look at them."
    return text


def notes(part: Part, calibrating: Part | None) -> list[str]:
    """What a reader should know of the sample."""
    said = []
    if part.ungrouped and part.scored:
        alone = part.ungrouped == len(part.truth.used)
        whose = (
            f"{part.name}: no patients are known, so slices count as people"
            if alone
            else f"{part.name}: the patients of {counted(part.ungrouped, 'image')} are not known, so these "
            "slices "
            "count as people"
        )
        said.append(
            f"{whose}, except that near-duplicates count as one. If several slices are of one patient, "
            "p-values "
            "and intervals promise too much. Name them by a table with the columns file and patient "
            "(--patients, or groups.csv at import)."
        )
    if len(part.generated) < FEW_GENERATED:
        said.append(
            f"{part.name}: with {counted(len(part.generated), 'generated image')} the attacks are weaker "
            "than they "
            f"could be; from about {FEW_GENERATED} on more hardly help."
        )
    if calibrating is not None and calibrating is not part:
        sizes = sorted((len(part.generated), len(calibrating.generated)))
        if sizes[1] > MANY_MORE * sizes[0]:
            said.append(
                f"{part.name} has {len(part.generated):,} generated images and {calibrating.name} "
                f"{len(calibrating.generated):,}: images are nearer to more of them, so those who are "
                "named by "
                "both sets' scores should be looked at with care."
            )
    return said
