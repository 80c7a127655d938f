"""The preview of an import: folders with their roles, example images, and rejected files.

All names are read; as many files are decoded as ``PATIENCE`` and ``MOST`` allow, a few from every folder
first. Nothing is written.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile, zip_longest

import numpy as np
from PIL import Image

from core.errors import UnreadableImage
from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.importing import remarks, structure
from core.images.importing.decoder import Decoder
from core.images.importing.grey_report import GreyReport
from core.images.importing.importer import AS_IT_IS, fetched
from core.images.importing.patients import Proposal
from core.images.importing.plan import Plan, plan
from core.images.importing.roles import Roles
from core.images.importing.structure import Group, Question
from core.images.sources.file_kinds import Refusal, are_scans
from core.images.sources.source import Source
from core.progress import Listener, Meter, silent
from core.types import Role
from core.wording import counted

SAMPLES = 6  # example images per folder
SIDE = 128  # px; side length of an example image
MOST = 300  # files that are decoded
PATIENCE = 20  # seconds after which no further file is decoded
DEEPEST = 8  # levels of folders that can be listed separately


@dataclass(frozen=True)
class Folder:
    """``folder``: relative to the wrapper, "" for files in none. ``role`` None: refused, out, or several.

    ``refused``: the reason if none of its files fits. ``out``: left out by hand. ``table``: a table assigns
    different roles or labels. ``asked``: its name is ambiguous. ``files``: their number, of which ``decoded``
    were decoded to ``images``. ``samples``: file name and uint8 pixels (h, w) of example images.
    """

    folder: str
    role: Role | None
    label: str | None
    refused: str | None
    out: bool
    table: bool
    asked: bool
    files: int
    decoded: int
    images: int
    samples: tuple[tuple[str, np.ndarray], ...] = field(compare=False)


@dataclass(frozen=True)
class Preview:
    """``dropped``: as in an ImportReport, for the decoded files. ``depths``: levels of folders.

    ``scans``: whether there are DICOM or NIfTI files, by name. ``sets``: the data sets to be imported.
    ``questions``: folders whose role must be given before the import. ``patients``: as file names suggest
    them, if no table tells them. ``grey``: as in an ImportReport, for the decoded files.
    """

    layout: str
    wrapper: str
    depths: int
    folders: tuple[Folder, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    dropped: tuple[tuple[str, int], ...]
    files: int
    decoded: int
    scans: bool
    sets: tuple[Group, ...]
    questions: tuple[Question, ...]
    patients: Proposal | None
    grey: tuple[dict[str, object], ...]

    @property
    def looked(self) -> str:
        """How many files were decoded, as a sentence."""
        if self.decoded == self.files:
            return f"{counted(self.files, 'file')}{', all' if self.files > 1 else ''} decoded."
        return (
            f"{counted(self.files, 'file')} found, {self.decoded:,} of them decoded for this preview, a few "
            "from every folder first. The others are decoded on import and may be rejected then."
        )


def look(
    source: Source,
    layout: str = "auto",
    labels: dict[str, str] | None = None,
    view: View = AS_IT_IS,
    rename: bool = False,
    roles: Roles | None = None,
    depth: int = 1,
    listener: Listener = silent,
    groups: str | Mapping[str, str] = "",
) -> Preview:
    """Preview a source. ``depth``: levels of folders listed separately; the rest as for ``import_source``.

    Raises NothingToImport if there is no image, BadChoice for an invalid table or role.
    """
    todo = plan(source, layout, labels, rename, roles, groups)
    rows: dict[str, list[str]] = {}
    for path in todo.places:
        rows.setdefault(structure.row_of(path, todo.found[path], depth), []).append(path)
    seen = _Seen(todo)
    seen.decode(source, _order(todo, rows), view, listener)
    said = [*todo.said]
    generated = (place for place in todo.places.values() if place.role is Role.GENERATED)
    said += remarks.on_unlabelled(todo.labels, (place.label for place in generated))
    return Preview(
        todo.layout,
        todo.wrapper,
        min(DEEPEST, max(len(structure.folders_of(path)) for path in todo.places)),
        tuple(seen.folder(name, paths) for name, paths in rows.items()),
        (*todo.refused, *seen.refused),
        (*said, *seen.tally.remarks(view), *seen.grey.remarks(view)),
        tuple(sorted(seen.tally.dropped.items())),
        len(todo.wanted),
        len(seen.done),
        are_scans(todo.places),
        tuple(todo.sets),
        tuple(todo.questions),
        todo.proposal,
        tuple(seen.grey.facts()),
    )


def _order(todo: Plan, rows: dict[str, list[str]]) -> list[str]:
    """Files in the order of decoding: a few from every folder in turn, then the others; MOST at most.

    Folders without a role are included, so that the user sees their images when choosing one.
    """
    wanted = set(todo.wanted)
    some = [_spread([path for path in paths if path in wanted] or paths) for paths in rows.values()]
    first = [path for turn in zip_longest(*some) for path in turn if path is not None][:MOST]
    chosen = set(first)
    return [*first, *(path for path in todo.wanted if path not in chosen)][:MOST]


def _spread(paths: Sequence[str]) -> list[str]:
    step = max(1, len(paths) / SAMPLES)
    return [paths[int(number * step)] for number in range(min(SAMPLES, len(paths)))]


class _Seen:
    """What has been decoded so far; only small copies of the images are kept."""

    def __init__(self, todo: Plan) -> None:
        self._todo, self._wanted = todo, set(todo.wanted)
        self._asked = {each.folder for each in todo.questions}
        self._small: dict[str, np.ndarray] = {}
        self._images: dict[str, int] = {}  # number of images, by decoded file
        self.done: set[str] = set()
        self.refused: list[Refusal] = []
        self.tally, self.grey = remarks.Tally(), GreyReport()

    def decode(self, source: Source, paths: list[str], view: View, listener: Listener) -> None:
        meter, end = Meter("preview", len(paths), listener), time.monotonic() + PATIENCE
        in_time = takewhile(lambda _: time.monotonic() < end, paths)
        images: list[np.ndarray] = []
        with Decoder(view) as decoder:
            for path, event in decoder.decode(fetched(source, self._todo.wrapper, in_time)):
                if isinstance(event, np.ndarray):
                    images.append(event)
                    continue
                self._take(path, event, images)
                images.clear()
                meter.add(1)

    def _take(self, path: str, event: Facts | UnreadableImage, images: list[np.ndarray]) -> None:
        if path not in self._wanted:  # only shown, not to be imported
            if images:
                self._small[path] = _small(images[len(images) // 2])
            return
        self.done.add(path)
        if isinstance(event, UnreadableImage):
            self.refused.append(Refusal(self._todo.names.of(self._todo.wrapper + path), str(event)))
            return
        self.tally.add(event, images)
        place = self._todo.places[path]
        self.grey.add(place.label or str(place.role), event, images)
        self._images[path] = len(images)
        self._small[path] = _small(images[len(images) // 2])

    def folder(self, name: str, paths: list[str]) -> Folder:
        places = list(dict.fromkeys(self._todo.places[path] for path in paths))
        place, one = places[0], len(places) == 1
        lost = all(each.refused or each.out for each in places)
        shown = _spread([path for path in paths if path in self._small])
        return Folder(
            name,
            place.role if one and not lost else None,
            place.label if one and not lost else None,
            place.refused if lost else None,
            lost and not any(each.refused for each in places),
            not one and not lost,
            name in self._asked,
            len(paths),
            sum(path in self.done for path in paths),
            sum(self._images.get(path, 0) for path in paths),
            tuple((self._todo.names.of(self._todo.wrapper + path), self._small[path]) for path in shown),
        )


def _small(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(image)
