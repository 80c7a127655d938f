"""``python -m tests.bench.scaling [N [WIDTH]]``: N images through the pipeline, step by step.

Random stand-ins, in the store as an extraction leaves them but 1,024 a batch, for a million to take minutes.
A line a step: seconds, and the most memory that its own process held. Without N: docs/scaling.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.attribution.pipeline import Pipeline
from core.clustering import metrics, scaling
from core.config import ClusterSpec, FeatureSpec, PipelineConfig, ReduceSpec
from core.extraction.embedder import feature_key
from core.features import catalog
from core.files import write_atomic
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.stages.cached import Run
from core.stages.out_of_core import run_for
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.bench.rounds import peak_mb

GENERATORS, BATCH = 5, 1024
SIZES = (3_000, 10_000, 30_000, 100_000)
STEPS = ("fill", "manifest", "index", "matrix", "pca", "ward", "ward, PCA 0.95", "k-means", "map")


def spec(width: int) -> FeatureSpec:
    """A backbone whose rows have this width; none of its pixels are ever asked for."""
    return catalog.spec("efficientnet_lite0", weights=catalog.UNTRAINED) if width == 1280 else _pixels(width)


def _pixels(width: int) -> FeatureSpec:
    side = int(width**0.5)
    assert side * side == width, "a width is 1280 or a square number"
    return catalog.spec("pixels", options={"side": side})


def image_set(n: int) -> ImageSet:
    label = np.random.default_rng(0).integers(GENERATORS, size=n)
    files = (ImageFile(f"{i}.png", key("scaling", i), label=f"generator {label[i]}") for i in range(n))
    return ImageSet("scaling", "flat", tuple(files))


def batch(first: int, label: np.ndarray, width: int) -> np.ndarray:
    """float32 rows, the spectrum falling off as real ones' does; generators overlap."""
    rng = np.random.default_rng(first)
    centres = 0.6 * np.random.default_rng(1).standard_normal((GENERATORS, width), np.float32)
    made = centres[label] + rng.standard_normal((len(label), width), np.float32)
    return made / np.sqrt(1 + np.arange(width, dtype=np.float32))


def step(name: str, folder: Path, n: int, width: int) -> dict[str, object]:
    """One step over what the earlier ones left in ``folder``."""
    library = Library(folder)
    store = Store(folder / "store", quota=2**40)
    if name == "fill":
        return _timed(lambda: _fill(store, library, image_set(n), width))
    if name == "manifest":
        return _timed(lambda: Library(folder).get("scaling")) | {
            "bytes": sum(path.stat().st_size for path in (folder / "sets").iterdir())
        }
    made = library.get("scaling")
    pipeline = Pipeline(store, library, Effort())
    config = PipelineConfig(spec(width), cluster=ClusterSpec(k=GENERATORS))
    asked: dict[str, Callable[[], object]] = {
        "index": lambda: pipeline.plan(made, config),
        "matrix": lambda: _run(pipeline, made, config).features(),
        "pca": lambda: _run(pipeline, made, config).pca(),
        "ward": lambda: pipeline.attribute(made, config),
        "ward, PCA 0.95": lambda: pipeline.attribute(
            made, PipelineConfig(spec(width), ReduceSpec(0.95), ClusterSpec(k=GENERATORS))
        ),
        "k-means": lambda: pipeline.attribute(
            made, PipelineConfig(spec(width), cluster=ClusterSpec("kmeans", k=GENERATORS))
        ),
        "map": lambda: pipeline.map(made, config, "pca"),
    }
    found = _timed(asked[name])
    answer = found.pop("answer")
    if hasattr(answer, "agreement"):
        found["ari"] = answer.agreement.scores["ari"].value
        found["stages"] = {stage: round(each.seconds, 2) for stage, each in answer.stages.items()}
    store.close()
    return found


def _run(pipeline: Pipeline, made: ImageSet, config: PipelineConfig) -> Run:
    return run_for(pipeline.embedder, config, made.generated)


def _fill(store: Store, library: Library, made: ImageSet, width: int) -> None:
    """In the order of the hashes, as the engine asks for them."""
    write_atomic(library._manifest(made.name), json.dumps(asdict(made)).encode())  # its pixels are not there
    files = sorted(made.files, key=lambda file: file.sha256)
    for first in range(0, len(files), BATCH):
        part = files[first : first + BATCH]
        label = np.array([int((file.label or "0").split()[-1]) for file in part])
        store.put_rows(feature_key(spec(width)), [file.sha256 for file in part], batch(first, label, width))


def _timed(work: Callable[[], object]) -> dict[str, object]:
    start = time.perf_counter()
    answer = work()
    return {"seconds": round(time.perf_counter() - start, 2), "answer": answer}


def measure(n: int, width: int = 1280, steps: tuple[str, ...] = STEPS) -> dict[str, dict[str, object]]:
    """By step: ``seconds`` and ``peak_mb`` of a process that does it alone."""
    found = {}
    with tempfile.TemporaryDirectory(
        prefix="imprint-scaling-", dir=os.environ.get("IMPRINT_BENCH")
    ) as folder:
        for name in steps:
            command = [
                sys.executable,
                "-m",
                "tests.bench.scaling",
                "--step",
                name,
                folder,
                str(n),
                str(width),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                found[name] = {"failed": done.stderr.strip().splitlines()[-1:]}
            else:
                found[name] = json.loads(done.stdout)
            print(f"{n} x {width}  {name:16} {json.dumps(found[name])}", flush=True)
    return found


def exponents(found: dict[int, dict[str, dict[str, object]]]) -> dict[str, float]:
    """By step: the slope of log seconds over log n."""
    slopes = {}
    for name in STEPS:
        points = [
            (n, float(str(each[name]["seconds"]))) for n, each in found.items() if "seconds" in each[name]
        ]
        if len(points) > 1:
            n, seconds = np.log(np.array(points).T)
            slopes[name] = round(float(np.polyfit(n, seconds, 1)[0]), 2)
    return slopes


def bootstrap() -> None:
    """What the scores cost, which see tables alone, by how many images are in them."""
    for n in (1_000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(0)
        table = rng.multinomial(n, (np.eye(GENERATORS) + 0.2).ravel() / (np.eye(GENERATORS) + 0.2).sum())
        start = time.perf_counter()
        metrics.score_clusters(tuple("abcde"), table.reshape(GENERATORS, GENERATORS))
        print(f"scores of {n} images: {time.perf_counter() - start:.2f} s", flush=True)


def main() -> int:
    if sys.argv[1:2] == ["--step"]:
        name, folder, n, width = sys.argv[2:6]
        found = step(name, Path(folder), int(n), int(width))
        found.pop("answer", None)
        found["peak_mb"] = peak_mb()
        print(json.dumps(found))
        return 0
    print(f"approximate from {scaling.STREAM_FROM} images on")
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1280)
        return 0
    found = {n: measure(n) for n in SIZES}
    print("exponents", json.dumps(exponents(found)))
    bootstrap()
    return 0


if __name__ == "__main__":
    sys.exit(main())
