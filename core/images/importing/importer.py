"""From a source to a set: what was taken, what was refused and why, what a person should know."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.importing import layouts, remarks
from core.images.importing.decoder import Decoder, Event, File
from core.images.importing.plan import Plan, Refusal, check, nothing_found, plan
from core.images.importing.roles import Roles
from core.images.importing.sources import Source, open_source
from core.images.library import Library, check_name
from core.progress import Listener, Meter, silent
from core.types import ImageFile, ImageSet

AS_IT_IS = View()


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
    roles: Roles | None = None,
) -> ImportReport:
    """Import a folder or a zip; see ``import_source``."""
    table = read_table(labels) if labels else None
    with open_source(path) as source:
        return import_source(source, name, library, layout, table, listener, view, rename, roles)


def read_table(path: Path) -> dict[str, str]:
    """The labels that a file holds. Raises BadChoice."""
    try:
        return layouts.read_labels(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadChoice(f"The table of labels {path.name} can't be read: {error}.") from None


def import_source(
    source: Source,
    name: str,
    library: Library,
    layout: str = "auto",
    labels: dict[str, str] | None = None,
    listener: Listener = silent,
    view: View = AS_IT_IS,
    rename: bool = False,
    roles: Roles | None = None,
) -> ImportReport:
    """Import what can be read and report the rest. Raises NothingToImport, BadChoice, SetExists.

    ``view``: how scans are shown; ``rename``: numbers stand for files' names, which may tell of patients;
    ``roles``: what a person says of folders, before what the layout recognises.
    """
    check_name(name)
    todo = plan(source, layout, labels, rename, roles)
    check(todo)
    taking = _Taking(library, todo)
    meter = Meter("import", len(todo.wanted), listener)
    with Decoder(view) as decoder:
        for path, event in decoder.decode(fetched(source, todo.wrapper, todo.wanted)):
            if taking.take(path, event):
                meter.add(1)
    refused = todo.refused + taking.refused
    if not taking.files:
        raise NothingToImport(nothing_found(source, refused))

    image_set = ImageSet(name, todo.layout, tuple(taking.files), taking.tally.shown(view))
    said = [*todo.said, *remarks.on_labels(todo.labels, taking.known, quote=not rename)]
    said += remarks.on_unlabelled(todo.labels, (file.label for file in image_set.generated))
    said += [*remarks.on_copies(image_set), *taking.tally.remarks(view)]
    added = library.add(image_set)
    dropped = tuple(sorted(taking.tally.dropped.items()))
    return ImportReport(image_set, not added, tuple(refused), tuple(said), dropped)


class _Taking:
    """Files as the decoder gives them: one's images are taken when all of it has come."""

    def __init__(self, library: Library, todo: Plan) -> None:
        self._library, self._plan = library, todo
        self._images: list[tuple[str, np.ndarray]] = []  # hash and pixels, of the file that is coming
        self.files: list[ImageFile] = []
        self.refused: list[Refusal] = []
        self.known: set[str] = set()  # what a row of a table may call the images that were taken
        self.tally = remarks.Tally()

    def take(self, path: str, event: Event) -> bool:
        """True when the file is done."""
        if isinstance(event, np.ndarray):
            self._images.append((self._library.add_pixels(event), event))
            return False
        if isinstance(event, UnreadableImage):
            self.refused.append(Refusal(self._plan.names.of(self._plan.wrapper + path), str(event)))
        else:
            self._file(path, event)
        self._images.clear()
        return True

    def _file(self, path: str, facts: Facts) -> None:
        place, groups, called = self._plan.places[path], self._plan.groups, layouts.possible_names(path)
        name = self._plan.names.beside(self._plan.wrapper + path, path, self._folder(path))
        several = len(self._images) > 1
        group = next((groups[each] for each in called if each in groups), name if several else None)
        for number, (sha256, _) in enumerate(self._images, 1):
            own = f"{name}/{number:04}" if several else name
            self.files.append(ImageFile(own, sha256, place.role, place.label, group, facts.origin))
        self.known.update(called)
        self.tally.add(facts, [pixels for _, pixels in self._images])

    def _folder(self, path: str) -> str:
        """The folder that a renamed file keeps: that of its class, or what a person called the class."""
        place = self._plan.places[path]
        if self._plan.layout == layouts.HAND:
            return (place.label or place.role).replace("/", "_")
        return "" if self._plan.layout == "flat" else path.partition("/")[0]


def fetched(source: Source, wrapper: str, paths: Iterable[str]) -> Iterator[File]:
    """The bytes of paths below the wrapper, or why there are none."""
    for path in paths:
        try:
            yield path, source.read(wrapper + path)
        except UnreadableImage as error:
            yield path, error
