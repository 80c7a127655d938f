"""``identify``: which known generator made each of some images, or none?"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.attribution.identification import Identification, Identified, Known
from core.cli import common
from core.cli.common import Args, Outcome
from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.extraction.embedder import Embedder
from core.images.formats.raster import KINDS
from core.images.importing.decoder import Decoder, names_of
from core.images.importing.importer import fetched
from core.images.library import Library
from core.images.sources.file_kinds import images_of
from core.images.sources.opening import open_source
from core.store import Store
from core.wording import counted

MOST = 10_000  # images of a path, which are in memory; of a data set there may be more


def identify_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("images", help="folder, zip file, or data set with the images in question")
    sub.add_argument("--known", required=True, metavar="SET", help="data set with labelled generators")
    sub.add_argument(
        "--level",
        type=float,
        default=0.9,
        help="how often the true generator is in the answer (default: 0.9)",
    )
    common.add_features(sub)
    common.add_view(sub)


def identify(args: Args) -> Outcome:
    library = Library()
    embedder = Embedder(Store(), library, common.effort(args), common.listener(args))
    known = Known(embedder, library.get(args.known), common.feature_spec(args))
    refused: list[dict[str, str]] = []
    if args.images in library.names():
        found = known.identify_set(library.get(args.images), args.level)
    else:
        names, images = _read(args, refused)
        found = known.identify_pixels(names, images, args.level)
    return {
        "known": found.known,
        "generators": list(found.generators),
        "level": found.level,
        "images": [_as_json(each) for each in found.images],
        "counts": _counts(found),
        "covered": round(found.covered, 6),
        "mean_size": round(found.size, 6),
        "accuracy_on_known": round(found.right, 6),
        "refused": refused,
        "notes": list(found.notes),
        "text": "\n".join(_lines(found, refused)),
    }


def _read(args: Args, refused: list[dict[str, str]]) -> tuple[list[str], list[np.ndarray]]:
    """Names and pixels of all images of a path. Raises BadChoice, NothingToImport."""
    path = Path(args.images)
    if not path.exists():
        raise BadChoice(f"There is no data set and no file '{args.images}'.")
    names: list[str] = []
    images: list[np.ndarray] = []
    with open_source(path) as source, Decoder(common.view(args)) as decoder:
        refused += [{"file": name, "reason": reason} for name, reason in source.refused]
        paths = images_of(source)
        if not paths:
            raise NothingToImport(f"No {KINDS} image in {path}.")
        for name, made, event in decoder.whole_files(fetched(source, "", paths), _check):
            if isinstance(event, UnreadableImage):
                refused.append({"file": name, "reason": str(event)})
            else:
                names += names_of(name, made)
                images += made
    if not images:
        raise BadChoice(f"None of the {counted(len(refused), 'file')} can be read: {refused[0]['reason']}")
    return names, images


def _check(images: int, pixels: int) -> None:
    if images > MOST:
        raise BadChoice(f"More than {MOST:,} images. Import them as a data set, and name that.")


def _as_json(image: Identified) -> dict[str, Any]:
    return {
        "name": image.name,
        "generator": image.generator if image.possible else None,
        "set": list(image.possible),
        "nearest_generator": image.generator,
        "p_values": {name: round(value, 6) for name, value in image.p_values.items()},
        "score": round(image.score, 6),
        "nearest": {name: [file.name for file in files] for name, files in image.nearest.items()},
        "warning": image.warning or None,
    }


def _counts(found: Identification) -> dict[str, int]:
    """Of images by answer."""
    counts: dict[str, int] = {}
    for image in found.images:
        words = _words(image)
        counts[words] = counts.get(words, 0) + 1
    return counts


def _words(image: Identified) -> str:
    return " or ".join(image.possible) or "none of these"


def _lines(found: Identification, refused: list[dict[str, str]]) -> list[str]:
    each = [
        f"  {image.name}: {_words(image)}" + (f" ({image.warning})" if image.warning else "")
        for image in found.images
    ]
    summary = ", ".join(f"{count:,} {words}" for words, count in _counts(found).items())
    return [
        f"{counted(len(found.images), 'image')} against {found.known}: {summary}",
        f"At level {found.level:g}, {found.covered:.1%} of the known images have their own generator in "
        "their "
        f"answer, which names {found.size:.2f} generators on average.",
        *each,
        *(f"rejected: {each['file']}: {each['reason']}" for each in refused),
        *found.notes,
    ]
