"""The fingerprint of each generator of a labelled set, and how two of them differ, through the store.

images -> residuals (once per generator) -> mean, spectrum, grids
                                         \\-> radial spectra -> differences with a band of chance
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from core.attribution import residuals
from core.attribution.residuals import Difference, Peak, Residuals
from core.errors import BadChoice
from core.hashing import key
from core.images.library import Library
from core.numeric.statistics import holm
from core.progress import Listener, Meter, silent
from core.store import Arrays, Store
from core.types import ImageSet
from core.wording import counted

VERSION = 1
KINDS = ("pattern", "strength")
FEWEST = 5  # images of a generator: of fewer the mean still shows their anatomy
UNLABELLED = "all images"


@dataclass(frozen=True)
class Fingerprint:
    """Of ``n`` distinct images of a generator; ``period``: of a grid, in pixels."""

    generator: str
    n: int
    residuals: Residuals
    peaks: tuple[Peak, ...]
    period: float | None

    @property
    def words(self) -> str:
        noise = float(np.sqrt((10.0**self.residuals.power).mean()))
        begin = f"{self.generator}: {counted(self.n, 'image')}, residual of {noise:.2f} grey levels"
        if not self.peaks:
            return f"{begin}, no grid"
        strongest = self.peaks[0]
        cell = f", a grid of {self.period:.3g} px" if self.period else ""
        return (
            f"{begin}{cell}, {counted(len(self.peaks), 'frequency', 'frequencies')} above the rest, the "
            f"strongest of {strongest.period:.3g} px ({strongest.kind}, z = {strongest.z:.1f})"
        )


@dataclass(frozen=True)
class Pair:
    """Two generators, and what sets their radial spectra apart; p-values are corrected (Holm)."""

    first: str
    second: str
    difference: Difference
    p_value: float

    @property
    def words(self) -> str:
        beyond = np.flatnonzero(abs(self.difference.value) > self.difference.band)
        begin = f"{self.first} and {self.second}: "
        if not len(beyond):
            return f"{begin}no difference beyond chance, p {self.p_value:.3f}"
        bins = len(self.difference.value)
        at = beyond[np.argmax(abs(self.difference.value[beyond]))]
        more = self.first if self.difference.value[at] > 0 else self.second
        return (
            f"{begin}{len(beyond)} of {bins} frequencies differ beyond chance, most at "
            f"{2 * bins / (at + 1):.3g} px, where {more} has "
            f"{10 ** abs(float(self.difference.value[at])):.3g} times the power, p {self.p_value:.3f}"
        )


@dataclass(frozen=True)
class Fingerprints:
    """Images of the most common ``shape`` (H, W); ``notes`` tell what was left out."""

    shape: tuple[int, int]
    generators: tuple[Fingerprint, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]
    cached: bool


def fingerprints(
    store: Store, library: Library, image_set: ImageSet, listener: Listener = silent
) -> Fingerprints:
    """Of the generated images at their own size: a resized image has lost its grid, so that images of another
    size than most are left out. Unlabelled images count as one generator where none has a label. Raises
    BadChoice where no generator has enough images."""
    shape, members, notes = _members(store, library, image_set)
    meter = Meter("residuals", sum(map(len, members.values())), listener)
    made, cached = [], True
    for generator, ids in sorted(members.items()):
        make = partial(_measured, library, ids, meter)
        arrays, was_there = store.compute(fingerprint_key(ids), make, "fingerprints")
        cached &= was_there
        found = Residuals(arrays["mean"], arrays["energy"], arrays["power"], arrays["radial"])
        rows = arrays["peaks"].tolist()
        peaks = tuple(Peak(int(x), int(y), period, z, KINDS[int(kind)]) for x, y, period, z, kind in rows)
        period = residuals.grid_period(peaks, shape)
        made.append(Fingerprint(generator, len(ids), found, peaks, period))
    return Fingerprints(shape, tuple(made), _pairs(made), tuple(notes), cached)


def fingerprint_key(ids: tuple[str, ...]) -> str:
    """Of distinct images in the order of their hashes."""
    return key("fingerprint", VERSION, ids)


def _measured(library: Library, ids: tuple[str, ...], meter: Meter) -> Arrays:
    def load(identity: str) -> np.ndarray:
        meter.add(1)
        return library.pixels(identity)

    found = residuals.measure(map(load, ids))
    peaks = [(p.x, p.y, p.period, p.z, KINDS.index(p.kind)) for p in residuals.peaks(found)]
    rows = np.array(peaks, np.float64).reshape(len(peaks), 5)
    return {**vars(found), "peaks": rows}


def _shapes(store: Store, library: Library, ids: list[str]) -> dict[str, tuple[int, int]]:
    """(H, W) by hash; looked up where the same were asked for before."""
    name = key("shapes", ids)
    found = store.note(name)
    if found is None:
        found = {"shapes": [library.pixels(identity).shape for identity in ids]}
        store.put_note(name, found)
    return {each: (shape[0], shape[1]) for each, shape in zip(ids, found["shapes"], strict=True)}


def _members(
    store: Store, library: Library, image_set: ImageSet
) -> tuple[tuple[int, int], dict[str, tuple[str, ...]], list[str]]:
    """The common shape, distinct images by generator, and what was left out, in words."""
    files = image_set.generated
    labelled = [file for file in files if file.label is not None]
    notes = []
    if labelled and len(labelled) < len(files):
        notes.append(f"{counted(len(files) - len(labelled), 'image')} without a label left out.")
    found = {file.sha256: file.label or UNLABELLED for file in labelled or files}
    if not found:
        raise BadChoice(f"'{image_set.name}' has no generated images.")
    shapes = _shapes(store, library, sorted(found))
    (height, width), count = Counter(shapes.values()).most_common(1)[0]
    if count < len(found):
        notes.append(
            f"{counted(len(found) - count, 'image')} of another size than {width} x {height} px left out: "
            "resized, they would lose their grid."
        )
    members: dict[str, list[str]] = defaultdict(list)
    for identity in sorted(found):
        if shapes[identity] == (height, width):
            members[found[identity]].append(identity)
    few = sorted(name for name in set(found.values()) if len(members[name]) < FEWEST)
    if few:
        notes.append(f"{', '.join(few)}: fewer than {FEWEST} images of this size, left out.")
    enough = {name: tuple(ids) for name, ids in members.items() if name not in few}
    if not enough or min(height, width) < 3:
        raise BadChoice(
            f"A fingerprint needs at least {FEWEST} different images of a generator, all of one size; "
            f"'{image_set.name}' has none with as many."
        )
    return (height, width), enough, notes


def _pairs(made: list[Fingerprint]) -> tuple[Pair, ...]:
    both = list(combinations(made, 2))
    found = [residuals.compare(one.residuals.radial, two.residuals.radial) for one, two in both]
    corrected = holm([each.p_value for each in found])
    return tuple(
        Pair(one.generator, two.generator, each, p)
        for (one, two), each, p in zip(both, found, corrected, strict=True)
    )
