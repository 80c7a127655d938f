"""``segment``: a lung mask for every image that an import would read."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from core.cli import common
from core.cli.common import Args, Outcome
from core.errors import BadChoice, ImprintError, NothingToImport, UnreadableImage
from core.images.formats.raster import KINDS
from core.images.importing.decoder import Decoder
from core.images.importing.importer import fetched
from core.images.sources.file_kinds import images_of
from core.images.sources.opening import open_source
from core.images.sources.source import Source
from core.progress import Meter
from core.regions.segmentation import Segmenter
from core.wording import counted

TWICE = "Two images would have the same mask file {}. Rename one of the images."


@dataclass
class _Found:
    masks: int = 0
    empty: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    targets: set[Path] = field(default_factory=set)


def segment_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("path", type=Path, help="folder or zip file")
    sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the masks")
    common.add_view(sub)
    common.add_effort(sub)


def segment(args: Args) -> Outcome:
    """Write PNG masks, 0 or 255, with the images' names and sizes; unreadable files are reported.

    A scan of several frames or slices gets a folder with one mask for each.
    """
    found = _Found()
    with open_source(args.path) as source:
        found.refused += [{"file": path, "reason": reason} for path, reason in source.refused]
        paths = images_of(source)
        if not paths:
            raise NothingToImport(f"No {KINDS} image in {args.path}.")
        _write_masks(args, source, paths, found)
    lines = [f"{counted(found.masks, 'mask')} in {args.out}, {found.empty} of them empty (no lung found)."]
    lines += [f"rejected: {refusal['file']}: {refusal['reason']}" for refusal in found.refused]
    return {
        "out": str(args.out),
        "masks": found.masks,
        "empty": found.empty,
        "refused": found.refused,
        "text": "\n".join(lines),
    }


def _write_masks(args: Args, source: Source, paths: list[str], found: _Found) -> None:
    meter = Meter("finding the lungs", len(paths), common.listener(args))
    targets = _targets(paths)
    coming: list[Path] = []  # targets of the masks that are being computed
    images = _decoded(args, source, paths, targets, coming, found, meter)
    for mask in Segmenter(common.effort(args)).masks(images):
        target = args.out / coming.pop(0)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(target, "PNG")
        except OSError as error:
            raise ImprintError(f"{target} can't be written: {error.strerror}.") from None
        found.masks += 1
        found.empty += not mask.any()


def _decoded(
    args: Args,
    source: Source,
    paths: list[str],
    targets: dict[str, Path],
    coming: list[Path],
    found: _Found,
    meter: Meter,
) -> Iterator[np.ndarray]:
    """All images, uint8 (H, W), without those of files that fail half-way."""
    with Decoder(common.view(args)) as decoder:
        for path, images, event in decoder.whole_files(fetched(source, "", paths)):
            if isinstance(event, UnreadableImage):
                found.refused.append({"file": path, "reason": str(event)})
            else:
                for number, pixels in enumerate(images, 1):
                    coming.append(_once(found, _target(targets[path], number, len(images))))
                    yield pixels
            meter.add(1)


def _once(found: _Found, target: Path) -> Path:
    """Check that no mask is overwritten: a slice's may have the path of an image's. Raises BadChoice."""
    if target in found.targets:
        raise BadChoice(TWICE.format(target))
    found.targets.add(target)
    return target


def _target(own: Path, number: int, several: int) -> Path:
    return own.with_suffix("") / f"{number:04}.png" if several > 1 else own


def _targets(paths: list[str]) -> dict[str, Path]:
    """The path of each mask, always below the folder. Raises BadChoice."""
    targets = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        if PurePosixPath(path).is_absolute() or ".." in parts:
            raise BadChoice(f"'{path}' points outside the folder.")
        targets[path] = _named(Path(*parts))
    if len(set(targets.values())) < len(targets):
        twice = next(path for path, count in Counter(targets.values()).items() if count > 1)
        raise BadChoice(TWICE.format(twice))
    return targets


def _named(path: Path) -> Path:
    """The path of a mask. A scan's name may be a number or a UID, whose last part is not a suffix."""
    plain = path.with_suffix("") if path.name.lower().endswith(".nii.gz") else path
    numbered = plain.suffix[1:].isdecimal()
    return plain.with_name(f"{plain.name}.png") if numbered else plain.with_suffix(".png")
