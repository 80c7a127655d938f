"""A derived data set: every image of an existing one passes through the same steps (transforms.py)."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from core.audit import transforms
from core.audit.transforms import DeriveSpec
from core.images.library import Library, check_name
from core.numeric.blocks import batched
from core.progress import Listener, Meter, silent
from core.types import ImageSet

BATCH = 64
LONGEST = 80  # characters of a data set's name


def derived_name(image_set: ImageSet, spec: DeriveSpec) -> str:
    """The data set's name, shortened where it is too long, and the steps."""
    tail = f", {spec.words}"
    room = LONGEST - len(tail)
    name = image_set.name.rpartition("/")[2]  # without the owner's name, which comes first in a shared one
    return (name if len(name) <= room else name[: room - 1].rstrip() + "…") + tail


def derive(
    library: Library,
    image_set: ImageSet,
    spec: DeriveSpec,
    name: str | None = None,
    listener: Listener = silent,
) -> ImageSet:
    """Add the derived data set to the library and return it.

    Names, roles, labels and patient groups are kept; origins are not, as no file ever had these pixels.
    Raises BadChoice (invalid name) and SetExists.
    """
    name = name or derived_name(image_set, spec)
    check_name(name)
    ids = list(dict.fromkeys(file.sha256 for file in image_set.files))
    made = dict(zip(ids, _made(library, ids, spec, Meter(spec.words, len(ids), listener)), strict=True))
    files = tuple(replace(file, sha256=made[file.sha256], origin=None) for file in image_set.files)
    derived = ImageSet(name, image_set.layout, files, image_set.view)
    library.add(derived)
    return derived


def _made(library: Library, ids: Sequence[str], spec: DeriveSpec, meter: Meter) -> Iterator[str]:
    """Hashes of the new pixels, in the order of ``ids``; two threads."""
    pooled = transforms.pooled_histogram(map(library.pixels, ids if "histogram" in spec.steps else ids[:1]))

    def make(identity: str) -> str:
        return library.add_pixels(transforms.apply(library.pixels(identity), spec, pooled))

    with ThreadPoolExecutor(2) as pool:
        for batch in batched(ids, BATCH):
            yield from pool.map(make, batch)
            meter.add(len(batch))
