"""What a dossier says of one assessment, in whole sentences. None holds the name of a file or a person."""

from collections.abc import Sequence

from core.battery.permutation import PERMUTATIONS
from core.battery.rates import clopper_pearson
from core.numeric.statistics import LEVEL, format_p
from core.release.attacks.catalog import find_attack
from core.release.config import ReleaseConfig
from core.release.result import AttackRow, Release, SetFacts
from core.wording import counted, verb

ROLES = {
    "development": "development: everything may be tried on it, and the headline attack is chosen on it",
    "test": "test: read once, after the headline attack was declared; its people are named",
    "reference": "reference: images of another generator or of other people, for controls and comparison",
}
ALONE = "development and report: there is no test set, so one set serves for both"


def role(facts: SetFacts, count: int) -> str:
    """What a set is for; ``count``: of the sets that are not the reference."""
    return ALONE if count == 1 and facts.part == "development" else ROLES[facts.part]


def headline_title(release: Release) -> str:
    return find_attack(release.at_risk.attack).title


def protocol(release: Release, config: ReleaseConfig) -> list[str]:
    """How the question was put, before the answer was known."""
    set_of = next(each.name for each in release.sets if each.part == release.reported)
    said = [
        f"The headline attack is “{headline_title(release)}” ({release.declared}). It was fixed before "
        f"{'the test set was read' if release.reported == 'test' else 'the attacks were compared'}.",
        f"Numbers are of “{set_of}” ({release.reported}). Each distinct image counts once.",
        f"Chance is measured by exchanging the roles “used” and “not used” {PERMUTATIONS:,} times between "
        "patient groups, never between slices of one group, and once for all attacks together, which "
        "corrects for trying many (Westfall and Young 1993). Their p-values are joined by a weighted "
        "Cauchy statistic, in which the headline attack has half of the weight.",
    ]
    if release.controls is not None and release.controls.placebo_images:
        said.append(
            f"As a placebo, {release.controls.placebo} stood in the generator's place "
            f"({counted(release.controls.placebo_images, 'image')}). What the attacks find there is no "
            "memory of this generator, but how used images and others differ anyway"
            + (
                ", or what another generator remembers, if it was trained on the same images."
                if any(each.part == "reference" for each in release.sets)
                else "."
            )
        )
    else:
        said.append("No placebo could be formed: there are too few images of other people.")
    said.append(
        f"People are named at a false discovery rate of {config.rate:.0%}, by conformal p-values against "
        "images that were not used (Bates et al. 2023; Benjamini and Hochberg 1995)."
    )
    return said


def copies(release: Release) -> list[str]:
    """Exact copies of training images, and of others."""
    found = release.copies
    if found.generated:
        said = [
            f"{counted(found.generated, 'generated image')} {verb(found.generated, 'is', 'are')}, pixel for "
            f"pixel, {counted(found.used, 'image')} that the generator was trained on."
        ]
    else:
        said = ["No generated image is, pixel for pixel, an image that is known to be in the training set."]
    if found.not_used:
        said.append(
            f"{counted(found.not_used, 'image')} labelled “not used” "
            f"{verb(found.not_used, 'is', 'are')} among the generated images, which contradicts the label."
        )
    if found.unlabelled:
        said.append(
            f"{counted(found.unlabelled, 'unlabelled real image')} {verb(found.unlabelled, 'is', 'are')} "
            "among the generated images."
        )
    return said


def controls(release: Release) -> list[str]:
    """What the headline attack shows where there is nothing to find, and what else could explain it."""
    found, said = release.controls, []
    if found is None:
        return ["The attacks could not be scored, so there is nothing to compare controls with."]
    for interval, whose in ((found.not_used_halves, "not used"), (found.used_halves, "used")):
        if interval is None:
            said.append(f"The images that were {whose} are of too few patients to be split in two at random.")
        else:
            said.append(
                f"Random halves, by patient, of the images that were {whose} differ by an AUC of "
                f"{interval[0]:.2f} to {interval[1]:.2f} in 95% of splits, with the headline attack."
            )
    if found.placebo_p is not None:
        said.append(
            f"The placebo's joint p-value is {_p(found.placebo_p)}. A small one would mean that used images "
            "and others differ by more than what a generator remembers."
        )
    if release.confounds:
        listed = ", ".join(release.confounds)
        said.append(f"Blind baselines, which see no anatomy, tell the two groups apart as well: {listed}.")
    elif release.corrected_p is not None and release.corrected_p < 0.05:
        said.append("No blind baseline, such as the mean grey, explains the difference.")
    return said


def power(release: Release) -> list[str]:
    """The smallest leak that this sample would have shown."""
    found = release.power
    if found is None:
        return ["Not measured: copies are planted only where the attacks are scored and find nothing."]
    how = (
        f"Copies of used images, mildly changed, were planted among the generated images {found.trials} "
        "times for each share."
    )
    if found.share is None:
        return [how, "Even copies of all used images would not have been found in 80% of trials."]
    return [
        how,
        f"The smallest leak that would have been found in 80% of trials is {found.share:.0%} of the used "
        "images. A smaller leak, or one of another kind, may be there.",
    ]


def people(release: Release) -> list[str]:
    """Who is exposed, by number."""
    risk = release.at_risk
    if not risk.n_images and not risk.n_groups and not _can_name(release):
        return [
            "Nobody can be named: there are too few images that were not used to compare with. That is not a "
            "pass."
        ]
    if not risk.n_images and not risk.n_groups:
        return [f"“{headline_title(release)}” names nobody at a false discovery rate of {risk.rate:.0%}."]
    copied = sum(each.copy for each in risk.images)
    said = [
        f"{counted(risk.n_images, 'real image')} and, tested as people, "
        f"{counted(risk.n_groups, 'patient group')} {verb(risk.n_images + risk.n_groups, 'is', 'are')} named."
    ]
    if copied:
        said.append(
            f"{copied:,} of the images {verb(copied, 'has', 'have')} an exact copy "
            "among the generated ones. That is certain."
        )
    if copied < risk.n_images:
        said.append(
            f"{'The others' if copied else 'They'} are named by “{headline_title(release)}”; about "
            f"{risk.rate:.0%} of them are expected to be wrong."
        )
    if risk.false_images:
        said.append(
            f"{risk.false_images:,} of the named images "
            f"{verb(risk.false_images, 'is', 'are')} labelled “not used”, so "
            f"{verb(risk.false_images, 'its', 'their')} naming is known to be wrong."
        )
    return said


def _can_name(release: Release) -> bool:
    """Whether the smallest conformal p-value that so few images allow is within the rate."""
    return 1 / (release.at_risk.calibrated_on + 1) <= release.at_risk.rate


def mitigation(release: Release) -> list[str]:
    """What could be taken out, and why that is no proof."""
    from core.release.remaining import WARNING

    count = len(release.at_risk.exposing)
    if not count:
        return ["No generated image points at anybody, so there is none to take out."]
    return [
        f"{counted(count, 'generated image')} {verb(count, 'points', 'point')} at people who are named. "
        "They can be taken out, and the set that remains assessed again.",
        WARNING,
    ]


def caps(release: Release, generated: int, used: int) -> list[dict[str, object]]:
    """What was counted zero times, as the largest rate that agrees with it (Clopper and Pearson 1934)."""
    found: list[dict[str, object]] = []

    def cap(what: str, of: int, most: float, trust: str) -> None:
        words = f"0 of {of:,} {what}: at most {most:.1%} at 95% confidence, {trust}."
        found.append({"what": what, "hits": 0, "of": of, "at_most": most, "sentence": words})

    if generated and not release.copies.generated:
        most = clopper_pearson(0, generated, (1 - LEVEL) / 2)[1]
        cap("generated images are exact copies", generated, most, "if they are a random sample of all")
    if used and not release.at_risk.n_images and _can_name(release):
        most = clopper_pearson(0, used, (1 - LEVEL) / 2)[1]
        cap("used images are named", used, most, "if they were independent; slices of one patient are not")
    for row in release.attacks:
        for rate, value, interval in _rates(row):
            if value == 0 and interval is not None:
                cap(
                    f"used images are found by “{row.title}” at {rate} false alarms",
                    *(used, interval[1], "patients being taken into account"),
                )
    return found


def _rates(row: AttackRow) -> Sequence[tuple[str, float | None, tuple[float, float] | None]]:
    return (
        ("1%", row.tpr_at_1fpr, row.tpr_at_1fpr_ci),
        ("5%", row.tpr_at_5fpr, row.tpr_at_5fpr_ci),
    )


def _p(value: float) -> str:
    return format_p(value).removeprefix("= ")
