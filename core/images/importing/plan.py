"""What an import would take of a source, by names and tables alone; no image is decoded for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import NothingToImport, UnreadableImage
from core.images.formats.raster import KINDS, SUFFIXES
from core.images.formats.signatures import is_dicom
from core.images.importing import layouts, roles
from core.images.importing.filenames import Names
from core.images.importing.layouts import Place
from core.images.importing.roles import Roles
from core.images.importing.sources import Source
from core.wording import counted

SCANS = (".dcm", ".dicom", ".nii", ".nii.gz")
OTHER_IMAGES = (".bmp", ".gif", ".webp", ".jp2", ".npy", ".pgm", ".heic", ".hdr", ".mha", ".nrrd")


@dataclass(frozen=True)
class Refusal:
    file: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """``places`` by path below ``wrapper``, the folders around everything; ``recognised``: without hands.

    ``labels`` and ``groups``: tables by file name. ``refused``: by name or place. ``said``: notes so far.
    """

    names: Names
    wrapper: str
    layout: str
    recognised: dict[str, Place]
    places: dict[str, Place]
    labels: dict[str, str]
    groups: dict[str, str]
    refused: list[Refusal]
    said: list[str]

    @property
    def wanted(self) -> list[str]:
        """Paths, below the wrapper, that are decoded."""
        return [path for path, place in self.places.items() if not place.refused and not place.out]


def plan(
    source: Source, layout: str, labels: dict[str, str] | None, rename: bool, by_hand: Roles | None = None
) -> Plan:
    """Raises NothingToImport where there is no image, BadChoice where a table or a role is none."""
    names = Names((*source.paths, *(path for path, _ in source.refused)), rename)
    images = images_of(source)
    refused = _refused_by_name(source, names)
    if not images:
        raise NothingToImport(nothing_found(source, refused))
    wrapper = layouts.common_folder(images)
    said: list[str] = []
    if labels is None and layout in ("auto", "flat"):
        for folder in _flat_folders(images, wrapper, layout):
            labels = labels or _labels_beside(source, folder, said, rename)
    inner = [path.removeprefix(wrapper) for path in images]
    if layout == "auto":
        layout = layouts.detect(inner, labels is not None)
    recognised = layouts.recognise(layout, inner, labels or {})
    places = roles.apply_roles(recognised, by_hand, wrapper) if by_hand else recognised
    refused += [
        Refusal(names.of(wrapper + path), place.refused) for path, place in places.items() if place.refused
    ]
    out = sum(place.out for place in places.values())
    if out:
        said.append(f"{counted(out, 'file')} left out with the folders that you chose.")
    if by_hand:
        layout = layouts.HAND
    return Plan(
        names,
        wrapper,
        layout,
        recognised,
        places,
        labels or {},
        _groups_beside(source, wrapper),
        refused,
        said,
    )


def images_of(source: Source) -> list[str]:
    """Paths of what may be an image."""
    return [path for path in source.paths if _is_image(source, path)]


def _is_image(source: Source, path: str) -> bool:
    """By its name; scanners give DICOM files none that says so, but one of a number or a UID."""
    ending = PurePosixPath(path).suffix[1:]
    if ending and not ending.isdecimal():
        return path.lower().endswith((*SUFFIXES, *SCANS))
    try:
        return is_dicom(source.head(path))
    except UnreadableImage:
        return False


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
                yield inner, source.read(path).decode("utf-8-sig")
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
    """Raises NothingToImport where no file has a place, by the layout or by hand."""
    places: Mapping[str, Place] = found.places
    if all(place.out or place.refused for place in places.values()) and any(p.out for p in places.values()):
        raise NothingToImport("All folders are left out. Give at least one of them a role.")
    layouts.check_fit(found.layout, places)
