"""Which known generator made each of some new images, or none of them?

known set -> features -> strangeness of its own images (calibration)
new images -> features -> nearest known images -> a set of generators for each
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.clustering import open_set
from core.clustering.open_set import FEWEST, Conformal
from core.config import FeatureSpec
from core.errors import BadChoice
from core.extraction.embedder import Embedder, adapt_to_machine
from core.types import ImageFile, ImageSet, distinct_files
from core.wording import counted

NOISIER = 1.3  # times the noisiest known image of a generator: noise alone may call such an image "none"


@dataclass(frozen=True)
class Identified:
    """One new image. ``generator`` fits best; ``possible``: none, one or more that can't be ruled out.

    ``p_values``: how many of each generator's own images are at least as strange; ``score``: the smaller, the
    less it is like any of them; ``nearest``: known images of each generator, the nearest first.
    """

    name: str
    generator: str
    possible: tuple[str, ...]
    p_values: dict[str, float]
    score: float
    nearest: dict[str, tuple[ImageFile, ...]]
    warning: str = ""


@dataclass(frozen=True)
class Identification:
    """``covered``: how many known images, each left out in turn, have their generator in their set; ``size``:
    how many generators such a set has on average; ``right``: how often the best one is theirs."""

    known: str
    generators: tuple[str, ...]
    level: float
    images: tuple[Identified, ...]
    covered: float
    size: float
    right: float
    notes: tuple[str, ...]


class Known:
    """The labelled generated images of a data set, as features. Raises BadChoice where they are too few."""

    def __init__(self, embedder: Embedder, image_set: ImageSet, feature: FeatureSpec) -> None:
        self.embedder, self.name = embedder, image_set.name
        self.feature, notes = adapt_to_machine(feature)
        self.files = distinct_files(file for file in image_set.generated if file.label is not None)
        counts = Counter(str(file.label) for file in self.files)
        if not counts:
            raise BadChoice(
                f"'{image_set.name}' has no labelled generated images. Choose a data set whose generators "
                "are "
                "known."
            )
        few = [f"{name} ({count})" for name, count in sorted(counts.items()) if count < FEWEST]
        if few:
            raise BadChoice(
                f"At least {FEWEST} different images of a generator are needed to know what is usual for it; "
                f"'{image_set.name}' has fewer of {', '.join(few)}."
            )
        self.generators = tuple(sorted(counts))
        self.labels = np.array([self.generators.index(str(file.label)) for file in self.files])
        self.rows, _ = embedder.embed(self.feature, [file.sha256 for file in self.files])
        self.notes = tuple(notes)

    def identify_set(self, image_set: ImageSet, level: float) -> Identification:
        """The generated images of a data set, or all where it has none."""
        files = image_set.generated or image_set.files
        rows, _ = self.embedder.embed(self.feature, [file.sha256 for file in files])
        noise = [noise_level(self.embedder.library.pixels(file.sha256)) for file in files]
        return self._identify([file.name for file in files], rows, noise, level)

    def identify_pixels(
        self, names: Sequence[str], images: Sequence[np.ndarray], level: float
    ) -> Identification:
        """Grey images uint8 (H, W), of which nothing is kept."""
        rows = self.embedder.describe(self.feature, images)
        return self._identify(names, rows, [noise_level(image) for image in images], level)

    def _identify(
        self, names: Sequence[str], rows: np.ndarray, noise: Sequence[float], level: float
    ) -> Identification:
        if not 0.5 <= level < 1:
            raise BadChoice(f"The level is a share from 0.5 to below 1; got {level:g}.")
        own = open_set.cross_predict(self.rows, self.labels)
        sets, each = own.sets(level), np.arange(len(self.labels))
        found = open_set.predict(rows, self.rows, self.labels)
        loudest = self._loudest()
        images = [self._one(found, place, name, level) for place, name in enumerate(names)]
        return Identification(
            self.name,
            self.generators,
            level,
            tuple(
                _warned(image, level_of > NOISIER * loudest[image.generator])
                for image, level_of in zip(images, noise, strict=True)
            ),
            float(sets[each, self.labels].mean()),
            float(sets.sum(1).mean()),
            float((own.best == self.labels).mean()),
            (*self.notes, *self._limits(level)),
        )

    def _one(self, found: Conformal, place: int, name: str, level: float) -> Identified:
        members = found.sets(level)[place]
        nearest = {
            generator: tuple(self.files[i] for i in found.nearest[place, number] if i >= 0)
            for number, generator in enumerate(self.generators)
        }
        return Identified(
            name,
            self.generators[int(found.best[place])],
            tuple(g for g, inside in zip(self.generators, members, strict=True) if inside),
            dict(zip(self.generators, map(float, found.p_values[place]), strict=True)),
            float(found.known[place]),
            nearest,
        )

    def _loudest(self) -> dict[str, float]:
        """The noise of each generator's noisiest known image."""
        loudest = dict.fromkeys(self.generators, 0.0)
        for file in self.files:
            level = noise_level(self.embedder.library.pixels(file.sha256))
            loudest[str(file.label)] = max(loudest[str(file.label)], level)
        return loudest

    def _limits(self, level: float) -> list[str]:
        counts = Counter(self.labels.tolist())
        few = [self.generators[n] for n, count in sorted(counts.items()) if 1 / (1 + count) > 1 - level]
        if not few:
            return []
        return [
            f"{', '.join(few)}: with {counted(min(counts.values()), 'known image')} no image can be ruled "
            "out at "
            f"a level of {level:g}. Add known images, or choose a lower level."
        ]


def _warned(image: Identified, noisy: bool) -> Identified:
    """Of an image that fits no generator: one of them may have made it, and something else the noise."""
    if not noisy or image.possible:
        return image
    words = f"noisier than any known image of {image.generator}: noise alone may make it look unlike all"
    return Identified(**{**vars(image), "warning": words})


def noise_level(pixels: np.ndarray) -> float:
    """Standard deviation of the noise of a grey image (H, W), in grey levels (Immerkaer 1996)."""
    if min(pixels.shape) < 3:
        return 0.0
    image = pixels.astype(np.float64)
    rows = image[:-2] - 2 * image[1:-1] + image[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(both).mean())
