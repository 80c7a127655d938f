"""Distances of a data set's real images to the clusters of its generated ones, computed once and cached.

generated -> crop -> features -> clusters -> distances
real      -> crop -> features -------------/
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.clustering import methods
from core.config import ClusterSpec, CropSpec, MembershipConfig, PipelineConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder
from core.hashing import key
from core.membership import distances
from core.membership.evaluation import Candidates, Measurement, ground_truth
from core.regions.crops import NEEDS_LUNGS
from core.stages.cached import Run
from core.stages.out_of_core import run_for
from core.types import ImageFile, ImageSet
from core.wording import counted


@dataclass(frozen=True)
class Comparable:
    """The images of a data set that can be compared: generated images without lungs are excluded.

    ``no_lung`` bool (n,) marks real images without lungs; ``lungless`` counts them for both kinds.
    """

    name: str
    generated: tuple[ImageFile, ...]
    real: tuple[ImageFile, ...]
    no_lung: np.ndarray
    lungless: dict[str, int]

    def note(self) -> str | None:
        found = [counted(count, f"{kind} image") for kind, count in self.lungless.items() if count]
        if not found:
            return None
        return (
            f"{self.name}: no lung was found in {' and '.join(found)}. Such generated images are excluded, "
            "and such real images are predicted “not used” and left out of the scores."
        )


def select_comparable(embedder: Embedder, image_set: ImageSet, config: MembershipConfig) -> Comparable:
    """Raises BadChoice where too few images are left."""
    generated, real, empty = image_set.generated, image_set.real, set[str]()
    if config.crop in NEEDS_LUNGS:
        empty = embedder.lungless([file.sha256 for file in (*generated, *real)])
    kept = tuple(file for file in generated if file.sha256 not in empty)
    if not real or len(kept) < 2:
        with_lungs = " with lungs" if empty else ""
        raise BadChoice(
            f"'{image_set.name}' has {counted(len(kept), 'generated image')}{with_lungs} and "
            f"{counted(len(real), 'real image')}; a membership inference attack needs at least 2 generated "
            "images and 1 real image."
        )
    no_lung = np.array([file.sha256 in empty for file in real])
    lungless = {"generated": len(generated) - len(kept), "real": int(no_lung.sum())}
    return Comparable(image_set.name, kept, real, no_lung, lungless)


def count_distinct(embedder: Embedder, images: Comparable, config: MembershipConfig) -> int:
    """How many generated images can be told apart, in the crop in which they are fewest; exactly, where they
    are fewer than the largest k that is asked for."""
    most = distances.SWEEP[-1] if config.k == "sweep" else int(config.k)
    return min(clustering_run(embedder, images, config, crop).distinct(most) for crop in config.crops())


def candidates(config: MembershipConfig, distinct: int) -> Candidates:
    """The distances and k that are compared on development: no k separates copies."""
    kinds: Sequence[str] = distances.KINDS if config.distance == "best" else (config.distance,)
    ks = distances.sweep_ks(distinct) if config.k == "sweep" else (int(config.k),)
    return tuple((kind, k) for kind in kinds for k in ks)


def fitting(of: Candidates, distinct: int) -> Candidates:
    """The candidates, those that ask for more clusters than there are distinct images cut down: each of these
    is one."""
    return tuple((kind, min(k, distinct)) for kind, k in of)


def measure_distances(
    embedder: Embedder, images: Comparable, config: MembershipConfig, of: Candidates
) -> Measurement:
    """Distances (c, n) of the candidates ``of``; with random patches, the mean over draws."""
    asked, distinct = of, count_distinct(embedder, images, config)
    if config.k == "sweep":
        of = fitting(of, distinct)
    elif int(config.k) <= len(images.generated):
        methods.check_k(int(config.k), len(images.generated), distinct)
    tables = [_table(embedder, images, config, crop, of, distinct) for crop in config.crops()]
    rows = np.mean([rows for rows, _ in tables], axis=0)
    rows = np.where(images.no_lung, np.inf, rows)
    cached = all(there for _, there in tables)
    return Measurement(
        images.name,
        images.real,
        rows,
        *ground_truth(images.real),
        cached,
        images.lungless,
        images.note(),
        asked,
    )


def clustering_run(embedder: Embedder, images: Comparable, config: MembershipConfig, crop: CropSpec) -> Run:
    """The pipeline of the generated images under one crop."""
    cluster = ClusterSpec(config.method, config.linkage, seed=config.seed)
    return run_for(embedder, PipelineConfig(config.feature, cluster=cluster, crop=crop), images.generated)


def _table(
    embedder: Embedder,
    images: Comparable,
    config: MembershipConfig,
    crop: CropSpec,
    of: Candidates,
    distinct: int,
) -> tuple[np.ndarray, bool]:
    """float (c, n) for one crop, and whether it was cached."""
    store = embedder.store
    run = clustering_run(embedder, images, config, crop)
    ks = _ks(config, distinct, of)
    real = [file.sha256 for file in images.real]
    ids = sorted(set(real))  # by content, so that file names change not even the last bit
    name = key(
        *("distances", distances.VERSION, methods.VERSION, *run.clusters_way()),
        *(run.features_key, run.config.cluster, ids, ks),
    )
    arrays = store.get(name)
    if cached := arrays is not None:
        table = arrays["distances"]
    else:
        run.ensure_features()
        embedded, _ = embedder.embed(config.feature, ids, crop)
        if config.method == "kmeans":
            rows = run.features()
            table = distances.by_kmeans(rows, embedded, ks, lambda k: run.grouped(rows, k))
        else:
            table = distances.by_tree(run.features(), run.tree(), embedded, ks)
        store.put(name, {"distances": table}, "distances")
    place = {k: index for index, k in enumerate(ks)}
    columns = np.searchsorted(ids, real)
    found = [table[distances.KINDS.index(kind), place[k]][columns] for kind, k in of]
    return np.stack(found), cached


def _ks(config: MembershipConfig, distinct: int, of: Candidates) -> list[int]:
    """One tree gives all k at no extra cost; k-means runs only for the k requested."""
    requested = {k for _, k in of}
    return sorted(requested if config.method == "kmeans" else requested | set(distances.sweep_ks(distinct)))
