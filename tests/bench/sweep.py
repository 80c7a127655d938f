"""The membership sweep: 30 k x 2 distances x 3 crops, against a clustering anew for every k.

Random stand-ins, as large as the challenge's second data set: 10,000 generated and 6,000 real images.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from core.clustering import methods
from core.membership import distances
from tests.bench.rounds import peak_mb

GENERATED, REAL, WIDTH, CROPS = 10_000, 6_000, 1024, 3
TRIED = (2, 20, 100)  # the k that scikit-learn is timed at


@dataclass(frozen=True)
class Sweep:
    """Seconds: ours for all; scikit-learn's for each k of one crop; its mean times all k and crops."""

    ours: float
    theirs: dict[str, float]
    extrapolated: float
    ratio: float
    peak_mb: float
    their_peak_mb: float
    largest_difference: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure() -> Sweep:
    """Each side in a process of its own, so that its peak is its own."""
    ours, theirs = (_child(side) for side in ("ours", "theirs"))
    seconds = {str(k): each for k, each in zip(TRIED, theirs["seconds"], strict=True)}
    whole = float(np.mean(theirs["seconds"])) * len(distances.SWEEP) * CROPS
    gaps = [abs(ours["min"][k] - theirs["min"][k]) for k in theirs["min"]]
    return Sweep(
        ours["seconds"],
        seconds,
        whole,
        whole / ours["seconds"],
        ours["peak_mb"],
        theirs["peak_mb"],
        max(gaps),
    )


def text(found: Sweep) -> str:
    each = ", ".join(f"{seconds:.1f} s at k = {k}" for k, seconds in found.theirs.items())
    return "\n".join(
        [
            f"MEMBERSHIP SWEEP, {len(distances.SWEEP)} k x 2 distances x {CROPS} crops, "
            f"{GENERATED} generated and {REAL} real rows of {WIDTH}",
            f"  one tree a crop, all k from it           {found.ours:10.1f} s   peak {found.peak_mb:6.0f} MB",
            f"  scikit-learn's tree for every k          {found.extrapolated:10.0f} s   peak "
            f"{found.their_peak_mb:6.0f} MB   extrapolated from {each}",
            f"  ratio                                    {found.ratio:10.0f}x   wanted: 50x, under 2000 MB",
            f"  largest difference of the mean min distance {found.largest_difference:.1e}",
        ]
    )


def _child(side: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.bench.sweep", side]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _rows(crop: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(crop)
    scale = 1 / np.sqrt(1 + np.arange(WIDTH))
    generated, real = ((rng.normal(size=(n, WIDTH)) * scale).astype(np.float32) for n in (GENERATED, REAL))
    return generated, real


def _ours() -> dict[str, object]:
    seconds, means = 0.0, {}
    for crop in range(CROPS):
        generated, real = _rows(crop)
        start = time.perf_counter()
        tree = methods.linkage_tree(generated, "ward", "euclidean")
        table = distances.by_tree(generated, tree, real, distances.SWEEP)
        seconds += time.perf_counter() - start
        if crop == 0:
            means = {k: float(table[0, distances.SWEEP.index(k)].mean()) for k in TRIED}
    return {"seconds": seconds, "min": means}


def _theirs() -> dict[str, object]:
    """The paper's loop as a notebook writes it: cluster, centroids, distances; for one crop."""
    from scipy.spatial.distance import cdist
    from sklearn.cluster import AgglomerativeClustering

    generated, real = _rows(0)
    seconds, means = [], {}
    for k in TRIED:
        start = time.perf_counter()
        labels = AgglomerativeClustering(k, linkage="ward").fit_predict(generated)
        centroids = np.stack([generated[labels == cluster].mean(0) for cluster in range(k)])
        to_clusters = cdist(real, centroids)
        nearest, _ = to_clusters.min(1), to_clusters.mean(1)
        seconds.append(time.perf_counter() - start)
        means[k] = float(nearest.mean())
    return {"seconds": seconds, "min": means}


if __name__ == "__main__":
    facts = {"ours": _ours, "theirs": _theirs}[sys.argv[1]]()
    facts["peak_mb"] = peak_mb()
    print(json.dumps(facts))
