"""The plan of an import: roles, labels and data sets, from names and tables alone. No image is decoded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import BadChoice, NothingToImport
from core.images.formats.raster import KINDS
from core.images.importing import layouts, patients, roles, structure, table_search, tables
from core.images.importing.layouts import Place
from core.images.importing.patients import Proposal
from core.images.importing.roles import Roles
from core.images.importing.structure import Found, Group, Question
from core.images.importing.tables import Matched
from core.images.sources import file_kinds
from core.images.sources.file_kinds import Refusal, images_of
from core.images.sources.filenames import Names
from core.images.sources.source import Source
from core.wording import counted, verb

REST = "rest"  # name of the data set of images outside the folders of all others


@dataclass(frozen=True)
class Plan:
    """``places``: by path relative to ``wrapper``, the folders that contain everything.

    ``recognised``: the places before roles set by hand. ``labels`` and ``groups``: from tables, by path;
    ``unmatched``: names in the table of labels that fit no image. ``refused``: files rejected by name or
    place. ``said``: notes so far. ``found``: meaning of the folder names of each path. ``sets``: the data
    sets. ``questions``: folders whose role is ambiguous and was not set by hand. ``grouped_by``:
    what ``groups`` are from; ``proposal``: patients as names suggest them, if no table tells them.
    """

    names: Names
    wrapper: str
    layout_of: dict[str, str]
    recognised: dict[str, Place]
    places: dict[str, Place]
    labels: Mapping[str, str]
    unmatched: tuple[str, ...]
    groups: Mapping[str, str]
    refused: list[Refusal]
    said: list[str]
    found: dict[str, Found]
    sets: list[Group]
    questions: list[Question]
    grouped_by: str
    proposal: Proposal | None

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
    source: Source,
    layout: str,
    labels: dict[str, str] | None,
    rename: bool,
    by_hand: Roles | None = None,
    groups: str | Mapping[str, str] = "",
) -> Plan:
    """The plan for a source. ``labels``: file name to label; ``rename``: no file names in the notes.

    ``groups``: a table, or patients.NAMES or NONE; "" for the table next to the images, if there is one.
    Raises NothingToImport if there is no image, BadChoice for an invalid table or role.
    """
    given = labels is not None
    names = Names((*source.paths, *(path for path, _ in source.refused)), rename)
    images = images_of(source)
    refused = file_kinds.refused_by_name(source, names, images)
    if not images:
        raise NothingToImport(nothing_found(source, refused))
    wrapper = structure.wrapper_of(images)
    inner = [path.removeprefix(wrapper) for path in images]
    found = structure.read(inner)
    said: list[str] = []
    if not given:
        matched = _labels_beside(source, images, wrapper, layout, found, said, rename)
    else:
        matched = tables.match(labels or {}, inner, "labels")
    said += matched.remarks("labels", quote=not rename)
    labels = matched.values if given or matched.values else None
    grouped = _groups(source, wrapper, inner, groups)
    said += grouped.remarks("patient groups", quote=not rename)
    one_folder = len({path.rpartition("/")[0] for path in inner}) == 1
    several = layout != "flat" and (labels is None or not (one_folder or given))
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
    proposal = patients.proposed(places, found)
    of_patient = grouped.values
    if groups == patients.NAMES:
        if proposal is None:
            raise BadChoice("No patients can be told from the file names: give a table with --groups FILE.")
        of_patient = dict(proposal.groups)
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
        matched.unmatched,
        patients.numbered(of_patient) if rename else of_patient,
        refused,
        said,
        found,
        sets,
        questions,
        patients.TABLE if grouped.values else groups if isinstance(groups, str) else "",
        None if groups or grouped.values else proposal,
    )


def _layout(asked: str, group: Group, found: Mapping[str, Found], labels: Mapping[str, str] | None) -> str:
    if asked != "auto":
        return asked
    return layouts.detect({path: found[path] for path in group.paths}, labels is not None)


def _groups(source: Source, wrapper: str, inner: Sequence[str], chosen: str | Mapping[str, str]) -> Matched:
    if isinstance(chosen, str) and chosen:
        return Matched({})
    table = chosen or table_search.groups_beside(source, wrapper)
    matched = tables.match(table, inner, "patient groups")
    if chosen and not matched.values:
        raise BadChoice("No row of the table of patients matches an image. Check the file names in it.")
    return matched


def _labels_beside(
    source: Source,
    images: Sequence[str],
    wrapper: str,
    layout: str,
    found: Mapping[str, Found],
    said: list[str],
    rename: bool,
) -> Matched:
    """Labels by path from tables next to the images, unless folder names give them already."""
    if layout not in ("auto", "flat"):
        return Matched({})
    labels, used, ambiguous = table_search.labels_beside(source, images, wrapper, layout == "flat")
    if ambiguous:
        said.append(f"There are {len(ambiguous)} tables next to the images, so none was used: specify one.")
    name = "a table next to the images" if rename else " and ".join(used)
    folders = {path.rpartition("/")[0] for path in images}
    spoken = len(folders) > 1 and any(each.role or each.label for each in found.values())
    if labels.values and layout == "auto" and spoken:
        said.append(f"Labels in {name} were not used, as folder names give the classes.")
        return Matched({})
    if labels.values:
        said.append(f"Labels were read from {name}.")
    return labels


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
    if found.unmatched and not found.labels:
        raise BadChoice(
            f"No row of the table of labels matches an image (the first row is for '{found.unmatched[0]}'). "
            "Check the file names, or import without the table."
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
