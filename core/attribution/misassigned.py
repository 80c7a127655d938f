"""Which images sit in another generator's cluster, each beside its nearest neighbour there.

Where clusters follow the generators there is nothing to confuse; then each cluster's typical images show it.
"""

from dataclasses import dataclass

import numpy as np

from core.attribution.pipeline import Attribution
from core.extraction.embedder import Embedder
from core.numeric.distances import euclidean_distances
from core.stages.out_of_core import run_for
from core.types import ImageFile


@dataclass(frozen=True)
class Pair:
    """A misplaced image and the image of the cluster that is nearest to it."""

    file: ImageFile
    neighbour: ImageFile


@dataclass(frozen=True)
class Confusion:
    """``count`` images of a generator in a cluster, from 0, that is matched to ``owner``, or to none."""

    generator: str
    cluster: int
    owner: str | None
    count: int
    pairs: tuple[Pair, ...]


def find_confusions(
    embedder: Embedder, answer: Attribution, kinds: int = 6, each: int = 3
) -> list[Confusion]:
    """The largest confusions, with the images that lie nearest to the cluster's own."""
    misplaced = _misplaced(answer)
    if not misplaced:
        return []
    rows = _rows(embedder, answer)
    owners = _owners(answer)
    found = []
    for (generator, cluster), places in sorted(misplaced.items(), key=lambda item: -len(item[1]))[:kinds]:
        others = _others(answer, generator, cluster, owners.get(cluster))
        pairs = _nearest(rows, places, others)[:each] if len(others) else []
        named = tuple(Pair(answer.files[place], answer.files[other]) for place, other in pairs)
        found.append(Confusion(generator, cluster, owners.get(cluster), len(places), named))
    return found


def find_typical(embedder: Embedder, answer: Attribution, each: int = 4) -> list[tuple[ImageFile, ...]]:
    """The images nearest to the centroid of each cluster."""
    rows = _rows(embedder, answer)
    found = []
    for cluster in range(int(answer.clusters.max()) + 1):
        places = np.flatnonzero(answer.clusters == cluster)
        centre = rows[places].mean(0, keepdims=True, dtype=np.float64)
        order = np.argsort(euclidean_distances(centre, rows[places])[0], kind="stable")[:each]
        found.append(tuple(answer.files[place] for place in places[order]))
    return found


def _misplaced(answer: Attribution) -> dict[tuple[str, int], np.ndarray]:
    """Places of images by their generator and the cluster, not matched to it, that they sit in."""
    agreement = answer.agreement
    labels = np.array([file.label or "" for file in answer.files])
    own = dict(zip(agreement.generators, agreement.matching, strict=True))
    found = {}
    for generator, cluster in own.items():
        inside = np.flatnonzero(labels == generator)
        for other in np.unique(answer.clusters[inside]).tolist():
            if other != cluster:
                found[generator, other] = inside[answer.clusters[inside] == other]
    return found if any(cluster is not None for cluster in own.values()) else {}


def _owners(answer: Attribution) -> dict[int, str]:
    pairs = zip(answer.agreement.generators, answer.agreement.matching, strict=True)
    return {cluster: generator for generator, cluster in pairs if cluster is not None}


def _others(answer: Attribution, generator: str, cluster: int, owner: str | None) -> np.ndarray:
    """Places of the cluster's own images; where it has no owner, of those of other generators."""
    inside = np.flatnonzero(answer.clusters == cluster)
    labels = [answer.files[place].label for place in inside]
    wanted = [label == owner if owner else label != generator for label in labels]
    return inside[np.array(wanted, bool)]


def _nearest(rows: np.ndarray, places: np.ndarray, others: np.ndarray) -> list[tuple[int, int]]:
    """Each place with the nearest of the others, nearest pairs first."""
    distance = euclidean_distances(rows[places], rows[others])
    nearest = distance.argmin(1)
    order = np.argsort(distance.min(1), kind="stable")
    return [(int(places[i]), int(others[nearest[i]])) for i in order]


def _rows(embedder: Embedder, answer: Attribution) -> np.ndarray:
    """What was clustered, float (n, d) in the order of the files; on the unit sphere for cosine."""
    run = run_for(embedder, answer.config, answer.files)
    rows = run.reduced()[run.back]
    if answer.config.cluster.metric == "cosine":
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows
