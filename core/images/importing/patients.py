"""Which images are of one patient: intervals and p-values stand on patients, not on slices.

The first of these that knows a real image gives its group: a table (or none at all, if so chosen); file and
folder names, if they were confirmed; the DICOM header; the scan of which it is a slice.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import BadChoice
from core.hashing import key
from core.images.formats.decoded import Facts
from core.images.importing import structure
from core.images.importing.layouts import Place
from core.images.importing.structure import Found
from core.images.importing.tables import decoded, read_groups
from core.types import ImageSet, Role
from core.wording import counted, verb

NAMES, NONE = "names", "none"  # choices besides a table
TABLE, HEADER, SCAN = "a table", "DICOM headers", "scans of several slices"
COVERED = 0.9  # share of the real images whose names must fit
# patient012_slice03, LIDC-IDRI-0001_045, 1001-22, case7slice3: a part with a number, then the slice's number
PATTERN = re.compile(
    r"(?P<patient>.*\d.*?)(?:[ _.-]+|(?<=\d)(?=[a-z]))(?:(?:slice|sl|img|image|frame|im|z|s|i)[ _.-]*)?\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Proposal:
    """Patients as file or folder names suggest them. ``groups``: by path; ``images``: real ones in all."""

    groups: Mapping[str, str]
    images: int

    @property
    def patients(self) -> int:
        return len(set(self.groups.values()))

    def sentence(self, quote: bool) -> str:
        """``quote``: names may be shown."""
        path, group = next(iter(self.groups.items()))
        such = f" ('{path}' would be of '{group}')" if quote else ""
        return (
            f"File names look like {counted(self.patients, 'patient')} among "
            f"{counted(self.images, 'real image')}{such}."
        )


def proposed(places: Mapping[str, Place], found: Mapping[str, Found]) -> Proposal | None:
    """What file and folder names suggest, if nearly all real images fit and some share a patient."""
    real = [path for path, place in places.items() if place.role is not Role.GENERATED and not place.out]
    groups = {path: group for path in real if (group := _of_name(path, found[path]))}
    patients = len(set(groups.values()))
    plausible = 2 <= patients < len(groups) and len(groups) >= COVERED * len(real)
    return Proposal(groups, len(real)) if plausible else None


def _of_name(path: str, found: Found) -> str | None:
    """The first folder below that of the role, or the first part of the file's name."""
    below = path.removeprefix(structure.row_of(path, found, 1)).strip("/").split("/")
    if len(below) > 1:
        return below[0]
    fits = PATTERN.fullmatch(PurePosixPath(path).name.partition(".")[0])
    return fits["patient"] if fits else None


def read_choice(text: str) -> str | dict[str, str]:
    """NAMES, NONE, or the table in a file: file name to patient. Raises BadChoice."""
    if text in (NAMES, NONE):
        return text
    path = Path(text)
    try:
        groups = read_groups(decoded(path.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        raise BadChoice(f"The table of patients {path.name} can't be read: {error}.") from None
    if groups is None:
        raise BadChoice(f"{path.name}: a table of patients needs the columns 'file' and 'patient'.")
    return groups


def numbered(groups: Mapping[str, str]) -> dict[str, str]:
    """The same groups under numbers, as names may identify patients."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups.values()), 1)}
    return {path: f"patient {numbers[name]:04}" for path, name in groups.items()}


def scan_name(images: Iterable[str]) -> str:
    """A scan as a group, by the hashes of its slices: file names may change, and may name a patient."""
    return f"scan {key('scan', sorted(images))[:12]}"


class Headers:
    """The patients of a whole import by DICOM headers, once all files of real images were added."""

    def __init__(self) -> None:
        self._patients: set[str] = set()
        self._studies: set[str] = set()

    def add(self, facts: Facts) -> None:
        self._patients.add(facts.patient)
        self._studies.add(facts.series)

    @property
    def same(self) -> bool:
        """Whether several studies have one PatientID: that of nobody, or of one person."""
        return len(self._patients - {""}) == 1 and len(self._studies - {""}) > 1

    def group(self, facts: Facts) -> str | None:
        """The patient's hash; the study's if all files have the same PatientID, as after anonymisation."""
        if facts.patient and not self.same:
            return f"patient {facts.patient}"
        return f"study {facts.series}" if facts.series else None


def remarks(image_set: ImageSet, sources: Iterable[str], same: bool) -> list[str]:
    """``sources``: what gave groups; ``same``: studies were taken for patients."""
    if not image_set.real:
        return []
    known = [file.group for file in image_set.real if file.group]
    said = []
    if known:
        listed = " and ".join(dict.fromkeys("file names" if each == NAMES else each for each in sources))
        said.append(
            f"{counted(len(known), 'real image')} of {counted(len(set(known)), 'patient')}, as known from "
            f"{listed}."
        )
    if same:
        said.append(
            "All DICOM files have the same PatientID, so each study was taken for a patient. If they are one "
            "person's, intervals and p-values are too optimistic."
        )
    unknown = len(image_set.real) - len(known)
    if unknown:
        its = verb(unknown, "patient of 1 real image is", f"patients of {unknown:,} real images are")
        said.append(
            f"The {its} not known, so intervals and p-values treat every slice as another person. Add a "
            "table groups.csv with the columns file and patient."
        )
    return said
