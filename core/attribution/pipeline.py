"""What can be asked of a set, and the order of the stages that answer it (core/stages).

    pixels -> features -> PCA -> tree -> cut -> scores
                            \\-> k-means /
                            \\-> map

Results are handed out in the order of the set's files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.clustering import methods, metrics, scaling
from core.clustering.dimensions import DimensionShares
from core.config import PipelineConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder, Plan, adapt_to_machine
from core.features import catalog
from core.images.library import Library
from core.inference import runtime
from core.numeric.statistics import Score
from core.progress import Listener, silent
from core.regions.crops import NEEDS_LUNGS
from core.stages.cached import Stage, index_files
from core.stages.dimensions import dimensions_of
from core.stages.number_of_groups import FoundGroups, choose_k, cluster
from core.stages.out_of_core import run_for
from core.store import Store
from core.types import ImageFile, ImageSet
from core.wording import counted


@dataclass(frozen=True)
class Attribution:
    """Which images belong together, and how well that agrees with the known generators.

    ``clusters[i]`` is that of ``files[i]``, numbered in the order of the images' hashes, so that no number
    depends on what files are called; ``config`` is the one asked for, as it was really run;
    ``k_source`` says who chose k: given, known (one a generator), auto (splits) or silhouette.
    """

    config: PipelineConfig
    files: tuple[ImageFile, ...]
    clusters: np.ndarray
    k: int
    k_source: str
    n_features: int
    n_raw: int
    agreement: metrics.Agreement
    silhouette: Score
    silhouette_by_k: Mapping[int, float]
    stages: Mapping[str, Stage]
    notes: tuple[str, ...]
    approximate: tuple[str, ...] = ()  # what is, of a set of this size; a part of the notes
    groups: FoundGroups | None = None  # where k was found by splits, in the order of the files

    @property
    def cached(self) -> bool:
        """No embedding had to be computed."""
        return self.stages["features"].cached

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages.values())


class Pipeline:
    """The stages over one store and one library."""

    def __init__(
        self,
        store: Store,
        library: Library,
        effort: runtime.Effort | None = None,
        listener: Listener = silent,
    ) -> None:
        self.store = store
        self.embedder = Embedder(store, library, effort or runtime.Effort(), listener)

    # -- what a person asks for --------------------------------------------------------------------

    def attribute(self, image_set: ImageSet, config: PipelineConfig) -> Attribution:
        """Cluster a set's generated images and score that against their generators (section 3.2)."""
        config, notes = self.effective(config)
        files = generated(image_set)
        notes += self._without_lungs(config, files)
        run = run_for(self.embedder, config, files)
        run.ensure_features()
        if not run.stages["features"].cached:
            run.pca()  # the map and the next toggle want it, and the wait is now
        choice = choose_k(run, notes)
        clusters, silhouettes = cluster(run, choice)
        approximate = scaling.approximation_notes(len(files), config.cluster.method)
        agreement = run.agreement(clusters)
        notes += _copies(agreement)
        return Attribution(
            config=config,
            files=files,
            clusters=clusters[run.back],
            k=choice.k,
            k_source=choice.source,
            n_features=run.n_features(),
            n_raw=catalog.dimensions(config.feature),
            agreement=agreement,
            silhouette=metrics.mean_with_interval(silhouettes if silhouettes.size else None),
            silhouette_by_k=choice.silhouettes,
            stages=run.stages,
            notes=(*notes, *approximate),
            approximate=approximate,
            groups=None if choice.groups is None else _in_file_order(choice.groups, run.back),
        )

    def tree(self, image_set: ImageSet, config: PipelineConfig) -> np.ndarray:
        """The linkage matrix behind a hierarchical config; its leaves are in the order of the hashes."""
        config, _ = self.effective(config)
        return run_for(self.embedder, config, generated(image_set)).tree()

    def map(self, image_set: ImageSet, config: PipelineConfig, kind: str) -> np.ndarray:
        """Where each generated image lies, (n, 2), by ``pca`` or ``umap``."""
        config, _ = self.effective(config)
        run = run_for(self.embedder, config, generated(image_set))
        return run.map(kind)[run.back]

    def dimensions(self, image_set: ImageSet, config: PipelineConfig) -> DimensionShares:
        """Which dimensions of the generated images' features are dead, and which dominate the distances."""
        config, _ = self.effective(config)
        return dimensions_of(run_for(self.embedder, config, generated(image_set)))

    def has_map(self, image_set: ImageSet, config: PipelineConfig, kind: str) -> bool:
        config, _ = self.effective(config)
        run = run_for(self.embedder, config, generated(image_set))
        return self.store.has(run.map_key(kind))

    def wait(self, image_set: ImageSet, config: PipelineConfig) -> float:
        """About how many seconds ``attribute`` and the PCA map take once all is embedded; 0 where that is
        short enough for a page to just compute it."""
        config = self.effective(config)[0]
        return run_for(self.embedder, config, generated(image_set)).wait()

    def plan(self, image_set: ImageSet, config: PipelineConfig) -> Plan:
        """What ``attribute`` would have to embed; computes nothing."""
        config = self.effective(config)[0]
        ids = index_files(image_set.generated).distinct
        if config.whiten:
            ids = tuple(sorted({*ids, *self.embedder.library.real_images(config.whiten)}))
        return self.embedder.plan(config.feature, ids, [config.crop])

    def _without_lungs(self, config: PipelineConfig, files: tuple[ImageFile, ...]) -> list[str]:
        if config.crop.kind not in NEEDS_LUNGS:
            return []
        empty = self.embedder.lungless([file.sha256 for file in files])
        count = sum(file.sha256 in empty for file in files)
        effect = "the full image is used" if config.crop.kind == "outer" else "their crop is black"
        return [f"No lung was found in {count} of {len(files)} images: {effect}."] if count else []

    def effective(self, config: PipelineConfig) -> tuple[PipelineConfig, list[str]]:
        """The config as this machine runs it, and what was changed, in words."""
        methods.check_spec(config.cluster)
        feature, notes = adapt_to_machine(config.feature)
        return replace(config, feature=feature), notes


def _in_file_order(found: FoundGroups, back: np.ndarray) -> FoundGroups:
    stability = replace(found.stability, images=found.stability.images[back])
    return replace(found, labels=found.labels[back], stability=stability)


def _copies(agreement: metrics.Agreement) -> list[str]:
    """What a reader should know of images that count once."""
    n, distinct = int(agreement.table.sum()), agreement.n_distinct
    if distinct == n:
        return []
    return [
        f"Only {distinct:,} of the {counted(n, 'labelled image')} can be told apart; intervals and p-values "
        f"count each of these once. Their ARI is {agreement.distinct_ari:.3f}."
    ]


def generated(image_set: ImageSet) -> tuple[ImageFile, ...]:
    """The images to attribute. Raises BadChoice where there are too few to group."""
    if len(image_set.generated) < 2:
        raise BadChoice(
            f"'{image_set.name}' has {counted(len(image_set.generated), 'generated image')}; clustering "
            "needs at least 2."
        )
    return image_set.generated
