"""The plan of an import: roles, labels and data sets, from names and tables alone. No image is decoded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images.formats.raster import KINDS
from core.images.importing import file_kinds, layouts, roles, structure
from core.images.importing.file_kinds import Refusal, images_of
from core.images.importing.layouts import Place
from core.images.importing.roles import Roles
from core.images.importing.structure import Found, Group, Question
from core.images.sources.filenames import Names
from core.images.sources.source import Source
from core.wording import counted, verb

REST = "rest"  # name of the data set of images outside the folders of all others


@dataclass(frozen=True)
class Plan:
    """``places``: by path relative to ``wrapper``, the folders that contain everything.

    ``recognised``: the places before roles set by hand. ``labels`` and ``groups``: tables. ``refused``: files
    rejected by name or place. ``said``: notes so far. ``found``: meaning of the folder names of each path.
    ``sets``: the data sets. ``questions``: folders whose role is ambiguous and was not set by hand.
    """

    names: Names
    wrapper: str
    layout_of: dict[str, str]
    recognised: dict[str, Place]
    places: dict[str, Place]
    labels: dict[str, str]
    groups: dict[str, str]
    refused: list[Refusal]
    said: list[str]
    found: dict[str, Found]
    sets: list[Group]
    questions: list[Question]

    @property
    def layout(self) -> str:
        """The layout of all data sets, or MIXED."""
        different = set(self.layout_of.values())
        return different.pop() if len(different) == 1 else layouts.MIXED

    @property
    def wanted(self) -> list[str]:
        """Paths, relative to the wrapper, that are to be decoded."""
        return [path for path, place in self.places.items() if not place.refused and not place.out]


@dataclass(frozen=True)
class Target:
    """A data set to import. ``folder``: prefix removed from file names; ``pair``: name of the other part."""

    name: str
    folder: str
    layout: str
    part: str | None
    pair: str | None
    paths: tuple[str, ...]

    def inner(self, path: str) -> str:
        """A path relative to the data set's folder."""
        return path.removeprefix(f"{self.folder}/") if self.folder else path


def plan(
    source: Source, layout: str, labels: dict[str, str] | None, rename: bool, by_hand: Roles | None = None
) -> Plan:
    """The plan for a source. ``labels``: file name to label; ``rename``: no file names in the notes.

    Raises NothingToImport if there is no image, BadChoice for an invalid table or role.
    """
    names = Names((*source.paths, *(path for path, _ in source.refused)), rename)
    images = images_of(source)
    refused = file_kinds.refused_by_name(source, names, images)
    if not images:
        raise NothingToImport(nothing_found(source, refused))
    wrapper = structure.wrapper_of(images)
    said: list[str] = []
    if labels is None and layout in ("auto", "flat"):
        for folder in _flat_folders(images, wrapper, layout):
            labels = labels or _labels_beside(source, folder, said, rename)
    inner = [path.removeprefix(wrapper) for path in images]
    found = structure.read(inner)
    several = layout != "flat" and labels is None
    sets = structure.groups(found) if several else [Group("", tuple(inner))]
    layout_of = {each.folder: _layout(layout, each, found, labels) for each in sets}
    recognised = {
        path: place
        for each in sets
        for path, place in layouts.recognise(
            layout_of[each.folder], {path: found[path] for path in each.paths}, labels or {}
        ).items()
    }
    settled = roles.settled_folders(inner, by_hand, wrapper) if by_hand else frozenset()
    places = roles.apply_roles(recognised, by_hand, wrapper) if by_hand else recognised
    questions = [each for each in structure.questions(found) if several and each.folder not in settled]
    refused += [
        Refusal(names.of(wrapper + path), place.refused) for path, place in places.items() if place.refused
    ]
    out = sum(place.out for place in places.values())
    if aside := file_kinds.ignored(source, images):
        said.append(aside)
    if out:
        said.append(f"{counted(out, 'file')} {verb(out, 'is', 'are')} in folders that you left out.")
    if by_hand:
        layout_of = dict.fromkeys(layout_of, layouts.HAND)
    return Plan(
        names,
        wrapper,
        layout_of,
        recognised,
        places,
        labels or {},
        layouts.resolve(_groups_beside(source, wrapper), inner),
        refused,
        said,
        found,
        sets,
        questions,
    )


def _layout(asked: str, group: Group, found: Mapping[str, Found], labels: Mapping[str, str] | None) -> str:
    if asked != "auto":
        return asked
    return layouts.detect({path: found[path] for path in group.paths}, labels is not None)


def _flat_folders(images: Sequence[str], wrapper: str, layout: str) -> list[str]:
    """Where a table of labels may be: next to the images if they share one folder, or at the top."""
    parents = {path.rpartition("/")[0] for path in images}
    own = [f"{parent}/" if parent else "" for parent in parents] if len(parents) == 1 else []
    return list(dict.fromkeys([*own, wrapper])) if own or layout == "flat" else []


def _tables(source: Source, wrapper: str) -> Iterator[tuple[str, str]]:
    for path in source.paths:
        inner = path.removeprefix(wrapper)
        if path.startswith(wrapper) and "/" not in inner and inner.lower().endswith(".csv"):
            try:
                yield inner, layouts.decoded(source.read(path))
            except (UnreadableImage, UnicodeDecodeError):
                continue


def _labels_beside(source: Source, wrapper: str, said: list[str], rename: bool) -> dict[str, str] | None:
    tables = [(name, text) for name, text in _tables(source, wrapper) if layouts.read_groups(text) is None]
    if len(tables) != 1:
        if tables:
            said.append(f"There are {len(tables)} tables next to the images, so none was used: specify one.")
        return None
    name, text = tables[0]
    labels = layouts.read_labels(text, name)
    said.append(f"Labels were read from {'a table next to the images' if rename else name}.")
    return labels


def _groups_beside(source: Source, wrapper: str) -> dict[str, str]:
    for _, text in _tables(source, wrapper):
        groups = layouts.read_groups(text)
        if groups is not None:
            return groups
    return {}


def nothing_found(source: Source, refused: Sequence[Refusal]) -> str:
    """The error message when no image could be imported."""
    if refused:
        first, rest = refused[0], len(refused) - 1
        others = f" {counted(rest, 'more file')} {verb(rest, 'was', 'were')} rejected." if rest else ""
        return f"No image could be imported; {first.file}: {first.reason}.{others}"
    if source.paths:
        return f"There is no {KINDS} image among {counted(len(source.paths), 'file')}."
    return f"The folder is empty. Put {KINDS} images into it, in one folder per generator."


def check(found: Plan) -> None:
    """Raises BadChoice for ambiguous folders or an unrelated table, NothingToImport if no file fits."""
    if found.questions:
        raise BadChoice(ask(found.questions))
    places: Mapping[str, Place] = found.places
    names = (name for path in places for name in layouts.possible_names(path))
    if found.labels and not any(name in found.labels for name in names):
        first = next(iter(found.labels))
        raise BadChoice(
            f"No row of the table of labels matches an image (the first row is for '{first}'). Check the "
            "file names, or import without the table."
        )
    if all(place.out or place.refused for place in places.values()) and any(p.out for p in places.values()):
        raise NothingToImport("All folders are left out. Give at least one of them a role.")
    layouts.check_fit(found.layout, places)


def ask(questions: Sequence[Question]) -> str:
    """The first question as a sentence, with the flag that answers it."""
    first, rest = questions[0], len(questions) - 1
    others = f" {counted(rest, 'more folder')} {verb(rest, 'needs', 'need')} a role." if rest else ""
    return (
        f"{first.why} Give its role with --role '{first.folder}=ROLE', where ROLE is real_used, "
        f"real_not_used, real_unknown, generated:NAME or leave_out.{others}"
    )


def name_sets(found: Plan, name: str, chosen: Mapping[str, str | None] | None = None) -> list[Target]:
    """The data sets to be imported: one called ``name``, or several called ``name`` and their folder.

    ``chosen``: names by folder that replace these; equal names are merged, None leaves one out. Raises
    BadChoice for an unknown folder, NothingToImport if all are left out.
    """
    names = {
        each.folder: name if len(found.sets) == 1 else own_name(name, each.folder) for each in found.sets
    }
    for folder, own in (chosen or {}).items():
        if folder not in names:
            raise BadChoice(f"There is no data set in the folder '{folder}', only in {', '.join(names)}.")
        names[folder] = own or ""
    merged: dict[str, list[Group]] = {}
    for each in found.sets:
        if names[each.folder]:
            merged.setdefault(names[each.folder], []).append(each)
    if not merged:
        raise NothingToImport("All data sets are left out. Give at least one of them a name.")
    return [_target(found, own, several, names) for own, several in merged.items()]


def own_name(name: str, folder: str) -> str:
    """The name of one of several data sets: the name of the import followed by the folder."""
    return f"{name} {folder.replace('/', ' ') or REST}".strip()[:80].strip()


def _target(found: Plan, name: str, several: Sequence[Group], names: Mapping[str, str]) -> Target:
    first = several[0]
    paths = tuple(path for each in several for path in each.paths)
    if len(several) > 1:
        return Target(name, "", found.layout, None, None, paths)
    pair = None if first.partner is None else names[found.sets[first.partner].folder] or None
    if pair is not None and list(names.values()).count(pair) > 1:
        pair = None  # it is merged with others, so it is no longer a pair with this one
    common = f"{first.folder}/"
    folder = first.folder if all(path.startswith(common) for path in paths) else ""
    layout = found.layout_of[first.folder]
    return Target(name, folder, layout, first.part, pair if pair != name else None, paths)
