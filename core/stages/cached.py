"""Each stage of the pipeline with its key: looked up in the store, else computed and kept.

A key is the hash of the stage's version, its upstream keys and its part of the config; the root is the
content of the images. Rows stand in the order of the images' hashes, so that names and folders change
nothing.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.clustering import contingency, copies, methods, metrics, pca, projection, scaling, whitening
from core.config import PipelineConfig
from core.errors import BadChoice
from core.extraction.embedder import Embedder, feature_key
from core.features import catalog
from core.hashing import key
from core.memoize import cache_per_tuple
from core.numeric.blocks import Matrix, Rows
from core.numeric.parallel import one_thread
from core.progress import Step
from core.store import Arrays
from core.types import ImageFile

# Seconds are of computing, not of importing: what a stage imports is loaded before its clock starts.
LIBRARIES = {
    "pca": ("sklearn.decomposition",),
    "tree": ("scipy.cluster.hierarchy", "fastcluster"),
    "groups": ("scipy.cluster.hierarchy",),
    "clusters": ("sklearn.cluster", "sklearn.metrics", "scipy.sparse.csgraph"),
    "scores": ("sklearn.metrics.cluster", "scipy.stats", "scipy.optimize"),
}


def _import(stage: str) -> None:
    for library in LIBRARIES.get(stage, ()):
        importlib.import_module(library)


@dataclass(frozen=True)
class Stage:
    cached: bool
    seconds: float


@dataclass(frozen=True)
class FileIndex:
    """What runs want to know of a list of files, whatever the config; ``ids`` are sorted."""

    ids: tuple[str, ...]
    distinct: tuple[str, ...]
    back: np.ndarray  # from the order of the hashes to that of the set
    known: contingency.KnownGenerators  # in the order of the hashes


@cache_per_tuple
def index_files(files: tuple[ImageFile, ...]) -> FileIndex:
    order = sorted(range(len(files)), key=lambda place: files[place].sha256)
    ids = tuple(files[place].sha256 for place in order)
    known = contingency.KnownGenerators.of([files[place].label for place in order])
    return FileIndex(ids, tuple(dict.fromkeys(ids)), np.argsort(order, kind="stable"), known)


@cache_per_tuple
def _features_key(ids: tuple[str, ...], space: str) -> str:
    return key("set features", space, ids)


class Run:
    """One config over one list of files: the keys of its stages, and what each took."""

    def __init__(self, embedder: Embedder, config: PipelineConfig, files: tuple[ImageFile, ...]) -> None:
        self.embedder, self.store, self.config, self.files = embedder, embedder.store, config, files
        self.stages: dict[str, Stage] = {}
        self.roll = index_files(files)
        self.ids, self.back = self.roll.ids, self.roll.back
        self.features_key = _features_key(self.ids, feature_key(config.feature, config.crop))
        if config.whiten:
            self.features_key = key("whitened", whitening.VERSION, self.features_key, config.whiten)
        self.pca_key = key("pca", pca.VERSION, *self._pca_way(), self.features_key)
        variance = config.reduce.variance
        self.reduced_key = self.features_key if variance is None else key("reduced", self.pca_key, variance)
        self._features: np.ndarray | None = None
        self._pca: Arrays | None = None

    def wait(self) -> float:
        """Seconds for which the answer and its map are too long to be waited for without a word."""
        return 0.0

    def ensure_features(self) -> None:
        """Embed what is missing; where nothing is, read nothing: later stages may be there as well."""
        space = feature_key(self.config.feature, self.config.crop)
        if not self.store.has_rows(space, self.roll.distinct):
            self.features()
        else:
            self.stages["features"] = Stage(True, 0.0)

    def features(self) -> np.ndarray | Matrix:
        if self._features is None:
            start = time.perf_counter()
            rows, cached = self.embedder.embed(self.config.feature, self.ids, self.config.crop)
            self._features = self.whitened(rows)
            self._took("features", cached, start)
        return self._features

    def whitened(self, rows: np.ndarray) -> np.ndarray:
        """Features as they are, or whitened by real images, which are fitted to once."""
        if not self.config.whiten:
            return rows
        if self._whitening is None:
            space = feature_key(self.config.feature, self.config.crop)
            name = key("whitening", whitening.VERSION, space, self.config.whiten)
            self._whitening = self.store.compute(name, self._fit_whitening, "whitening")[0]
        return whitening.whiten(rows, dict(self._whitening))

    _whitening: Arrays | None = None

    def _fit_whitening(self) -> Arrays:
        real = self.embedder.library.real_images(self.config.whiten)
        if len(real) < whitening.FEWEST:
            raise BadChoice(
                f"Whitening needs at least {whitening.FEWEST} different real images; these are {len(real)}."
            )
        return whitening.fit(self.embedder.embed(self.config.feature, real, self.config.crop)[0])

    def pca(self) -> Arrays:
        if self._pca is None:
            self._pca = self.stage("pca", self.pca_key, self._decomposed)
        return self._pca

    def leading_scores(self, count: int) -> np.ndarray:
        """float64 (n, up to ``count``): the leading principal components of the images."""
        return np.asarray(self.pca()["scores"][:, :count])

    def _decomposed(self) -> Arrays:
        """Copies have the very same scores: a matrix product rounds equal rows differently."""
        found, alike = pca.decompose(self.features()[:]), self.alike()
        if (alike != np.arange(len(alike))).any():
            found["scores"] = found["scores"][alike]
        return found

    def alike(self) -> np.ndarray:
        """The place (n,) of the first image, by hash, that has the same features as each."""
        name = key("alike", copies.VERSION, self.features_key)
        found = self.store.note(name)
        if found is None:
            first = copies.first_alike(self.features()[:])
            again = np.flatnonzero(first != np.arange(len(first)))
            found = {"copies": again.tolist(), "of": first[again].tolist()}
            self.store.put_note(name, found)
        alike = np.arange(len(self.ids))
        alike[np.array(found["copies"], int)] = found["of"]
        return alike

    def distinct(self, enough: int) -> int:
        """How many images differ in their features; at least ``enough`` where there are as many."""
        return len(np.unique(self.alike()))

    def reduced(self) -> np.ndarray | Matrix:
        variance = self.config.reduce.variance
        return self.features() if variance is None else pca.project(self.pca(), variance)

    def n_features(self) -> int:
        variance = self.config.reduce.variance
        if variance is None:
            return catalog.dimensions(self.config.feature)
        name = f"columns:{self.reduced_key}"  # a number, for which a toggle need not read a decomposition
        found = self.store.note(name)
        if found is None:
            found = {"columns": pca.count_components(self.pca()["ratio"], variance)}
            self.store.put_note(name, found)
        return int(found["columns"])

    def tree(self) -> np.ndarray:
        spec = self.config.cluster
        return self.stage(
            "tree",
            self.tree_key(),
            lambda: {"merges": methods.linkage_tree(self.reduced()[:], spec.linkage, spec.metric)},
        )["merges"]

    def tree_key(self) -> str:
        spec = self.config.cluster
        way = self.clusters_way()
        return key("tree", methods.VERSION, *way, self.reduced_key, spec.linkage, spec.metric)

    def auto_range(self) -> range:
        """As many k as the distinct features allow; looked up, so that cached results load no features."""
        found = self.store.note(self.distinct_name())
        if found is None:
            found = {"rows": self.distinct(methods.AUTO_RANGE.stop)}
            self.store.put_note(self.distinct_name(), found)
        return methods.auto_ks(found["rows"], len(self.ids))

    def distinct_name(self) -> str:
        return key("distinct", copies.VERSION, self.features_key)

    def cluster(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Labels in the order of the hashes, and the silhouettes (none where undefined)."""
        spec = self.config.cluster

        def make() -> Arrays:
            rows = self.reduced()
            labels = self.grouped(rows, k)
            silhouettes = methods.silhouettes(rows, labels, spec.metric, spec.seed)
            return {"labels": labels, "silhouettes": np.zeros(0) if silhouettes is None else silhouettes}

        arrays = self.stage("clusters", self.clusters_key(k), make)
        return arrays["labels"], arrays["silhouettes"]

    def clusters_key(self, k: int) -> str:
        spec = self.config.cluster
        parts = (spec.linkage, spec.metric) if spec.method == "hierarchical" else (spec.seed,)
        way = self.clusters_way()
        return key("clusters", methods.VERSION, self.reduced_key, spec.method, *parts, *way, k)

    def grouped(self, rows: Rows, k: int) -> np.ndarray:
        """Labels of rows in the order of the hashes, computed anew."""
        if self.config.cluster.method == "kmeans":
            return methods.kmeans(rows[:], k, self.config.cluster.seed)
        return methods.cut_tree(self.tree(), k)

    def agreement(self, clusters: np.ndarray) -> metrics.Agreement:
        """Scores of clusters that stand in the order of the hashes."""
        start = time.perf_counter()
        known = self.roll.known
        names, table, seed = known.names, known.table(clusters), self.config.cluster.seed
        alike, one_grey = self.alike(), self.embedder.one_grey(self.ids)
        evidence = known.evidence(clusters, np.where(one_grey, -1, alike))
        of = known.images
        doubt = copies.no_evidence(names, known.rows, alike[of], one_grey[of])
        name = key("agreement", metrics.VERSION, names, table.tolist(), evidence.tolist(), doubt, seed)
        found = self.store.note(name)
        if found is None:
            _import("scores")
            start = time.perf_counter()
            result = metrics.score_clusters(names, table, seed, evidence, doubt)
            self.store.put_note(name, result.as_json())
        else:
            result = metrics.Agreement.from_json(found)
        self._took("scores", found is not None, start)
        return result

    def map_key(self, kind: str) -> str:
        if kind == "pca":
            return key("map", projection.VERSION, kind, self.pca_key)
        return key("map", projection.VERSION, kind, self.reduced_key, self.config.cluster.seed)

    def map(self, kind: str) -> np.ndarray:
        if kind not in projection.MAPS:
            raise BadChoice(f"A map is one of {', '.join(projection.MAPS)}; got '{kind}'.")
        return self.stage("map", self.map_key(kind), lambda: {"points": self._points(kind)})["points"]

    def _points(self, kind: str) -> np.ndarray:
        if kind == "pca":
            return projection.pca_map(self.pca()["scores"])
        return projection.umap_map(self.reduced()[:], self.config.cluster.seed)

    def _pca_way(self) -> tuple[str, ...]:
        """Part of a key where a large set goes another way than a small one, so small ones' keys stay."""
        wide = catalog.dimensions(self.config.feature)
        return ("covariance",) if pca.uses_covariance(len(self.ids), wide) else ()

    def clusters_way(self) -> tuple[str, ...]:
        if self.config.cluster.method == "kmeans":
            return ("race",) if len(self.ids) >= scaling.RACE_FROM else ()
        return ("fastcluster",) if len(self.ids) >= scaling.FAST_TREE_FROM else ()

    def stage(self, name: str, stage_key: str, make: Callable[[], Arrays]) -> Arrays:
        start = time.perf_counter()
        arrays = self.store.get(stage_key)
        if arrays is not None:
            self._took(name, True, start)
            return arrays
        self.embedder.listener(Step(name, 0, 1))
        _import(name)
        before = self._seconds()
        start = time.perf_counter()
        # Linear algebra waits for its threads by spinning: beside an extraction, k-means and PCA of 1,000
        # images took ten times longer on two threads than on one.
        with one_thread():
            arrays = make()
        self.store.put(stage_key, arrays, name)
        self._took(name, False, start + self._seconds() - before)  # less what upstream stages took in make
        return arrays

    def _seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages.values())

    def _took(self, name: str, cached: bool, start: float) -> None:
        past = self.stages.get(name, Stage(True, 0.0))
        self.stages[name] = Stage(past.cached and cached, past.seconds + time.perf_counter() - start)
