"""The verdict in words. What would turn its meaning round is said before anything else."""

from dataclasses import dataclass

from core.membership import metrics
from core.membership.evaluation import PartResult, Reversal
from core.membership.metrics import MembershipScores
from core.numeric.statistics import format_p
from core.types import Role
from core.wording import counted, verb

LEAK, NONE_FOUND, REVERSED, UNDEFINED = "leak", "none found", "reversed", "undefined"
CANNOT_TELL = "cannot tell"
NO_TRUTH = "These images are unlabelled: there are predictions but no scores."
CENTROIDS_KNOW = (
    "The centroids of this decision were made with these labels: the p-value allows for that, as permuted "
    "labels make their own, but the interval of the AUC does not. A test set needs no such allowance."
)
SIGNIFICANT = 0.05
TURNED = 0.01  # for either part: that labels are swapped is a stronger claim, and it is asked twice


@dataclass(frozen=True)
class Meaning:
    """Completes "used images are ...": what a small distance means, and a large one.

    ``farther`` is None where distances follow the labels, so that labels which are swapped change nothing.
    """

    nearer: str = "nearer to the generated images"
    farther: str | None = "farther from the generated images"


def describe(dev: PartResult, reported: PartResult, meaning: Meaning) -> tuple[str, str]:
    """One of the outcomes above, and the sentences that say so."""
    if (part := next((each for each in (reported, dev) if each.incomparable), None)) is not None:
        sentence = _incomparable(part)
        return (LEAK, _with_copies(reported, sentence)) if reported.copies.used else (CANNOT_TELL, sentence)
    outcome, sentence = _statistics(reported, meaning)
    if reported is dev and reported.verdict is not None and meaning.farther is None:
        sentence = f"{sentence} {CENTROIDS_KNOW}"
    if reported.verdict is not None and reported.ungrouped:
        sentence = f"{sentence} {_people(reported)}"
    turned = _reversed(dev, reported, meaning) if outcome != LEAK else None
    if turned:
        outcome, sentence = REVERSED, f"{turned} {sentence}"
    if mislabelled := _copies_of_others(reported):
        outcome, sentence = REVERSED, f"{mislabelled} {sentence}"
    return (LEAK, _with_copies(reported, sentence)) if reported.copies.used else (outcome, sentence)


def _incomparable(part: PartResult) -> str:
    return (
        f"Cannot tell: the grey values of the classes of {part.name} can't be compared "
        f"({part.incomparable}), so distances between them show how the files were made and not what the "
        "generator was trained on. Import the images again with the same window for all of them."
    )


def _with_copies(part: PartResult, sentence: str) -> str:
    """Training images among the generated ones are a leak, whatever the distances of the others say."""
    beyond = sentence.replace("No leak was found by this attack", "Beyond that, this attack found no leak")
    first = copies_of_training(part)
    return (
        f"A leak was found: {first} {verb(part.copies.used, 'This is', 'These are')} the leak. "
        f"{beyond.replace('A leak was found:', 'By distance as well,')}"
    )


def copies_of_training(part: PartResult) -> str:
    """How many training images are among the generated ones; empty if none is."""
    made, used = part.copies.of_used, part.copies.used
    if not used:
        return ""
    return (
        f"{counted(made, 'generated image')} {verb(made, 'is', 'are')}, pixel for pixel, "
        f"{counted(used, 'training image')} of {part.name}."
    )


def _copies_of_others(part: PartResult) -> str | None:
    made, real = part.copies.of_not_used, part.copies.not_used
    if not real:
        return None
    return (
        f"{counted(made, 'generated image')} {verb(made, 'is', 'are')}, pixel for pixel, "
        f"{counted(real, 'image')} of {part.name} labelled “not used”: so the label is wrong, or the folders "
        "of used and not used images are swapped."
    )


def _statistics(part: PartResult, meaning: Meaning) -> tuple[str, str]:
    found, p = part.verdict, part.p_value
    if found is None:
        return UNDEFINED, _without_scores(part)
    auc = found.scores["auc"]
    if auc.value is None or auc.low is None or auc.high is None or p is None:
        return UNDEFINED, f"Undefined: {auc.undefined or metrics.ONE_CLASS}{_unmeasured(part)}."
    numbers = (
        f"AUC {auc.value:.2f}, {auc.low:.2f} to {auc.high:.2f}, p {format_p(p)}; "
        f"{_size(found, part.ungrouped)}{_unmeasured(part)}"
    )
    if p < SIGNIFICANT and auc.low > 0.5:
        return (
            LEAK,
            f"A leak was found: used images are {meaning.nearer} than expected by chance ({numbers}).",
        )
    reach = (auc.high - auc.low) / 2 * 1.43  # 80% power: 2.8 standard errors, an interval being 2 x 1.96
    return NONE_FOUND, (
        f"No leak was found by this attack at this sample size ({numbers}). At 80% power the smallest "
        f"detectable AUC is about {min(0.5 + reach, 1):.2f}; other attacks may be stronger."
    )


def _without_scores(part: PartResult) -> str:
    labelled = sum(file.role is not Role.REAL_UNKNOWN for file in part.files)
    return f"Undefined: no labelled image has a distance{_unmeasured(part)}." if labelled else NO_TRUTH


def _unmeasured(part: PartResult) -> str:
    count = part.lungless.get("real", 0)
    return (
        f"; {counted(count, 'image')} without lungs {verb(count, 'is', 'are')} not counted" if count else ""
    )


def _people(part: PartResult) -> str:
    """What an unknown patient does to a verdict."""
    images, alone = int(part.known.sum()), part.ungrouped
    if alone == images:
        whose = "No patient groups are given, so slices count as people"
    else:
        whose = f"{alone:,} of {images:,} images have no patient group, so these slices count as people"
    return (
        f"{whose}, except that near-duplicates count as one: if several slices are of one patient, the "
        "p-value and the intervals promise too much."
    )


def _size(found: MembershipScores, ungrouped: int) -> str:
    groups = counted(found.groups, "group" if ungrouped else "patient group")
    return f"{found.n_used} used and {found.n_not_used} not used images, {groups}"


def _reversed(dev: PartResult, reported: PartResult, meaning: Meaning) -> str | None:
    """A sentence if used images are farther as clearly as a leak would make them nearer."""
    for part in (reported, dev):
        turned = part.reversal
        if meaning.farther is not None and turned is not None and _clear(part, turned):
            return (
                f"Used images are {meaning.farther} than images that were not used, as clearly as a leak "
                f"would make them {meaning.nearer} ({part.name}: AUC {turned.auc:.2f}, p "
                f"{format_p(turned.p_value)} in this direction). Are the folders of used and not used images "
                "swapped?"
            )
    return None


def _clear(part: PartResult, turned: Reversal) -> bool:
    """Significant, and farther from 0.5 than the best distance is above it."""
    nearest = part.verdict.scores["auc"].value if part.verdict else None
    return turned.p_value < TURNED and 0.5 - turned.auc > max(turned.best_auc, nearest or 0.0) - 0.5
