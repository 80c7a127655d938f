"""The evidence about one real image: its distances, and the generated images nearest to it.

Memorisation is visible side by side (Carlini et al. 2023; Dar et al. 2024 for CT).
"""

from dataclasses import dataclass, replace

import numpy as np

from core.config import FULL, CropSpec, MembershipConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder, adapt_to_machine
from core.membership import measurement
from core.numeric.blocks import blocks
from core.numeric.distances import euclidean_distances
from core.regions.crops import crop as cropped
from core.regions.segmentation import resize_mask
from core.types import ImageFile, ImageSet


@dataclass(frozen=True)
class Neighbour:
    """A generated image, its distance to the real one, and its cluster's number from 0."""

    file: ImageFile
    distance: float
    cluster: int


@dataclass(frozen=True)
class Evidence:
    """``min`` and ``avg`` are distances to k clusters; ``cluster`` is the nearest, of ``size`` images."""

    file: ImageFile
    min: float
    avg: float
    cluster: int
    size: int
    k: int
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True)
class SliceView:
    """uint8 (H, W) pixels as they are and as they are cropped, bool (H, W) lungs."""

    pixels: np.ndarray
    lungs: np.ndarray
    cropped: np.ndarray


def gather_evidence(
    embedder: Embedder, image_set: ImageSet, config: MembershipConfig, k: int, file: ImageFile, count: int = 5
) -> Evidence:
    """The ``count`` nearest generated images, and distances to k clusters; of random patches, the first draw.

    Raises BadChoice if the image has no lung to crop.
    """
    config = replace(config, feature=adapt_to_machine(config.feature)[0])
    images = measurement.select_comparable(embedder, image_set, config)
    k = min(k, measurement.count_distinct(embedder, images, config))  # as it is measured
    place = next(i for i, each in enumerate(images.real) if each.name == file.name)
    if images.no_lung[place]:
        raise BadChoice(
            f"No lung was found in {file.name}, so it has no distance and is predicted “not used”."
        )
    crop = config.crops()[0]
    run = measurement.clustering_run(embedder, images, config, crop)
    labels, _ = run.cluster(k)
    rows = run.features()
    real, _ = embedder.embed(config.feature, [file.sha256], crop)
    sizes = np.bincount(labels, minlength=k)
    centroids = np.stack(
        [rows[np.flatnonzero(labels == cluster)].mean(0, dtype=np.float64) for cluster in range(k)]
    )
    to_clusters = euclidean_distances(real, centroids)[0]
    to_images = np.concatenate([euclidean_distances(real, block)[0] for _, block in blocks(rows)])
    by_hash = {each.sha256: each for each in reversed(images.generated)}
    nearest = np.argsort(to_images, kind="stable")[:count]
    cluster = int(to_clusters.argmin())
    return Evidence(
        file,
        float(to_clusters.min()),
        float(to_clusters.mean()),
        cluster,
        int(sizes[cluster]),
        k,
        tuple(Neighbour(by_hash[run.ids[i]], float(to_images[i]), int(labels[i])) for i in nearest),
    )


def view_slice(embedder: Embedder, identity: str, crop: CropSpec = FULL) -> SliceView:
    """An image, its lung mask and its crop."""
    pixels = embedder.library.pixels(identity)
    lungs = resize_mask(embedder.masks([identity])[identity], pixels.shape)
    return SliceView(pixels, lungs, cropped(crop.kind, pixels, lungs, crop.seed, identity))
