"""A toggle whose features are there: what the engine takes when PCA, clustering or k change."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.attribution.pipeline import Attribution, Pipeline
from core.config import ClusterSpec, PipelineConfig, ReduceSpec
from core.extraction import embedder
from core.features import catalog
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.bench.rounds import Spread

IMAGES, GENERATORS = 1000, 5
SPEC = catalog.spec("efficientnet_lite0", weights=catalog.UNTRAINED)  # 1280 numbers an image
WARD, KMEANS = ClusterSpec(), ClusterSpec(method="kmeans")

# In this order over one store: each asks for at least one key that is not there yet, but for the last.
STEPS: dict[str, PipelineConfig] = {
    "no PCA, Ward, k known: the first look": PipelineConfig(SPEC),
    "PCA 0.95: the first PCA of the set": PipelineConfig(SPEC, ReduceSpec(0.95), WARD),
    "PCA 0.90": PipelineConfig(SPEC, ReduceSpec(0.90), WARD),
    "k = 7": PipelineConfig(SPEC, ReduceSpec(0.90), replace(WARD, k=7)),
    "average linkage": PipelineConfig(SPEC, ReduceSpec(0.90), replace(WARD, linkage="average")),
    "k-means": PipelineConfig(SPEC, ReduceSpec(0.90), KMEANS),
    "k-means, no PCA": PipelineConfig(SPEC, ReduceSpec(), KMEANS),
    "k-means, k = 7": PipelineConfig(SPEC, ReduceSpec(0.90), replace(KMEANS, k=7)),
    "k by silhouette, Ward": PipelineConfig(SPEC, ReduceSpec(0.90), replace(WARD, k="auto")),
    "k by silhouette, k-means": PipelineConfig(SPEC, ReduceSpec(0.90), replace(KMEANS, k="auto")),
    "all of it cached": PipelineConfig(SPEC, ReduceSpec(0.90), WARD),
}


@dataclass(frozen=True)
class Toggle:
    """``engine``: seconds as the result says them; ``wall``: of the whole call; ``cached``: none embedded.

    ``stages``: seconds of the last pass by stage that had to run.
    """

    engine: Spread
    wall: Spread
    cached: bool
    stages: dict[str, float]

    def as_json(self) -> dict[str, object]:
        spreads = {"engine": self.engine.as_json(), "wall": self.wall.as_json()}
        return {**spreads, "cached": self.cached, "stages": self.stages}


def measure(rounds: int) -> dict[str, Toggle]:
    """By step. A first pass, not counted, imports what the stages need."""
    passes = [_run_all(seed) for seed in range(rounds + 1)][1:]
    return {step: _summary([one[step] for one in passes]) for step in STEPS}


def _summary(taken: list[tuple[Attribution, float]]) -> Toggle:
    last = taken[-1][0].stages
    return Toggle(
        engine=Spread.of([result.seconds for result, _ in taken]),
        wall=Spread.of([wall for _, wall in taken]),
        cached=all(result.cached for result, _ in taken),
        stages={name: round(stage.seconds, 4) for name, stage in last.items() if not stage.cached},
    )


def _run_all(seed: int) -> dict[str, tuple[Attribution, float]]:
    """What each step gave, and the seconds of its call."""
    image_set, rows = _synthetic(seed)
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        store = Store(Path(folder) / "store")
        _fill(store, image_set, rows)
        pipeline = Pipeline(store, Library(Path(folder)))
        taken = {step: _time(pipeline, image_set, config) for step, config in STEPS.items()}
        store.close()
    return taken


def _time(pipeline: Pipeline, image_set: ImageSet, config: PipelineConfig) -> tuple[Attribution, float]:
    start = time.perf_counter()
    result = pipeline.attribute(image_set, config)
    return result, time.perf_counter() - start


def _synthetic(seed: int) -> tuple[ImageSet, np.ndarray]:
    """Images of a few generators by name, and their rows."""
    rng = np.random.default_rng(seed)
    label = rng.integers(GENERATORS, size=IMAGES)
    rows = spectrum_rows(label, catalog.dimensions(SPEC), rng)
    names = tuple(
        ImageFile(f"{i}.png", key("bench", seed, i), label=f"generator {label[i]}") for i in range(IMAGES)
    )
    return ImageSet("bench", "flat", names), rows


def spectrum_rows(label: np.ndarray, width: int, rng: np.random.Generator) -> np.ndarray:
    """float32 (n, width) rows whose spectrum falls off as real ones' does.

    The generators overlap, so that each config finds other clusters, whose scores are not there yet either.
    """
    scale = 1 / np.sqrt(1 + np.arange(width))
    centres = 0.3 * rng.normal(size=(GENERATORS, width))
    return ((centres[label] + rng.normal(size=(len(label), width))) * scale).astype(np.float32)


def _fill(store: Store, image_set: ImageSet, rows: np.ndarray) -> None:
    """Rows in the store as an extraction leaves them, a batch a file."""
    ids = [file.sha256 for file in image_set.files]
    step = Effort().batch
    for first in range(0, len(ids), step):
        store.put_rows(embedder.feature_key(SPEC), ids[first : first + step], rows[first : first + step])
