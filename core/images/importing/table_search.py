"""The tables of labels and of patients that lie next to the images of a source."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from core.errors import UnreadableImage
from core.images.importing.tables import Matched, Table, decoded, match, read_groups, read_labels
from core.images.sources.filenames import without_image_syntax
from core.images.sources.source import Source
from core.wording import counted

STYLEGAN, HUGGING_FACE = "dataset.json", "metadata.jsonl"
SIDECAR = ".cls"  # WebDataset: a file with the label next to each image


def labels_beside(
    source: Source, images: Sequence[str], wrapper: str, flat: bool
) -> tuple[Matched, list[str], list[str]]:
    """Labels by path within the wrapper, the names of their tables, and those of tables that are ambiguous.

    Tables are a CSV if the images share a folder (``flat``: also if they don't), StyleGAN's and Hugging
    Face's JSON in any folder, and else WebDataset's sidecars. Raises BadChoice for an invalid one.
    """
    values: Table = {}
    unmatched: list[str] = []
    loose, used, ambiguous = 0, [], []
    for folder, candidates in _candidates(source, images, wrapper, flat).items():
        names = [f"{folder}{name}".removeprefix(wrapper) for name, _ in candidates]
        if len(candidates) > 1:
            ambiguous += names
            continue
        ((name, text),) = candidates
        inner = [path.removeprefix(folder) for path in images if path.startswith(folder)]
        found = match(read_labels(text, name), inner, "labels")
        values |= {f"{folder}{path}".removeprefix(wrapper): label for path, label in found.values.items()}
        unmatched += found.unmatched
        loose += found.loose
        used += names
    if not used and not ambiguous:
        values = _sidecars(source, images, wrapper)
        used = [f"{counted(len(values), f'{SIDECAR} file')}"] if values else []
    return Matched(values, tuple(unmatched), loose), used, ambiguous


def _candidates(
    source: Source, images: Sequence[str], wrapper: str, flat: bool
) -> dict[str, list[tuple[str, str]]]:
    """Name and text of the tables of labels in each folder."""
    parents = {path.rpartition("/")[0] for path in images}
    own = {f"{parent}/" if parent else "" for parent in parents} if len(parents) == 1 else set()
    csv_folders = own | {wrapper} if own or flat else set()
    found: dict[str, list[tuple[str, str]]] = {}
    for path in source.paths:
        folder, slash, name = path.rpartition("/")
        known = name.lower() in (STYLEGAN, HUGGING_FACE)
        if known or (name.lower().endswith(".csv") and folder + slash in csv_folders):
            text = _text(source, path)
            if text is not None and read_groups(text) is None:
                found.setdefault(folder + slash, []).append((name, text))
    return found


def _text(source: Source, path: str) -> str | None:
    try:
        return decoded(source.read(path))
    except (UnreadableImage, UnicodeDecodeError):
        return None


def _sidecars(source: Source, images: Sequence[str], wrapper: str) -> Table:
    known = {path for path in source.paths if path.lower().endswith(SIDECAR)}
    found = {}
    for image in images if known else ():
        sidecar = str(PurePosixPath(image).with_suffix(SIDECAR))
        if sidecar in known:
            label = source.head(sidecar).decode("utf-8", "replace").strip()
            found[image.removeprefix(wrapper)] = without_image_syntax(label)
    return found


def groups_beside(source: Source, wrapper: str) -> Table:
    """The table of patient groups at the top of the source, if there is one."""
    for path in source.paths:
        inner = path.removeprefix(wrapper)
        if path.startswith(wrapper) and "/" not in inner and inner.lower().endswith((".csv", HUGGING_FACE)):
            text = _text(source, path)
            groups = None if text is None else read_groups(text)
            if groups is not None:
                return groups
    return {}
