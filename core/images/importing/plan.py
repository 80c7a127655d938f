"""What an import would take of a source, by names and tables alone; no image is decoded for it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images.formats.raster import KINDS, SUFFIXES
from core.images.formats.signatures import is_readable
from core.images.importing import layouts, roles, structure
from core.images.importing.filenames import Names
from core.images.importing.layouts import Place
from core.images.importing.roles import Roles
from core.images.importing.sources import Source
from core.images.importing.structure import Found, Group, Question
from core.wording import counted, verb

SCANS = (".dcm", ".dicom", ".nii", ".nii.gz")
STACKS = (".npy", ".npz")
LISTED = 8  # endings in a sentence
REST = "rest"  # what is beside the folders of data sets
OTHER_IMAGES = (".bmp", ".gif", ".webp", ".jp2", ".pgm", ".heic", ".hdr", ".mha", ".nrrd")
KNOWN_OTHERS = (*OTHER_IMAGES, ".csv", ".json", ".txt", ".md")  # not opened to see what they are


@dataclass(frozen=True)
class Refusal:
    file: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """``places`` by path below ``wrapper``, the folders around everything; ``recognised``: without hands.

    ``labels`` and ``groups``: tables by file name. ``refused``: by name or place. ``said``: notes so far.
    ``found``: what folders' names say of each path. ``sets``: the data sets of the tree. ``questions``: what
    is left open, and was not settled by hand.
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
        """That of all data sets, or that they differ."""
        return (
            next(iter(self.layout_of.values())) if len(set(self.layout_of.values())) == 1 else layouts.MIXED
        )

    @property
    def wanted(self) -> list[str]:
        """Paths, below the wrapper, that are decoded."""
        return [path for path, place in self.places.items() if not place.refused and not place.out]


@dataclass(frozen=True)
class Target:
    """A data set to be made. ``folder``: what its files' names leave out; ``pair``: the other part's name."""

    name: str
    folder: str
    layout: str
    part: str | None
    pair: str | None
    paths: tuple[str, ...]

    def inner(self, path: str) -> str:
        """A path as the data set names it."""
        return path.removeprefix(f"{self.folder}/") if self.folder else path


def plan(
    source: Source, layout: str, labels: dict[str, str] | None, rename: bool, by_hand: Roles | None = None
) -> Plan:
    """Raises NothingToImport where there is no image, BadChoice where a table or a role is none."""
    names = Names((*source.paths, *(path for path, _ in source.refused)), rename)
    images = images_of(source)
    refused = _refused_by_name(source, names)
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
    if aside := _left_aside(source, images, refused):
        said.append(aside)
    if out:
        said.append(f"{counted(out, 'file')} left out with the folders that you chose.")
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


def images_of(source: Source) -> list[str]:
    """Paths of what may be an image."""
    return [path for path in source.paths if _is_image(source, path)]


def _is_image(source: Source, path: str) -> bool:
    """By its ending, or where that is no image's by its first bytes: scanners write ``.IMA`` or a UID."""
    if path.lower().endswith((*SUFFIXES, *SCANS, *STACKS)):
        return True
    if path.lower().endswith(KNOWN_OTHERS):
        return False
    try:
        return is_readable(source.head(path))
    except UnreadableImage:
        return False


def _left_aside(source: Source, images: Sequence[str], refused: Sequence[Refusal]) -> str:
    """A sentence about the files that are neither images nor tables nor refused, by their endings."""
    known = {*images, *(path for path in source.paths if path.lower().endswith((*OTHER_IMAGES, ".csv")))}
    others = Counter(
        PurePosixPath(path).suffix.lower() or "no ending" for path in source.paths if path not in known
    )
    listed = ", ".join(f"{count:,} {ending}" for ending, count in others.most_common(LISTED))
    more = sum(others.values()) - sum(count for _, count in others.most_common(LISTED))
    return (
        f"Left aside, as they are no images: {listed}{f' and {more:,} more' if more else ''}."
        if others
        else ""
    )


def _refused_by_name(source: Source, names: Names) -> list[Refusal]:
    others = [
        (path, f"{PurePosixPath(path).suffix.lower()} files are not supported; {KINDS} are")
        for path in source.paths
        if path.lower().endswith(OTHER_IMAGES)
    ]
    return [Refusal(names.of(path), reason) for path, reason in (*source.refused, *others)]


def _flat_folders(images: Sequence[str], wrapper: str, layout: str) -> list[str]:
    """Where a table of labels may lie: beside the images if they share one folder, or at the top."""
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
            said.append(f"There are {len(tables)} tables beside the images, so none was used: specify which.")
        return None
    name, text = tables[0]
    labels = layouts.read_labels(text, name)
    said.append(f"Labels come from {'a table beside the images' if rename else name}.")
    return labels


def _groups_beside(source: Source, wrapper: str) -> dict[str, str]:
    for _, text in _tables(source, wrapper):
        groups = layouts.read_groups(text)
        if groups is not None:
            return groups
    return {}


def nothing_found(source: Source, refused: Sequence[Refusal]) -> str:
    """The sentence where no image could be taken."""
    if refused:
        first = refused[0]
        return f"None of {counted(len(refused), 'file')} could be imported; {first.file}: {first.reason}."
    if source.paths:
        return f"No {KINDS} image among {counted(len(source.paths), 'file')}."
    return f"The folder is empty. Put {KINDS} images into it, one folder per generator."


def check(found: Plan) -> None:
    """Raises BadChoice where a folder's role is open, NothingToImport where no file has a place."""
    if found.questions:
        raise BadChoice(ask(found.questions))
    places: Mapping[str, Place] = found.places
    names = (name for path in places for name in layouts.possible_names(path))
    if found.labels and not any(name in found.labels for name in names):
        first = next(iter(found.labels))
        raise BadChoice(
            f"No row of the table of labels names an image here (its first row names '{first}'). Check the "
            "file names, or leave the table out."
        )
    if all(place.out or place.refused for place in places.values()) and any(p.out for p in places.values()):
        raise NothingToImport("All folders are left out. Give at least one of them a role.")
    layouts.check_fit(found.layout, places)


def ask(questions: Sequence[Question]) -> str:
    """The first question as a sentence, with the flag that settles it."""
    first, rest = questions[0], len(questions) - 1
    others = f" {counted(rest, 'more folder')} {verb(rest, 'is', 'are')} left open." if rest else ""
    return (
        f"{first.why} Say what it holds: --role '{first.folder}=ROLE', where ROLE is real_used, "
        f"real_not_used, real_unknown, generated:NAME or leave_out.{others}"
    )


def name_sets(found: Plan, name: str, chosen: Mapping[str, str | None] | None = None) -> list[Target]:
    """The data sets to be made: one under ``name``, or several under it and their folder; ``chosen`` by a
    person.

    Raises BadChoice for a folder that is none of theirs, NothingToImport where all are left out.
    """
    names = {
        each.folder: name if len(found.sets) == 1 else own_name(name, each.folder) for each in found.sets
    }
    for folder, own in (chosen or {}).items():
        if folder not in names:
            raise BadChoice(f"There is no data set of the folder '{folder}'; there are {', '.join(names)}.")
        names[folder] = own or ""
    merged: dict[str, list[Group]] = {}
    for each in found.sets:
        if names[each.folder]:
            merged.setdefault(names[each.folder], []).append(each)
    if not merged:
        raise NothingToImport("All data sets are left out. Give at least one of them a name.")
    return [_target(found, own, several, names) for own, several in merged.items()]


def own_name(name: str, folder: str) -> str:
    """The name of one of several data sets: that of the import, and its folder's."""
    return f"{name} {folder.replace('/', ' ') or REST}".strip()[:80].strip()


def _target(found: Plan, name: str, several: Sequence[Group], names: Mapping[str, str]) -> Target:
    first = several[0]
    paths = tuple(path for each in several for path in each.paths)
    if len(several) > 1:
        return Target(name, "", found.layout, None, None, paths)
    pair = None if first.partner is None else names[found.sets[first.partner].folder] or None
    if pair is not None and list(names.values()).count(pair) > 1:
        pair = None  # merged with others, it is no longer the other part of this one
    common = f"{first.folder}/"
    folder = first.folder if all(path.startswith(common) for path in paths) else ""
    layout = found.layout_of[first.folder]
    return Target(name, folder, layout, first.part, pair if pair != name else None, paths)
