"""From a source to a set: what was taken, what was refused and why, what a person should know."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.images import layouts
from core.images.library import Library, check_name
from core.images.readers import OTHER_IMAGES, SUFFIXES, read
from core.images.sources import Source, open_source
from core.progress import Listener, Meter, silent
from core.values import ImageFile, ImageSet, Origin

DARK = 32  # of 255; a CT slice in any window is brighter somewhere

Outcome = tuple[np.ndarray, Origin] | UnreadableImage


@dataclass(frozen=True)
class Refusal:
    file: str
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """``unchanged``: the set was here already, just so. ``notes``: sentences on what is odd."""

    image_set: ImageSet
    unchanged: bool
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


def import_path(
    path: Path,
    name: str,
    library: Library,
    layout: str = "auto",
    labels: Path | None = None,
    listener: Listener = silent,
) -> ImportReport:
    """Import a folder or a zip; see ``import_source``."""
    table = None
    if labels is not None:
        try:
            table = layouts.read_labels(labels.read_text("utf-8-sig"), labels.name)
        except (OSError, UnicodeDecodeError) as error:
            raise BadChoice(f"The table of labels {labels.name} can't be read: {error}.") from None
    with open_source(path) as source:
        return import_source(source, name, library, layout, table, listener)


def import_source(
    source: Source,
    name: str,
    library: Library,
    layout: str = "auto",
    labels: dict[str, str] | None = None,
    listener: Listener = silent,
) -> ImportReport:
    """Import what can be read and report the rest. Raises NothingToImport, BadChoice, SetExists."""
    check_name(name)
    images = [path for path in source.paths if path.lower().endswith(SUFFIXES)]
    refused = [
        Refusal(path, f"{PurePosixPath(path).suffix} files are not read; PNG, JPEG and TIFF are")
        for path in source.paths
        if path.lower().endswith(OTHER_IMAGES)
    ]
    if not images:
        raise NothingToImport(_nothing(source, refused))
    wrapper = layouts.common_folder(images)
    notes: list[str] = []
    if labels is None and layout in ("auto", "flat"):
        for folder in _flat_folders(images, wrapper, layout):
            labels = labels or _labels_beside(source, folder, notes)
    inner = [path.removeprefix(wrapper) for path in images]
    if layout == "auto":
        layout = layouts.detect(inner, labels is not None)
    groups = _groups_beside(source, wrapper)
    places = layouts.arrange(layout, inner, labels or {})

    files: list[ImageFile] = []
    dark = 0
    shapes: Counter[tuple[int, ...]] = Counter()
    wanted = [path for path in inner if not places[path].refused]
    refused += [Refusal(path, place.refused) for path, place in places.items() if place.refused]
    meter = Meter("import", len(wanted), listener)
    for path, outcome in _read_all(source, wrapper, wanted):
        meter.add(1)
        if isinstance(outcome, UnreadableImage):
            refused.append(Refusal(path, str(outcome)))
            continue
        pixels, origin = outcome
        place, pure = places[path], PurePosixPath(path)
        group = groups.get(path) or groups.get(pure.name)
        files.append(ImageFile(path, library.add_pixels(pixels), place.role, place.label, group, origin))
        shapes[pixels.shape] += 1
        dark += int(pixels.max()) < DARK
    if not files:
        raise NothingToImport(_nothing(source, refused))

    image_set = ImageSet(name, layout, tuple(files))
    notes += _remarks(image_set, labels or {}, shapes, dark)
    added = library.add(image_set)
    return ImportReport(image_set, not added, tuple(refused), tuple(notes))


def _read_all(source: Source, wrapper: str, paths: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Decode in two threads, a bounded stretch ahead; bytes are fetched in order, by one thread."""

    def decode(data: bytes) -> Outcome:
        try:
            return read(data)
        except UnreadableImage as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(paths), 64):
            stretch = paths[start : start + 64]
            futures: list[Future[Outcome]] = []
            for path in stretch:
                try:
                    futures.append(pool.submit(decode, source.read(wrapper + path)))
                except UnreadableImage as error:
                    futures.append(_already(error))
            for path, future in zip(stretch, futures, strict=True):
                yield path, future.result()


def _already(outcome: UnreadableImage) -> "Future[Outcome]":
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future


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


def _labels_beside(source: Source, wrapper: str, notes: list[str]) -> dict[str, str] | None:
    tables = [(name, text) for name, text in _tables(source, wrapper) if layouts.read_groups(text) is None]
    if len(tables) != 1:
        if tables:
            notes.append(f"{len(tables)} tables lie beside the images, so none was used: say which.")
        return None
    name, text = tables[0]
    labels = layouts.read_labels(text, name)
    notes.append(f"Labels come from {name}.")
    return labels


def _groups_beside(source: Source, wrapper: str) -> dict[str, str]:
    for _, text in _tables(source, wrapper):
        groups = layouts.read_groups(text)
        if groups is not None:
            return groups
    return {}


def _remarks(
    image_set: ImageSet, labels: dict[str, str], shapes: Counter[tuple[int, ...]], dark: int
) -> list[str]:
    remarks = []
    names = {name for file in image_set.files for name in (file.name, *_short(file.name))}
    unmatched = [file for file in labels if file not in names]
    if unmatched:
        remarks.append(f"{len(unmatched)} rows of the labels name no image here, '{unmatched[0]}' first.")
    unlabelled = sum(file.label is None for file in image_set.generated)
    if labels and unlabelled:
        remarks.append(f"{unlabelled} images have no label and count as of an unknown generator.")
    if image_set.duplicates:
        copies = sum(len(group) - 1 for group in image_set.duplicates)
        apart = sum(len({(f.role, f.label) for f in group}) > 1 for group in image_set.duplicates)
        across = f", {apart} of them across classes, which blurs every score" if apart else ""
        remarks.append(f"{copies} exact copies in {len(image_set.duplicates)} groups{across}.")
    if len(shapes) > 1:
        sizes = ", ".join(f"{w} x {h} ({n})" for (h, w), n in shapes.most_common(3))
        remarks.append(f"Images of {len(shapes)} sizes ({sizes}): size alone may give a generator away.")
    if dark:
        remarks.append(
            f"{dark} images are almost black (brightest value under {DARK} of 255). 12-bit values in "
            "16-bit files look so: rescale them to the full range before the import."
        )
    return remarks


def _short(path: str) -> tuple[str, str]:
    pure = PurePosixPath(path)
    return pure.name, pure.stem


def _nothing(source: Source, refused: Sequence[Refusal]) -> str:
    if refused:
        first = refused[0]
        return f"None of {len(refused)} files could be taken; {first.file}: {first.reason}."
    if source.paths:
        return f"No PNG, JPEG or TIFF image among {len(source.paths)} files."
    return "The folder is empty. Put PNG, JPEG or TIFF images into it, a folder for each generator."
