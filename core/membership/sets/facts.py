"""What a verdict must know of a data set's pixels: gathered once, and kept as a note.

A worker of a distributed sweep has no library, and is given the note.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from core.hashing import key
from core.images.library import Library
from core.membership.sets import appearance
from core.membership.sets.copies import Copies, find_copies
from core.store import Store
from core.types import ImageSet, Role

VERSION = 3
LOOKED_AT = 200  # images of a class whose greys are compared
CLASSES = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "used",
    Role.REAL_NOT_USED: "not used",
    Role.REAL_UNKNOWN: "unlabelled real",
}


@dataclass(frozen=True)
class SetFacts:
    """``alike`` names the group of near-duplicates of each real image without a patient group, by hash;
    ``incomparable`` says why the greys of two classes can't be compared."""

    alike: Mapping[str, str]
    copies: Copies
    incomparable: str


def facts_name(image_set: ImageSet) -> str:
    return f"facts:{key(VERSION, appearance.VERSION, image_set.truth)}"


def gather(store: Store, library: Library, image_set: ImageSet) -> SetFacts:
    note = store.note(facts_name(image_set))
    if note is None:
        copies = find_copies(image_set, library.pixels)
        note = {
            "alike": _alike(store, library, image_set),
            "copies": asdict(copies),
            "incomparable": _incomparable(store, library, image_set),
        }
        store.put_note(facts_name(image_set), note)
    return SetFacts(note["alike"], Copies(**note["copies"]), note["incomparable"])


def _alike(store: Store, library: Library, image_set: ImageSet) -> dict[str, str]:
    alone = sorted({file.sha256 for file in image_set.real if not file.group})
    if len(alone) < 2:
        return {}
    groups = appearance.near_duplicates(appearance.rows(store, library, alone))
    first: dict[int, str] = {}
    return {sha: first.setdefault(int(group), sha) for sha, group in zip(alone, groups, strict=True)}


def _incomparable(store: Store, library: Library, image_set: ImageSet) -> str:
    ids = {
        name: sorted({file.sha256 for file in image_set.files if file.role is role})[:LOOKED_AT]
        for role, name in CLASSES.items()
    }
    return appearance.incomparable_classes(
        {
            name: appearance.grey_of(appearance.rows(store, library, some))
            for name, some in ids.items()
            if some
        }
    )
