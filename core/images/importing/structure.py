"""The structure of a folder tree, from names alone: role and data set of every image, and open questions.

A role comes from the deepest folder that has one, completed by the folders above it (``real/used``). A data
set is everything in the folders above its outermost role (``DB1``, ``Subtask1_dev``). Ambiguous names become
questions to the user; they are never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.images.importing import folder_names
from core.images.importing.folder_names import DEVELOPMENT, SUBSET, TEST, meaning
from core.types import Role

Folders = tuple[str, ...]
STACKS = ("npy", "npz", "nii")  # files of many images, by their ending


@dataclass(frozen=True, slots=True)
class Found:
    """What folder names say about an image. ``container``: folders of its data set. ``role`` None: unknown.

    ``label``: generator or training subset. ``part``: development or test, if the folders of the role say so.
    """

    container: Folders
    role: Role | None
    label: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Group:
    """The images of one data set. ``folder``: "" for the whole tree; ``part``: development or test.

    ``partner``: index of the data set that it is paired with.
    """

    folder: str
    paths: tuple[str, ...]
    part: str | None = None
    partner: int | None = None


@dataclass(frozen=True)
class Question:
    """A folder whose role is ambiguous, and a sentence that says why."""

    folder: str
    why: str


def folders_of(path: str) -> Folders:
    """The folders of an image; a stack of images whose name says a role (``real_used.npz``) is one as well.

    Splitting the path is ten times as fast as ``PurePosixPath(path).parts``.
    """
    *folders, name = path.split("/")
    stem, _, ending = name.rpartition(".")
    if ending.lower() in STACKS and meaning(stem).says_role:
        folders.append(stem)
    return tuple(part for part in folders if part not in ("", "."))


def wrapper_of(paths: Sequence[str]) -> str:
    """The folders that contain everything and have no role themselves ("" or "a/b/")."""
    parents = [folders_of(path) for path in paths]
    if not parents:
        return ""
    shortest = min(map(len, parents))
    shared = next((at for at in range(shortest) if len({each[at] for each in parents}) > 1), shortest)
    if shared and shared == max(map(len, parents)):
        shared -= 1  # one folder of images: its name is a class, unless there is a table of labels
    spoken = next((at for at in range(shared) if meaning(parents[0][at]).says_role), shared)
    return "".join(f"{part}/" for part in parents[0][:spoken])


def read(paths: Sequence[str]) -> dict[str, Found]:
    """What the folder names say about every relative path."""
    by_folder = {folders: _read_one(folders) for folders in {folders_of(path) for path in paths}}
    found = {path: by_folder[folders_of(path)] for path in paths}
    return _name_generators(_find_flat_parts(_name_subsets(found)))


def _read_one(folders: Folders) -> Found:
    first = next((at for at, name in enumerate(folders) if meaning(name).says_role), None)
    if first is None:
        return _without_role(folders)
    source = use = part = None
    for said in map(meaning, folders[first:]):
        source, use, part = said.source or source, said.use or use, said.part or part
    rest = [name for name in folders[first + 1 :] if meaning(name).plain]
    return Found(folders[:first], folder_names.role(source, use), rest[0] if rest else None, part)


def _without_role(folders: Folders) -> Found:
    """One folder per generator, in folders that number data sets or name their parts."""
    first = 0
    while first < len(folders) and (folder_names.names_a_set(folders[first]) or meaning(folders[first]).part):
        first += 1
    rest = [name for name in folders[first:] if not folder_names.says_nothing(name)]
    last = folders[first - 1] if first else ""
    if not rest and meaning(last).part and not folder_names.names_a_set(last):
        return Found(folders[: first - 1], None, last)  # a part, or a role: see questions
    return Found(folders[:first], None, rest[0] if rest else None)


def _name_subsets(found: Mapping[str, Found]) -> dict[str, Found]:
    """``real/t1`` next to ``generated/t1``: the generator of t1 was trained on these real slices."""
    subsets = {path: _subset(path) for path in found}
    of_role = {
        role: {subsets[path] for path, each in found.items() if each.role is role}
        for role in (Role.REAL_UNKNOWN, Role.GENERATED)
    }
    shared = set.intersection(*of_role.values()) - {None}
    result = {}
    for path, each in found.items():
        if subsets[path] in shared and each.role in of_role:
            role = Role.REAL_USED if each.role is Role.REAL_UNKNOWN else each.role
            each = replace(each, role=role, label=subsets[path])
        elif each.role not in (None, Role.GENERATED):
            each = replace(each, label=None)  # a subfolder of real images may be a patient
        result[path] = each
    return result


def _subset(path: str) -> str | None:
    return next((name.lower() for name in reversed(folders_of(path)) if SUBSET.fullmatch(name)), None)


def _find_flat_parts(found: Mapping[str, Found]) -> dict[str, Found]:
    """A folder ``test`` of images next to a folder ``development`` of folders is a part, not a class."""
    parted = {each.container[:-1] for each in found.values() if part_of(each.container[-1:])}
    return {
        path: replace(each, container=(*each.container, each.label), label=None)
        if each.role is None and each.label and meaning(each.label).part and each.container in parted
        else each
        for path, each in found.items()
    }


def _name_generators(found: Mapping[str, Found]) -> dict[str, Found]:
    """``gen1`` next to ``gen2``, without real images: one folder per generator.

    A single folder in ``generated`` is no label, as it may be a patient's name.
    """
    labels: dict[Folders, set[str | None]] = {}
    for each in found.values():
        if each.role is Role.GENERATED:
            labels.setdefault(each.container, set()).add(each.label)
    found = {
        path: replace(each, label=None)
        if each.role is Role.GENERATED and len(labels[each.container] - {None}) < 2
        else each
        for path, each in found.items()
    }
    names: dict[Folders, set[str]] = {}
    real = {each.container for each in found.values() if each.role not in (None, Role.GENERATED)}
    for path, each in found.items():
        if each.role is Role.GENERATED and each.container not in real:
            names.setdefault(each.container, set()).add(folders_of(path)[len(each.container)])
    return {
        path: replace(each, label=folders_of(path)[len(each.container)])
        if each.role is Role.GENERATED and each.label is None and len(names.get(each.container, ())) > 1
        else each
        for path, each in found.items()
    }


def row_of(path: str, found: Found, depth: int) -> str:
    """The folder of an image in a preview: deep enough to have one role, and at least ``depth`` levels."""
    folders = folders_of(path)
    deepest = max((at + 1 for at, name in enumerate(folders) if _distinguishes(name, found)), default=0)
    return "/".join(folders[: max(deepest, len(found.container) + 1, depth)])


def _distinguishes(name: str, found: Found) -> bool:
    open_ = found.role is None and folder_names.is_asked(name)
    return meaning(name).says_role or name == found.label or open_


# -- questions ------------------------------------------------------------------------------------------


def questions(found: Mapping[str, Found]) -> list[Question]:
    """The folders whose role is ambiguous, one question each."""
    asked: dict[str, Question] = {}
    with_role = {each.container for each in found.values() if each.role is not None}
    for path, each in found.items():
        folder, why = _open(path, each, with_role)
        if why:
            asked.setdefault(folder, Question(folder, why))
    return list(asked.values())


def _open(path: str, each: Found, with_role: set[Folders]) -> tuple[str, str]:
    if each.role is not None:
        return "", ""
    folder = "/".join(folders_of(path))
    if any(meaning(name).says_role for name in folders_of(path)):
        return folder, f"The name of '{folder}' does not show whether its images are generated or real."
    below = folders_of(path)[len(each.container) :]
    if not below:
        return _said_by_file(path, folder)
    asked = next((at for at, name in enumerate(below) if folder_names.is_asked(name)), None)
    if asked is not None:
        folder = "/".join((*each.container, *below[: asked + 1]))
        return (
            folder,
            f"'{folder}' may contain generated images, or real images used or not used for training.",
        )
    folder = "/".join((*each.container, below[0]))
    if any(other[: len(each.container)] == each.container for other in with_role):
        return folder, f"The name of '{folder}' gives no role, although the names of other folders do."
    return "", ""


def _said_by_file(path: str, folder: str) -> tuple[str, str]:
    if folder_names.role_of(path.rpartition("/")[2].partition(".")[0]) in (None, Role.GENERATED):
        return "", ""
    return folder, (
        f"Names of files in '{folder or '.'}' say that they are real, but roles are read from folders and "
        "tables: sort the files into folders, or give a table with --labels."
    )


# -- several data sets ----------------------------------------------------------------------------------


def groups(found: Mapping[str, Found]) -> list[Group]:
    """The data sets of a tree, in the order of their folders; a development and a test part are paired."""
    split = len({each.part for each in found.values()} - {None}) > 1  # test-generated next to val-generated
    places: dict[tuple[Folders, str | None], list[str]] = {}
    for path, each in found.items():
        places.setdefault((each.container, each.part if split else None), []).append(path)
    made = [
        Group(
            " ".join(filter(None, ("/".join(container), part))),
            tuple(paths),
            part or part_of(container) or found[paths[0]].part,
        )
        for (container, part), paths in places.items()
    ]
    return _paired(made)


def part_of(container: Iterable[str]) -> str | None:
    """Development or test, from the deepest folder that says so."""
    return next((said for name in reversed(tuple(container)) if (said := meaning(name).part)), None)


def _paired(made: list[Group]) -> list[Group]:
    """The data sets, each test part paired with the only development part of the same data set."""
    sides: dict[tuple[str, ...], dict[str, list[int]]] = {}
    for place, group in enumerate(made):
        if group.part:
            same = filter(None, map(folder_names.without_part, group.folder.split("/")))
            sides.setdefault(tuple(same), {}).setdefault(group.part, []).append(place)
    partner: dict[int, int] = {}
    for parts in sides.values():
        development = _preferred(parts.get(DEVELOPMENT, []), made)
        test = parts.get(TEST, [])
        if development is not None and len(test) == 1:
            partner |= {development: test[0], test[0]: development}
    return [replace(group, partner=partner.get(place)) for place, group in enumerate(made)]


def _preferred(places: list[int], made: Sequence[Group]) -> int | None:
    """The only development part that is not a validation part; None if there is no single one."""
    validation = ("val", "valid", "validation")
    named = [at for at in places if not set(folder_names.words_of(made[at].folder)) & set(validation)]
    chosen = named or places
    return chosen[0] if len(chosen) == 1 else None
