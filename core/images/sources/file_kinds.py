"""What the files of a source are: images, tables, files refused by their kind, or others (counted)."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import UnreadableImage
from core.images.formats.raster import SUFFIXES
from core.images.formats.signatures import is_readable
from core.images.sources.filenames import Names
from core.images.sources.source import Source

SCANS = (".dcm", ".dicom", ".nii", ".nii.gz")
STACKS = (".npy", ".npz")
TABLES = (".csv", ".jsonl", ".cls")  # of which is said elsewhere what they gave
LISTED = 8  # extensions listed in a sentence
UNSUPPORTED = {  # images, or files full of images, of formats that are not read
    **dict.fromkeys((".heic", ".heif", ".avif", ".jxl", ".exr", ".svg", ".pdf", ".psd"), "an image"),
    **dict.fromkeys((".hdr", ".img", ".mha", ".mhd", ".nrrd", ".nhdr", ".mgz", ".mgh", ".minc"), "a volume"),
    **dict.fromkeys((".mdb", ".tfrecord", ".tfrecords", ".parquet", ".arrow", ".beton"), "a file of images"),
    **dict.fromkeys((".h5", ".hdf5", ".mat", ".pt", ".pth", ".pkl", ".pickle"), "a file of data"),
    **dict.fromkeys((".mp4", ".avi", ".mov", ".webm", ".mkv"), "a film"),
}


@dataclass(frozen=True)
class Refusal:
    file: str
    reason: str


def images_of(source: Source) -> list[str]:
    """Paths that may be images."""
    return [path for path in source.paths if _is_image(source, path)]


def are_scans(paths: Iterable[str]) -> bool:
    """Whether some may be DICOM or NIfTI, by name: that need not have an extension."""
    return any(not path.lower().endswith((*SUFFIXES, *STACKS)) for path in paths)


def _is_image(source: Source, path: str) -> bool:
    """By extension, or by the first bytes: scanners write ``.IMA``, or a UID as a name."""
    if path.lower().endswith((*SUFFIXES, *SCANS, *STACKS)):
        return True
    try:
        return is_readable(source.head(path))
    except UnreadableImage:
        return False


def ignored(source: Source, images: Sequence[str]) -> str:
    """A sentence on files that are neither images nor tables nor rejected, by extension; "" if none."""
    known = {*images, *(path for path in source.paths if _suffix(path) in (*UNSUPPORTED, *TABLES))}
    others = Counter(_suffix(path) or "without extension" for path in source.paths if path not in known)
    listed = ", ".join(f"{count:,} {ending}" for ending, count in others.most_common(LISTED))
    more = sum(others.values()) - sum(count for _, count in others.most_common(LISTED))
    rest = f" and {more:,} more" if more else ""
    return f"Ignored, as they are not images: {listed}{rest}." if others else ""


def _suffix(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def refused_by_name(source: Source, names: Names, images: Sequence[str]) -> list[Refusal]:
    """Files that the source did not list, and those of formats that are not supported."""
    taken = frozenset(images)
    others = [
        (path, _unsupported(_suffix(path)))
        for path in source.paths
        if _suffix(path) in UNSUPPORTED and path not in taken
    ]
    return [Refusal(names.of(path), reason) for path, reason in (*source.refused, *others)]


def _unsupported(suffix: str) -> str:
    kind = UNSUPPORTED[suffix]
    way = "save it as PNG" if kind == "an image" else "export its images as PNG, or as one NPZ"
    return f"{kind} of a format that is not supported ({suffix}): {way}"
