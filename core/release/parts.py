"""The images of a data set as the attacks see them: each content once, in the order of hashes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from core.errors import BadChoice
from core.membership.evaluation import ground_truth
from core.membership.metrics import GroundTruth
from core.membership.sets.facts import SetFacts
from core.membership.sets.patient_groups import group_numbers
from core.types import ImageFile, ImageSet, Role
from core.wording import counted, verb

USED, NOT_USED, UNKNOWN = Role.REAL_USED, Role.REAL_NOT_USED, Role.REAL_UNKNOWN


@dataclass(frozen=True)
class Part:
    """``files``: the real images, one of each content. ``generated``: hashes. ``groups`` int (n,): whose the
    real images are; ``known`` bool (n,): which are labelled, ``truth``: of these. ``shared``: contents that
    are labelled both used and not used, which are left out."""

    image_set: ImageSet
    files: tuple[ImageFile, ...]
    generated: tuple[str, ...]
    groups: np.ndarray
    known: np.ndarray
    truth: GroundTruth
    facts: SetFacts
    shared: int
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.image_set.name

    @property
    def real(self) -> tuple[str, ...]:
        """Hashes of the real images."""
        return tuple(file.sha256 for file in self.files)

    @property
    def n_used(self) -> int:
        return int(self.truth.used.sum())

    @property
    def n_not_used(self) -> int:
        return int((~self.truth.used).sum())

    @property
    def scored(self) -> bool:
        """Whether there are images of both kinds."""
        return bool(self.n_used and self.n_not_used)

    @property
    def not_used(self) -> np.ndarray:
        """bool (n,)."""
        return np.array([file.role is NOT_USED for file in self.files], bool)

    @property
    def ungrouped(self) -> int:
        """Labelled images whose patient is not known."""
        return sum(not f.group for f, known in zip(self.files, self.known, strict=True) if known)

    @property
    def n_groups(self) -> int:
        return len(np.unique(self.truth.groups))


def check_images(image_set: ImageSet) -> None:
    """Raises BadChoice unless there are generated images and real ones."""
    if not image_set.generated or not image_set.real:
        raise BadChoice(
            f"'{image_set.name}' has {counted(len(image_set.generated), 'generated image')} and "
            f"{counted(len(image_set.real), 'real image')}: a release is assessed by comparing generated "
            "images with real ones."
        )


def part_of(image_set: ImageSet, facts: SetFacts, apart_from: Sequence[ImageFile] = ()) -> Part:
    """Without what is among ``apart_from``, by content or by patient. Raises BadChoice without images."""
    check_images(image_set)
    every, shared = _distinct(image_set.real)
    files = _apart(every, apart_from)
    if every and not files:
        raise BadChoice(
            f"All real images of '{image_set.name}' are in the development set as well, so nothing is left "
            "to "
            "test on. Choose another test set, or none."
        )
    truth, known = ground_truth(files, facts.alike)
    groups = group_numbers(files, facts.alike)
    generated = tuple(sorted({file.sha256 for file in image_set.generated}))
    notes = tuple(_notes(image_set, every, files, shared, generated))
    return Part(image_set, files, generated, groups, known, truth, facts, shared, notes)


def _distinct(real: Sequence[ImageFile]) -> tuple[tuple[ImageFile, ...], int]:
    """One file of each content, labelled before unlabelled; and how many contents have both labels."""
    by_hash: dict[str, list[ImageFile]] = {}
    for file in real:
        by_hash.setdefault(file.sha256, []).append(file)
    both = {sha for sha, files in by_hash.items() if {USED, NOT_USED} <= {file.role for file in files}}
    first = [
        min(files, key=lambda file: (file.role is UNKNOWN, not file.group, file.name))
        for sha, files in sorted(by_hash.items())
        if sha not in both
    ]
    return tuple(first), len(both)


def _apart(files: Sequence[ImageFile], others: Sequence[ImageFile]) -> tuple[ImageFile, ...]:
    seen = {file.sha256 for file in others}
    patients = {file.group for file in others if file.group}
    return tuple(file for file in files if file.sha256 not in seen and file.group not in patients)


def _notes(
    image_set: ImageSet,
    every: Sequence[ImageFile],
    files: Sequence[ImageFile],
    shared: int,
    generated: Sequence[str],
) -> list[str]:
    name, said = image_set.name, []
    if shared:
        said.append(
            f"{name}: {counted(shared, 'image')} {verb(shared, 'is', 'are')} labelled both used and not "
            "used, "
            "and left out."
        )
    if left := len(every) - len(files):
        said.append(
            f"{name}: {counted(left, 'real image')} {verb(left, 'is', 'are')} of the development set or of "
            "its "
            "patients, and left out."
        )
    for kind, count in (
        ("real", len(image_set.real) - len({file.sha256 for file in image_set.real})),
        ("generated", len(image_set.generated) - len(generated)),
    ):
        if count:
            said.append(
                f"{name}: {counted(count, f'{kind} image')} "
                f"{verb(count, 'is an exact copy', 'are exact copies')} "
                f"of other {kind} images and {verb(count, 'does', 'do')} not count."
            )
    return said


def with_patients(image_set: ImageSet, patients: Mapping[str, str]) -> ImageSet:
    """The same images, of the patients that a table names by file name or path. Raises BadChoice if it names
    none of the real ones, or by a name that several real files have in different folders."""
    bare = Counter(PurePosixPath(file.name).name for file in image_set.real)

    def patient(file: ImageFile) -> str | None:
        name = PurePosixPath(file.name).name
        found = patients.get(file.name) or patients.get(name)
        if found and file.name not in patients and bare[name] > 1:
            raise BadChoice(
                f"The table of patients names a file that {bare[name]} real images of '{image_set.name}' "
                "share in different folders. Name the files with their folders, such as real_used/001.png."
            )
        return found

    if not any(patient(file) for file in image_set.real):
        raise BadChoice(f"The table of patients names none of the real images of '{image_set.name}'.")
    files = tuple(
        replace(file, group=patient(file) or file.group) if file.role is not Role.GENERATED else file
        for file in image_set.files
    )
    return replace(image_set, files=files)
