"""Import of a source as data sets, with a report: images, rejected files with reasons, and remarks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.importing import layouts, patients, remarks, tables
from core.images.importing.decoder import Decoder, Event, File
from core.images.importing.grey_report import GreyReport
from core.images.importing.layouts import Place
from core.images.importing.patients import HEADER, SCAN, Headers
from core.images.importing.plan import Plan, Target, check, name_sets, nothing_found, plan
from core.images.importing.roles import Roles
from core.images.library import Library, check_name
from core.images.sources.file_kinds import Refusal, are_scans
from core.images.sources.filenames import without_image_syntax
from core.images.sources.opening import open_source
from core.images.sources.source import Source
from core.progress import Listener, Meter, silent
from core.types import ImageFile, ImageSet, Role

AS_IT_IS = View()


@dataclass(frozen=True)
class ImportReport:
    """``unchanged``: the data set already existed with the same content. ``notes``: remarks, as sentences.

    ``dropped``: DICOM header fields that were not read, with the number of files. ``grey``: each class's
    grey levels (grey_report.py).
    """

    image_set: ImageSet
    unchanged: bool
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    dropped: tuple[tuple[str, int], ...] = ()
    grey: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a source is read. ``labels``: file name to label. ``view``: display window and axis of scans.

    ``rename``: replace file names by numbers, as names may identify patients. ``roles``: set by hand for
    folders; they override folder names. ``sets``: names of data sets by folder; equal names are merged, None
    leaves a data set out. ``groups``: patients by file, or as in ``plan``.
    """

    layout: str = "auto"
    labels: Mapping[str, str] | None = None
    view: View = AS_IT_IS
    rename: bool = False
    roles: Roles | None = None
    sets: Mapping[str, str | None] | None = None
    groups: str | Mapping[str, str] = ""


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
    """Import a folder or an archive as one data set; see ``import_source``."""
    table = tables.read_file(labels) if labels else None
    with open_source(path) as source:
        return import_source(source, name, library, layout, table, listener, view, rename, roles)


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
    """Import as one data set. Raises as ``import_sets``, and BadChoice if there are several."""
    reports = import_sets(source, name, library, Reading(layout, labels, view, rename, roles), listener)
    if len(reports) > 1:
        raise BadChoice(f"There are {len(reports)} data sets in these folders. Import them with import_sets.")
    return reports[0]


def import_sets(
    source: Source, name: str, library: Library, reading: Reading, listener: Listener = silent
) -> tuple[ImportReport, ...]:
    """Import all readable images as one or more data sets; returns one report per data set.

    Raises NothingToImport, BadChoice and SetExists; no data set is added then.
    """
    check_name(name)
    todo = plan(source, reading.layout, _table(reading), reading.rename, reading.roles, reading.groups)
    check(todo)
    targets = name_sets(todo, name, reading.sets)
    for target in targets:
        check_name(target.name)
    headers = Headers()
    taking = {target.name: _Taking(library, todo, target, headers) for target in targets}
    of_path = {path: taking[target.name] for target in targets for path in target.paths}
    wanted = [path for path in todo.wanted if path in of_path]
    meter = Meter("import", len(wanted), listener)
    secret = library.secret() if _needs_secret(reading, wanted) else b""
    with Decoder(reading.view, secret) as decoder:
        for path, event in decoder.decode(fetched(source, todo.wrapper, wanted)):
            if of_path[path].take(path, event):
                meter.add(1)
    filled = [target for target in targets if taking[target.name].files]
    if not filled:
        refused = [each for one in taking.values() for each in one.refused]
        raise NothingToImport(nothing_found(source, [*todo.refused, *refused]))
    made = [taking[target.name].made(reading.view, {each.name for each in filled}) for target in filled]
    for image_set in made:
        library.check_free(image_set)
    reports = [_report(library, image_set, taking[image_set.name], reading) for image_set in made]
    reports[0] = replace(reports[0], refused=(*todo.refused, *_empty(targets, taking), *reports[0].refused))
    return tuple(reports)


def _needs_secret(reading: Reading, paths: Iterable[str]) -> bool:
    """Whether headers may tell patients."""
    return reading.groups != patients.NONE and are_scans(paths)


def _table(reading: Reading) -> dict[str, str] | None:
    return None if reading.labels is None else dict(reading.labels)


def _empty(targets: Sequence[Target], taking: Mapping[str, "_Taking"]) -> list[Refusal]:
    """Files rejected from data sets of which no image is left."""
    lost = [taking[each.name] for each in targets if not taking[each.name].files]
    return [refusal for each in lost for refusal in each.refused]


def _report(library: Library, image_set: ImageSet, taking: "_Taking", reading: Reading) -> ImportReport:
    todo = taking.plan
    said = [*todo.said]
    said += remarks.on_unlabelled(todo.labels, (file.label for file in image_set.generated))
    said += [*remarks.on_copies(image_set), *taking.remarks(image_set, reading)]
    added = library.add(image_set)
    dropped = tuple(sorted(taking.tally.dropped.items()))
    return ImportReport(
        image_set, not added, tuple(taking.refused), tuple(said), dropped, tuple(taking.grey.facts())
    )


class _Taking:
    """Collects the images of one data set; a file is added once all its images are decoded."""

    def __init__(self, library: Library, todo: Plan, target: Target, headers: Headers) -> None:
        self._library, self.plan, self._target, self._headers = library, todo, target, headers
        self._images: list[tuple[str, np.ndarray]] = []  # hash and pixels, of the current file
        self.files: list[ImageFile] = []
        self._sources: list[tuple[str, Facts]] = []  # path and facts of the file that each image came in
        self._known_from: list[str] = []  # what told the patients of real images
        self.grey = GreyReport()
        self.refused: list[Refusal] = []
        self.tally = remarks.Tally()

    def take(self, path: str, event: Event) -> bool:
        """Add an event of a file; True if it was the file's last."""
        if isinstance(event, np.ndarray):
            self._images.append((self._library.add_pixels(event), event))
            return False
        if isinstance(event, UnreadableImage):
            self.refused.append(Refusal(self.plan.names.of(self.plan.wrapper + path), str(event)))
        else:
            self._file(path, event)
        self._images.clear()
        return True

    def made(self, view: View, names: Set[str]) -> ImageSet:
        """The data set, with its pair if that is among the imported ``names``."""
        target = self._target
        pair = target.pair if target.pair in names else None
        shown = self.tally.shown(view)
        files = tuple(map(self._with_group, self.files, self._sources))
        return ImageSet(target.name, target.layout, files, shown, target.part, pair)

    def remarks(self, image_set: ImageSet, reading: Reading) -> list[str]:
        """After ``made``: on pixels, headers and patients."""
        proposal = self.plan.proposal
        said = [*self.tally.remarks(reading.view), *self.grey.remarks(reading.view)]
        said += patients.remarks(
            image_set, self._known_from, HEADER in self._known_from and self._headers.same
        )
        if proposal and not all(file.group for file in image_set.real):
            said.append(f"{proposal.sentence(not reading.rename)} Import with --groups names to use them.")
        return said

    def _with_group(self, file: ImageFile, source: tuple[str, Facts]) -> ImageFile:
        """With its patient, by the first that knows it; ``source``: path and facts of the file it came in."""
        path, facts = source
        known = [(self.plan.groups.get(path), self.plan.grouped_by)]
        if self.plan.grouped_by != patients.NONE:
            real = file.role is not Role.GENERATED
            known += [(self._headers.group(facts) if real else None, HEADER), (file.group, SCAN)]
        group, by = next(((group, by) for group, by in known if group), (None, ""))
        if group and file.role is not Role.GENERATED:
            self._known_from.append(by)
        return replace(file, group=group)

    def _file(self, path: str, facts: Facts) -> None:
        place = self.plan.places[path]
        name = self.plan.names.beside(self.plan.wrapper + path, self._target.inner(path), self._folder(path))
        several = len(self._images) > 1
        scan = several and facts.origin.format in ("DICOM", "NIfTI")  # slices of one patient
        label = dict(enumerate(facts.labels, 1)) if self._takes_labels(place) else {}
        group = patients.scan_name(sha256 for sha256, _ in self._images) if scan else None
        for number, (sha256, _) in enumerate(self._images, 1):
            own = f"{name}/{number:04}" if several else name
            given = without_image_syntax(label[number]) if number in label else place.label
            self.files.append(ImageFile(own, sha256, place.role, given, group, facts.origin))
            self._sources.append((path, facts))
        if place.role is not Role.GENERATED:
            self._headers.add(facts)
        pixels = [each for _, each in self._images]
        self.tally.add(facts, pixels)
        self.grey.add(place.label or str(place.role), facts, pixels)

    def _takes_labels(self, place: Place) -> bool:
        """Labels within a stack count where folders and tables give none."""
        return place.role is Role.GENERATED and place.label is None

    def _folder(self, path: str) -> str:
        """The folder of a renamed file: that of its class, or the role or generator set by hand."""
        place = self.plan.places[path]
        if self._target.layout == layouts.HAND:
            return (place.label or place.role).replace("/", "_")
        return (
            ""
            if self._target.layout == "flat"
            else self._target.inner(path).rpartition("/")[0].partition("/")[0]
        )


def fetched(source: Source, wrapper: str, paths: Iterable[str]) -> Iterator[File]:
    """The bytes of each path (relative to the wrapper), or the reason why it can't be read."""
    for path in paths:
        try:
            yield path, source.read(wrapper + path)
        except UnreadableImage as error:
            yield path, error
