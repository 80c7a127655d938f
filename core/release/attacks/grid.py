"""Attacks by distance: every distance with every score, named ``distance[@crop]/score``.

A distance is one of DISTANCES, a backbone (its averaged features), or ``backbone:layer`` (that layer's map).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from core.battery import nearness, pairwise
from core.battery.nearness import Nearness
from core.battery.pairwise import PAIRWISE
from core.battery.scores import SCORES
from core.config import FULL, CropSpec, FeatureSpec
from core.errors import BadChoice, UnknownName
from core.extraction.embedder import Embedder, feature_key
from core.features import catalog
from core.features.custom.registry import is_own
from core.hashing import key
from core.progress import Step
from core.regions.crops import NEEDS_LUNGS
from core.registry import Registry
from core.release.attacks.family import Inputs, ReleaseAttack, Scored
from core.store import Store
from core.wording import counted

BLOCK = 512  # generated images that are compared at a time
CROP_WORDS = {"lung": "lungs", "outer": "outside the lungs"}  # a random patch is elsewhere in each image


@dataclass(frozen=True)
class Distance:
    """Between images: of features, by one of PAIRWISE."""

    title: str
    feature: Callable[[], FeatureSpec]
    pairwise: str = "euclidean"
    crop: CropSpec = FULL


DISTANCES: Registry[Distance] = Registry("distance")
DISTANCES.register("pixels", Distance("Pixels", lambda: catalog.spec("pixels")))
DISTANCES.register("registered", Distance("Registered pixels", lambda: catalog.spec("pixels"), "registered"))
DISTANCES.register("patches", Distance("Worst patch", lambda: catalog.spec("pixels"), "worst patch"))
DISTANCES.register("block10", Distance("Feature map", lambda: _map(catalog.DEFAULT, "block10")))
DISTANCES.register(
    "windows", Distance("Window of the feature map", lambda: _map(catalog.DEFAULT, "block10"), "best window")
)


def find_distance(name: str) -> Distance:
    """Raises UnknownName, BadChoice."""
    base, _, crop = name.partition("@")
    if crop and crop not in ("full", *CROP_WORDS):
        raise UnknownName("crop", crop, ["full", *CROP_WORDS])
    backbone, _, layer = base.partition(":")
    if base in DISTANCES.names():
        found = DISTANCES.get(base)
    elif backbone in catalog.network_names():
        spec = _map(backbone, layer) if layer else catalog.spec(backbone)
        found = Distance(f"{catalog.title(backbone)}{' ' if layer else ''}{layer}", lambda: spec)
    else:
        raise UnknownName("distance", base, [*DISTANCES.names(), *catalog.network_names()])
    if not crop or crop == "full":
        return found
    title = f"{found.title}, {CROP_WORDS[crop]}"
    return Distance(title, found.feature, found.pairwise, CropSpec(crop))


def _map(backbone: str, layer: str) -> FeatureSpec:
    """Of a layer; of a network of the user's, whose output was chosen when it was added, of ``map``."""
    if is_own(backbone):
        if layer != "map":
            raise UnknownName(f"layer of {catalog.title(backbone)}", layer, ["map"])
        return catalog.spec(backbone, pooling="map")
    return catalog.spec(backbone, options={"layer": layer})


class GridAttack(ReleaseAttack):
    """One distance with one score."""

    def __init__(self, name: str) -> None:
        distance, slash, score = name.partition("/")
        if not slash:
            raise BadChoice(f"An attack is named distance/score, such as block10/scaled; got '{name}'.")
        self.name = name
        self.distance, self._score = find_distance(distance), SCORES.get(score)
        self.title = f"{self.distance.title}, {self._score.title}"
        self.source = self._score.source
        self.needs_reference = self._score.needs_reference
        self.by_scale = score == "scaled"

    def of(self, generated: Nearness) -> np.ndarray:
        """The scores of a nearness that was measured, of an attack that needs no reference."""
        return self._score.of(generated, None)

    def score(self, embedder: Embedder, inputs: Inputs) -> Scored:
        """Images without lungs have no distance in a crop of them: nothing says that they were used."""
        generated = with_lungs(embedder, self.distance, inputs.generated)
        found = measure(embedder, self.distance, inputs.real, generated)
        other = None
        if self.needs_reference:
            reference = with_lungs(embedder, self.distance, inputs.reference)
            other = measure(embedder, self.distance, inputs.real, reference)
        scores, kept = self._score.of(found, other), set(with_lungs(embedder, self.distance, inputs.real))
        lungless = np.array([sha not in kept for sha in inputs.real], bool)
        return Scored(np.where(lungless, scores.min(), scores), found, generated)

    def identity(self) -> tuple[str, ...]:
        return (self.name, feature_key(self.distance.feature(), self.distance.crop))


def with_lungs(embedder: Embedder, distance: Distance, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Those that can be compared: all, unless the crop needs lungs. Raises BadChoice if none can."""
    if distance.crop.kind not in NEEDS_LUNGS:
        return ids
    lungless = embedder.lungless(ids)
    kept = tuple(sha for sha in ids if sha not in lungless)
    if not kept:
        raise BadChoice(
            f"{distance.title}: no lung was found in any of {counted(len(ids), 'image')} that would be "
            "compared. Choose an attack on the full image."
        )
    return kept


def measure(
    embedder: Embedder, distance: Distance, real: tuple[str, ...], generated: tuple[str, ...]
) -> Nearness:
    """Of all these images, or as kept from before."""
    feature = distance.feature()

    def make() -> dict[str, np.ndarray]:
        rows, _ = embedder.embed(feature, real, distance.crop)
        made = _blocks(embedder.stream(feature, generated, distance.crop))
        embedder.listener(Step(f"comparing: {distance.title}", 0, 1))
        return nearness.measure(rows, made, PAIRWISE.get(distance.pairwise)).as_arrays()

    name = nearness_key(distance, real, generated)
    return Nearness(**_computed(embedder.store, name, make))


def nearness_key(distance: Distance, real: tuple[str, ...], generated: tuple[str, ...]) -> str:
    return key(
        *("nearness", nearness.VERSION, pairwise.VERSION, distance.pairwise),
        *(feature_key(distance.feature(), distance.crop), real, generated),
    )


def _computed(store: Store, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return dict(store.compute(name, make, "distances")[0])


def _blocks(streamed: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The same rows, BLOCK at a time."""
    for rows in streamed:
        for first in range(0, len(rows), BLOCK):
            yield rows[first : first + BLOCK]
