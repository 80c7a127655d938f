"""``python -m tests.bench.workload [--share 0.1]``: the paper's whole workload by size, on random stand-ins.

Sizes are those of the paper's table 1 and section 3; a share of each is measured and drawn out: linearly
where images go one by one, by the square where they are compared with each other. Weights are untrained.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.clustering import methods
from core.extraction.embedder import Embedder
from core.features import catalog, extract
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import distances
from core.progress import silent
from core.store import Store

SETS = ((10_000, 200), (7_200, 4_000), (10_000, 6_000), (5_000, 4_000))  # generated and real, table 1
ATTRIBUTED = 600 + 3_000  # images of sub-task 2
CROPS = 3
MEMBERSHIP = ("resnet50", "densenet121")
ATTRIBUTION = ("vgg16", "resnet50", "mobilenet_v2", "efficientnet_b0", "densenet121")
SIDE = 256  # px


def measure(share: float = 0.1, image_share: float | None = None) -> dict[str, dict[str, float]]:
    """By part: ``measured`` seconds, on ``share`` of it, and the ``whole``, extrapolated."""
    found: dict[str, dict[str, float]] = {}
    of_images = image_share or share
    with tempfile.TemporaryDirectory(prefix="imprint-workload-") as folder:
        for name, images, work in _by_image(Path(folder), of_images):
            seconds = _seconds(work)
            whole = seconds / of_images
            found[name] = {"images": images, "share": of_images, "measured": seconds, "whole": whole}
            print(f"{name}: {json.dumps(found[name])}", file=sys.stderr)
    for backbone in MEMBERSHIP:
        width = catalog.dimensions(catalog.spec(backbone, weights=catalog.UNTRAINED))
        seconds = _seconds(lambda width=width: _sweep(share, width))  # type: ignore[misc]
        name = f"trees, distances at 30 k, 3 crops: {backbone}"
        found[name] = {"share": share, "measured": seconds, "whole": seconds / share**2}
        print(f"{name}: {json.dumps(found[name])}", file=sys.stderr)
    return found


def markdown(found: dict[str, dict[str, float]]) -> list[str]:
    lines = ["| part | measured, s | on a share of | the whole, extrapolated, minutes |", "|---|---|---|---|"]
    for name, each in found.items():
        lines.append(f"| {name} | {each['measured']:.1f} | {each['share']:g} | {each['whole'] / 60:.1f} |")
    return [*lines, f"| all | | | {sum(each['whole'] for each in found.values()) / 60:.0f} |"]


def _by_image(folder: Path, share: float) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Each part that takes images one by one, and how many it has in the whole workload."""
    library, store = Library(folder), Store(folder / "store")
    embedder = Embedder(store, library, Effort(), silent)
    slices = sum(map(sum, SETS))
    ids = _images(library, round(slices * share))
    few = ids[: max(1, round(ATTRIBUTED * share))]
    yield "lung masks", slices, lambda: embedder.masks(ids)
    for backbone in ATTRIBUTION:
        feature = catalog.spec(backbone, weights=catalog.UNTRAINED)
        embedder._network(feature)  # converted once, in no time of a run
        if backbone in MEMBERSHIP:
            many = [*ids] * CROPS  # a crop costs what another does; the same rows are not asked for twice
            name = f"features, {CROPS} crops: {backbone}"
            yield name, CROPS * slices, lambda f=feature, m=many: _embed(embedder, f, m)
        yield f"features, sub-task 2: {backbone}", ATTRIBUTED, lambda f=feature: _embed(embedder, f, few)
    store.close()


def _embed(embedder: Embedder, feature: catalog.FeatureSpec, ids: list[str]) -> None:
    """All of them, though some are there: what the engine would not do, but other images would cost."""
    work = extract.embed(feature, ids, embedder.library.pixels, embedder._runtime(feature), Effort())
    for batch, rows in work:
        embedder.store.put_rows("workload", batch, rows)


def _images(library: Library, count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [library.add_pixels(rng.integers(0, 256, (SIDE, SIDE), np.uint8)) for _ in range(count)]


def _sweep(share: float, width: int) -> None:
    rng = np.random.default_rng(0)
    for generated, real in SETS:
        for _ in range(CROPS):
            rows = rng.standard_normal((round(generated * share), width), np.float32)
            others = rng.standard_normal((round(real * share), width), np.float32)
            merges = methods.linkage_tree(rows, "ward", "euclidean")
            distances.by_tree(rows, merges, others, distances.SWEEP)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workload", description=__doc__)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--image-share", type=float, help="of what goes image by image, if another")
    arguments = parser.parse_args()
    print("\n".join(markdown(measure(arguments.share, arguments.image_share))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
