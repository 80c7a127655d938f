"""Images and image sets, as they travel between the packages. Frozen, and checked where they are built."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.hashing import key


class Role(StrEnum):
    """What an image is in the challenge: made by a model, or real and (not) used to train it."""

    GENERATED = "generated"
    REAL_USED = "real_used"
    REAL_NOT_USED = "real_not_used"
    REAL_UNKNOWN = "real_unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that an image came in: its format, its size in bytes, its bits a pixel (RGB has 24)."""

    format: str
    bytes: int
    bits: int


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image of a set. ``sha256`` is over its pixels (hashing.pixels_key); the name is for display."""

    name: str
    sha256: str
    role: Role = Role.GENERATED
    label: str | None = None  # the generator, where known
    group: str | None = None  # near-duplicates or one patient, where known
    origin: Origin | None = None  # where it was recorded; no key depends on it


def distinct_files(files: Iterable[ImageFile]) -> tuple[ImageFile, ...]:
    """The first file of each content, in the order of hashes."""
    first: dict[str, ImageFile] = {}
    for file in files:
        first.setdefault(file.sha256, file)
    return tuple(first[sha256] for sha256 in sorted(first))


@dataclass(frozen=True)
class ImageSet:
    """Named images in natural order of their names."""

    name: str
    layout: str
    files: tuple[ImageFile, ...]
    view: str | None = None  # how scans were shown, where there were any; no key depends on it
    part: str | None = None  # development or test, where folders say it; no key depends on it
    pair: str | None = None  # the name of the other part's data set, of one import; no key depends on it

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def content(self) -> str:
        """The set's identity: its pixels, whatever the files, the order or the labels."""
        return key("set", sorted(file.sha256 for file in self.files))

    @cached_property
    def truth(self) -> str:
        """The identity of its pixels with all that is known of them: what scores depend on."""
        rows = sorted((f.sha256, f.role, f.label or "", f.group or "") for f in self.files)
        return key("truth", rows)

    @cached_property
    def generated(self) -> tuple[ImageFile, ...]:
        return tuple(file for file in self.files if file.role is Role.GENERATED)

    @cached_property
    def real(self) -> tuple[ImageFile, ...]:
        """Used, not used, and unlabelled."""
        return tuple(file for file in self.files if file.role is not Role.GENERATED)

    @cached_property
    def real_images(self) -> tuple[str, ...]:
        """Distinct hashes of the real images; of a set in which all are of one kind, of all of them."""
        return tuple(sorted({file.sha256 for file in self.real or self.files}))

    @cached_property
    def real_content(self) -> str:
        """The identity of its real images."""
        return key("real", self.real_images)

    def counts(self, field: str) -> dict[str, int]:
        """Images per value of ``role`` or ``label``; images without one are left out."""
        found = Counter(value for file in self.files if (value := getattr(file, field)))
        return {str(value): found[value] for value in sorted(found)}

    @cached_property
    def duplicates(self) -> list[list[ImageFile]]:
        """Groups of two and more files whose pixels are the same."""
        groups: dict[str, list[ImageFile]] = {}
        for file in self.files:
            groups.setdefault(file.sha256, []).append(file)
        return [group for group in groups.values() if len(group) > 1]
