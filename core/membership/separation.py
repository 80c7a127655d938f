"""What is not scored: what a test set shares with the development set, and images without a distance."""

from collections.abc import Sequence

import numpy as np

from core.errors import BadChoice
from core.membership.evaluation import Measurement
from core.types import ImageSet, Role
from core.wording import counted, verb

NAMED = 5  # patient groups that a sentence names
LABELS = {Role.REAL_USED: "used", Role.REAL_NOT_USED: "not used"}


def check_sets(sets: Sequence[ImageSet]) -> None:
    """Raises BadChoice if test is the development set, whatever its name."""
    if len(sets) < 2:
        return
    development, test = sets
    same = {file.sha256 for file in test.real} == {file.sha256 for file in development.real}
    if test.real and same:
        raise BadChoice(
            f"'{test.name}' has the same real images as the development set '{development.name}', so a "
            "result on it would be no test. Choose another test set, or none."
        )


def scored_only(measured: Sequence[Measurement]) -> list[Measurement]:
    """The same measurements; what can't be scored is no longer among the known images.

    Raises BadChoice if nothing is left to select or to test on.
    """
    development, *others = (_with_distance(each, place == 0) for place, each in enumerate(measured))
    return [development, *(_apart(each, development) for each in others)]


def _with_distance(found: Measurement, selected_on: bool) -> Measurement:
    kept = found.without(~np.isfinite(found.rows).all(0))
    for role, label in LABELS.items() if selected_on else ():
        had = sum(file.role is role for file in found.files)
        if had and not _count(kept, role):
            raise BadChoice(
                f"No lung was found in {_any_of(had)} labelled “{label}” of '{found.name}', so no rule can "
                "be fitted. Choose a crop that needs no lungs."
            )
    return kept


def _any_of(count: int) -> str:
    return f"any of the {count:,} images" if count > 1 else "the only image"


def _count(found: Measurement, role: Role) -> int:
    return sum(
        file.role is role and bool(known) for file, known in zip(found.files, found.known, strict=True)
    )


def _apart(test: Measurement, development: Measurement) -> Measurement:
    """Without the images, and the slices of the patients, that development has as well."""
    seen = {file.sha256 for file in development.files}
    patients = {file.group for file in development.files if file.group}
    copies = np.array([file.sha256 in seen for file in test.files], bool)
    of_patients = np.array([file.group in patients for file in test.files], bool)
    shared = copies | of_patients
    if not shared.any():
        return test
    groups = sorted({str(file.group) for file in test.files if file.group in patients})
    left = test.without(shared)
    if test.known.any() and not left.known.any():
        raise BadChoice(
            f"All labelled images of '{test.name}' are in the development set '{development.name}' as well, "
            f"or of a patient group of the same name{_named(groups)}, so nothing is left to test on. Choose "
            "another test set, or give different patients different group names."
        )
    images = int(copies.sum())
    found = [f"{counted(images, 'real image')} of '{test.name}'"] if images else []
    found += [f"{counted(len(groups), 'patient group')}{_named(groups)}"] if groups else []
    count = int(shared.sum())
    return test.without(
        shared,
        f"{' and '.join(found)} {verb(images + len(groups), 'is', 'are')} also in the development set "
        f"'{development.name}': {counted(count, 'image')} {verb(count, 'is', 'are')} left out of the scores.",
    )


def _named(groups: Sequence[str]) -> str:
    if not groups:
        return ""
    more = f" and {len(groups) - NAMED:,} more" if len(groups) > NAMED else ""
    return f" ({', '.join(groups[:NAMED])}{more})"
