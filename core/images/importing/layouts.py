"""Layouts: one folder per generator, folders by membership role, or a flat list with a table of labels.

A layout assigns a role and a label to every path, from the meaning of the folder names (structure.py) and a
table. It never opens an image.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import NothingToImport
from core.images.importing import structure
from core.images.importing.folder_names import role_of
from core.images.importing.structure import Found
from core.registry import Registry
from core.types import Role

HAND = "hand"  # roles of folders were set by hand (roles.py)
MIXED = "mixed"  # several data sets with different layouts


@dataclass(frozen=True)
class Place:
    """Role and label of one file. ``refused``: the reason why it fits nowhere; ``out``: left out by hand."""

    role: Role = Role.GENERATED
    label: str | None = None
    refused: str | None = None
    out: bool = False


Labels = Mapping[str, str]  # by path
Rule = object


def detect(found: Mapping[str, Found], has_labels: bool) -> str:
    """The name of the layout, by precedence: membership, a table of labels (flat), generators, flat."""
    roles = {each.role for each in found.values()}
    if roles - {None, Role.GENERATED}:
        return "membership"
    if has_labels:
        return "flat"
    if any(each.label for each in found.values()):
        return "generators"
    return "membership" if Role.GENERATED in roles else "flat"


def _generators(path: str, found: Found, labels: Labels) -> Place:
    if "/" not in path or (found.role is None and not found.label and _beside(path, found)):
        return Place(refused="is outside the generators' folders, so its generator is unknown")
    return Place(Role.GENERATED, found.label)


def _beside(path: str, found: Found) -> bool:
    return len(PurePosixPath(path).parts) - 1 == len(found.container) > 0


def _membership(path: str, found: Found, labels: Labels) -> Place:
    if found.role is None:
        known = "generated, real_used, real_not_used, real_unknown"
        return Place(refused=f"is outside the folders with a known role ({known})")
    return Place(found.role, found.label)


def _flat(path: str, found: Found, labels: Labels) -> Place:
    label = labels.get(path)
    role = role_of(label) if label else None
    return Place(role) if role else Place(Role.GENERATED, label)


LAYOUTS: Registry = Registry("layout")
LAYOUTS.register("generators", _generators)
LAYOUTS.register("membership", _membership)
LAYOUTS.register("flat", _flat)


def arrange(layout: str, paths: Iterable[str], labels: Labels) -> dict[str, Place]:
    """The place of every path. Raises NothingToImport if the layout fits none of them."""
    places = recognise(layout, structure.read(list(paths)), labels)
    check_fit(layout, places)
    return places


def recognise(layout: str, found: Mapping[str, Found], labels: Labels) -> dict[str, Place]:
    """The place of every path; those that do not fit are refused."""
    rule = LAYOUTS.get(layout)
    return {path: rule(path, said, labels) for path, said in found.items()}


def check_fit(layout: str, places: Mapping[str, Place]) -> None:
    """Raises NothingToImport if a layout fits no path at all."""
    if places and all(place.refused for place in places.values()):
        reason = next(iter(places.values())).refused
        raise NothingToImport(f"The layout '{layout}' does not fit: every file {reason}.")
