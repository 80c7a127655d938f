"""A run over more images than memory holds: features stay on disk, trees are built over prototypes."""

import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from core.clustering import copies, methods, pca, projection, prototypes, scaling
from core.config import PipelineConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder
from core.features import catalog
from core.hashing import key
from core.numeric.blocks import Matrix, Rows, blocks
from core.progress import Step
from core.stages.cached import Run
from core.stages.number_of_groups import groups_key
from core.store import Arrays
from core.types import ImageFile


def run_for(embedder: Embedder, config: PipelineConfig, files: tuple[ImageFile, ...]) -> Run:
    """The stages of one config over a set, whatever its size."""
    return (LargeRun if scaling.is_streamed(len(files)) else Run)(embedder, config, files)


class LargeRun(Run):
    """See the module; ``scale`` has the sizes and what the answer says of them."""

    def features(self) -> Matrix:
        if self._matrix is None:
            config = self.config
            wide = catalog.dimensions(config.feature)
            rows = map(self.whitened, self.embedder.stream(config.feature, self.ids, config.crop))
            self._matrix = self._kept("features", self.matrix_key(), wide, rows)
        return self._matrix

    _matrix: Matrix | None = None

    def matrix_key(self) -> str:
        return key("matrix", self.features_key)

    def alike(self) -> np.ndarray:
        """By their pixels alone: features are not read as a whole."""
        first = np.arange(len(self.ids))
        if len(self.roll.distinct) < len(self.ids):
            for place in range(1, len(first)):  # in the order of the hashes copies are neighbours
                if self.ids[place] == self.ids[place - 1]:
                    first[place] = first[place - 1]
        return first

    def distinct(self, enough: int) -> int:
        return copies.count_distinct(self.features(), enough)

    def wait(self) -> float:
        """By the stages that are not kept yet; cuts of a tree that is there are quick."""
        if self._splits():
            stages = [] if self.store.has(groups_key(self)) else ["pca"]
            if stages and not self.store.has(self.matrix_key()):
                stages.append("features")
            return sum(scaling.expected_seconds(stage, len(self.ids)) for stage in stages)
        asked = self._asked_k()
        mapped = self.store.has(self.map_key("pca")) or not self._decomposes()
        stages = ["pca"] if asked and not mapped else []
        lacking = [k for k in asked if not self.store.has(self.clusters_key(k))]
        if self.config.cluster.method == "kmeans":
            stages += ["k-means"] * len(lacking)
        elif lacking and not self.store.has(self.prototypes_key()):
            stages.append("prototypes")
        if stages and not self.store.has(self.matrix_key()):
            stages.append("features")
        return sum(scaling.expected_seconds(stage, len(self.ids)) for stage in stages)

    def _splits(self) -> bool:
        """Whether k is found by splits, which take principal components and a tree over a sample."""
        k = self.config.cluster.k
        return k == "auto" or (k == "known" and not self.roll.known.names)

    def _asked_k(self) -> Sequence[int]:
        """The numbers of clusters that the answer will want; none where it will refuse."""
        k, known = self.config.cluster.k, len(self.roll.known.names)
        if self.config.reduce.variance is not None and not self._decomposes():
            return []
        if isinstance(k, int):
            return [k]
        if k == "known" and known:
            return [known]
        found = self.store.note(self.distinct_name())
        if found is None:
            return methods.AUTO_RANGE
        return methods.auto_ks(found["rows"], len(self.ids)) if found["rows"] > 1 else []

    def pca(self) -> Arrays:
        """``mean``, ``axes`` and ``ratio``; no scores, which would be as large as the features."""
        if self._pca is None:
            if not self._decomposes():
                wide = catalog.dimensions(self.config.feature)
                raise BadChoice(
                    f"PCA of {wide} features takes at most {scaling.STREAM_FROM - 1} images. "
                    f"Choose PCA: none, or a backbone with at most {pca.WIDEST} features."
                )
            self._pca = self.stage("pca", self.pca_key, lambda: pca.principal_axes(self.features()))
        return self._pca

    def leading_scores(self, count: int) -> np.ndarray:
        return np.concatenate(list(self._turned(self.pca(), count)))

    def _decomposes(self) -> bool:
        return pca.uses_covariance(len(self.ids), catalog.dimensions(self.config.feature))

    def _pca_way(self) -> tuple[str, ...]:
        return ("covariance", "axes")

    def reduced(self) -> np.ndarray | Matrix:
        if self.config.reduce.variance is None:
            return self.features()
        found, wide = self.pca(), self.n_features()
        return self._kept("pca", key("projected", self.reduced_key), wide, self._turned(found, wide))

    def _turned(self, found: Arrays, wide: int) -> Iterator[np.ndarray]:
        rows = self.features()
        for first, block in blocks(rows):
            yield pca.project_rows(rows, found, first, len(block), wide)

    def tree(self) -> np.ndarray:
        """Over all images; kept is that over the prototypes, which is small and takes the time."""
        spec = self.config.cluster
        seen = self.stage(
            "prototypes",
            self.prototypes_key(),
            lambda: dict(
                zip(
                    ("labels", "centres"),
                    prototypes.find_prototypes(self.reduced(), spec.metric),
                    strict=True,
                )
            ),
        )
        labels, centres = seen["labels"], seen["centres"]
        kept = self.stage(
            "tree",
            self.tree_key(),
            lambda: {"merges": prototypes.prototype_tree(labels, centres, spec.linkage, spec.metric)},
        )
        return prototypes.expand_tree(labels, kept["merges"])

    def prototypes_key(self) -> str:
        metric = self.config.cluster.metric
        return key("prototypes", methods.VERSION, self.reduced_key, metric, scaling.PROTOTYPES)

    def grouped(self, rows: Rows, k: int) -> np.ndarray:
        spec = self.config.cluster
        if spec.method == "kmeans":
            return methods.split_copies(prototypes.minibatch_kmeans(rows, k, spec.seed), k)
        if k > scaling.PROTOTYPES:
            raise BadChoice(
                f"The tree of {len(self.ids):,} images can be cut into at most {scaling.PROTOTYPES} "
                f"clusters; got {k}."
            )
        return methods.cut_tree(self.tree(), k)

    def clusters_way(self) -> tuple[str, ...]:
        return ("mini-batches",) if self.config.cluster.method == "kmeans" else ("prototypes",)

    def _points(self, kind: str) -> np.ndarray:
        """Of UMAP the points of a sample; the others are not a number, and are not drawn."""
        if kind == "pca":
            return projection.pca_map(np.concatenate(list(self._turned(self.pca(), 2))))
        points = np.full((len(self.ids), 2), np.nan)
        chosen = np.random.default_rng(self.config.cluster.seed).choice(
            len(self.ids), scaling.UMAP_SAMPLE, replace=False
        )
        points[chosen] = projection.umap_map(self.reduced()[chosen], self.config.cluster.seed)
        return points

    def _kept(self, stage: str, name: str, wide: int, made: Iterable[np.ndarray]) -> Matrix:
        start, before = time.perf_counter(), self._seconds()
        found = self.store.matrix(name)
        cached = found is not None
        if found is None:
            self.embedder.listener(Step(stage, 0, 1))
            self.store.put_matrix(name, (len(self.ids), wide), made, stage)
            found = self.store.matrix(name)
            if found is None:
                raise BadChoice("Data just written are damaged on disk. Check the disk, then try again.")
        self._took(stage, cached, start + self._seconds() - before)
        return found
