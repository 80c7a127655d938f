"""From a source to a set: what was taken, what was refused and why, what a person should know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images import formats, layouts, notes
from core.images.decoded import Facts
from core.images.decoder import Decoder, Event, File
from core.images.library import Library, check_name
from core.images.names import Names
from core.images.readers import KINDS, SUFFIXES
from core.images.sources import Source, open_source
from core.images.windows import View
from core.progress import Listener, Meter, silent
from core.values import ImageFile, ImageSet

SCANS = (".dcm", ".dicom", ".nii", ".nii.gz")
OTHER_IMAGES = (".bmp", ".gif", ".webp", ".jp2", ".npy", ".pgm", ".heic", ".hdr", ".mha", ".nrrd")
AS_IT_IS = View()


@dataclass(frozen=True)
class Refusal:
    file: str
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """``unchanged``: the set was here already, just so. ``notes``: sentences on what is odd.

    ``dropped``: for each DICOM header field that was left unread, in how many files.
    """

    image_set: ImageSet
    unchanged: bool
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    dropped: tuple[tuple[str, int], ...] = ()


def import_path(
    path: Path,
    name: str,
    library: Library,
    layout: str = "auto",
    labels: Path | None = None,
    listener: Listener = silent,
    view: View = AS_IT_IS,
    rename: bool = False,
) -> ImportReport:
    """Import a folder or a zip; see ``import_source``."""
    table = None
    if labels is not None:
        try:
            table = layouts.read_labels(labels.read_text("utf-8-sig"), labels.name)
        except (OSError, UnicodeDecodeError) as error:
            raise BadChoice(f"The table of labels {labels.name} can't be read: {error}.") from None
    with open_source(path) as source:
        return import_source(source, name, library, layout, table, listener, view, rename)


def import_source(
    source: Source,
    name: str,
    library: Library,
    layout: str = "auto",
    labels: dict[str, str] | None = None,
    listener: Listener = silent,
    view: View = AS_IT_IS,
    rename: bool = False,
) -> ImportReport:
    """Import what can be read and report the rest. Raises NothingToImport, BadChoice, SetExists.

    ``view``: how scans are shown; ``rename``: numbers stand for files' names, which may tell of patients.
    """
    check_name(name)
    names = Names((*source.paths, *(path for path, _ in source.refused)), rename)
    images = [path for path in source.paths if _is_image(source, path)]
    refused = _refused_by_name(source, names)
    if not images:
        raise NothingToImport(_nothing(source, refused))
    wrapper = layouts.common_folder(images)
    said: list[str] = []
    if labels is None and layout in ("auto", "flat"):
        for folder in _flat_folders(images, wrapper, layout):
            labels = labels or _labels_beside(source, folder, said, rename)
    inner = [path.removeprefix(wrapper) for path in images]
    if layout == "auto":
        layout = layouts.detect(inner, labels is not None)
    taking = _Taking(library, names, wrapper, layouts.arrange(layout, inner, labels or {}), layout)
    taking.groups = _groups_beside(source, wrapper)
    wanted = [path for path in inner if taking.wants(path)]
    meter = Meter("import", len(wanted), listener)
    with Decoder(view) as decoder:
        for path, event in decoder.decode(_fetched(source, wrapper, wanted)):
            if taking.take(path, event):
                meter.add(1)
    refused += taking.refused
    if not taking.files:
        raise NothingToImport(_nothing(source, refused))

    image_set = ImageSet(name, layout, tuple(taking.files))
    said += notes.on_labels(image_set, labels or {}, taking.known, quote=not rename)
    said += [*notes.on_copies(image_set), *taking.tally.remarks(view)]
    added = library.add(image_set)
    dropped = tuple(sorted(taking.tally.dropped.items()))
    return ImportReport(image_set, not added, tuple(refused), tuple(said), dropped)


class _Taking:
    """Files as the decoder gives them: one's images are taken when all of it has come."""

    def __init__(
        self, library: Library, names: Names, wrapper: str, places: dict[str, layouts.Place], layout: str
    ) -> None:
        self._library, self._names, self._wrapper, self._places = library, names, wrapper, places
        self._by_folder = layout != "flat"
        self._images: list[tuple[str, np.ndarray]] = []  # hash and pixels, of the file that is coming
        self.groups: dict[str, str] = {}
        self.files: list[ImageFile] = []
        self.refused: list[Refusal] = []
        self.known: set[str] = set()  # what a row of a table may call the images that were taken
        self.tally = notes.Tally()

    def wants(self, path: str) -> bool:
        reason = self._places[path].refused
        if reason:
            self.refused.append(Refusal(self._names.of(self._wrapper + path), reason))
        return not reason

    def take(self, path: str, event: Event) -> bool:
        """True when the file is done."""
        if isinstance(event, np.ndarray):
            self._images.append((self._library.add_pixels(event), event))
            return False
        if isinstance(event, UnreadableImage):
            self.refused.append(Refusal(self._names.of(self._wrapper + path), str(event)))
        else:
            self._file(path, event)
        self._images.clear()
        return True

    def _file(self, path: str, facts: Facts) -> None:
        place, called = self._places[path], layouts.called(path)
        name = self._names.beside(self._wrapper + path, path, self._by_folder)
        several = len(self._images) > 1
        group = next((self.groups[each] for each in called if each in self.groups), name if several else None)
        for number, (sha256, _) in enumerate(self._images, 1):
            own = f"{name}/{number:04}" if several else name
            self.files.append(ImageFile(own, sha256, place.role, place.label, group, facts.origin))
        self.known.update(called)
        self.tally.add(facts, [pixels for _, pixels in self._images])


def _is_image(source: Source, path: str) -> bool:
    """By its name; scanners give DICOM files none that says so, but one of a number or a UID."""
    ending = PurePosixPath(path).suffix[1:]
    if ending and not ending.isdecimal():
        return path.lower().endswith((*SUFFIXES, *SCANS))
    try:
        return formats.is_dicom(source.read(path))
    except UnreadableImage:
        return False


def _refused_by_name(source: Source, names: Names) -> list[Refusal]:
    others = [
        (path, f"{PurePosixPath(path).suffix.lower()} files are not read; {KINDS} are")
        for path in source.paths
        if path.lower().endswith(OTHER_IMAGES)
    ]
    return [Refusal(names.of(path), reason) for path, reason in (*source.refused, *others)]


def _fetched(source: Source, wrapper: str, paths: Sequence[str]) -> Iterator[File]:
    for path in paths:
        try:
            yield path, source.read(wrapper + path)
        except UnreadableImage as error:
            yield path, error


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
            said.append(f"{len(tables)} tables lie beside the images, so none was used: say which.")
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


def _nothing(source: Source, refused: Sequence[Refusal]) -> str:
    if refused:
        first = refused[0]
        return f"None of {len(refused)} files could be taken; {first.file}: {first.reason}."
    if source.paths:
        return f"No {KINDS} image among {len(source.paths)} files."
    return f"The folder is empty. Put {KINDS} images into it, a folder for each generator."
