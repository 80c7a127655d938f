"""Features of images that are handed in: decoded, resized and run through a network or a descriptor."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from core.config import FeatureSpec
from core.features.descriptors import DESCRIPTORS
from core.features.pretrained.backbones import NETWORKS
from core.images.transforms import resize
from core.inference.runtime import Effort, OpenVino, Runtime, read

VERSION = 2  # of what is computed here; raise it when the numbers change
AHEAD = 2  # batches that are decoded while another is inferred
LoadPixels = Callable[[str], np.ndarray]


def on_cpu(feature: FeatureSpec, converted: dict[str, np.ndarray], effort: Effort) -> OpenVino:
    """One of NETWORKS, converted (openvino_export.py), ready to run."""
    return OpenVino(read(converted), feature.precision, effort, NETWORKS.get(feature.backbone).together)


def embed(
    feature: FeatureSpec, ids: Sequence[str], load: LoadPixels, runtime: Runtime | None, effort: Effort
) -> Generator[tuple[list[str], np.ndarray], None, None]:
    """Batches of (ids, float32 (n, D) rows) in order; the next are decoded while some are inferred.

    A network needs its runtime, a descriptor none. Closing the iterator stops the work.
    """
    with ThreadPoolExecutor(effort.threads) as pool:
        if runtime is None:
            row, options = DESCRIPTORS.get(feature.backbone), dict(feature.options)

            def describe(identity: str) -> np.ndarray:
                return row.describe(resize(load(identity), feature.size), options).astype(np.float32)

            for batch, vectors in _ahead(pool, describe, ids, effort):
                yield batch, np.stack(vectors)
            return

        def decode(identity: str) -> np.ndarray:
            return resize(load(identity), feature.size)[None]

        given: list[list[str]] = []

        def batches() -> Iterator[np.ndarray]:
            for batch, pixels in _ahead(pool, decode, ids, effort):
                given.append(batch)
                yield np.stack(pixels)

        for position, rows in enumerate(runtime.run(batches())):
            yield given[position], np.ascontiguousarray(rows, np.float32)


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[str], np.ndarray], ids: Sequence[str], effort: Effort
) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """Batches of (ids, results) in order, with a bounded number of items under way ahead."""
    remaining = iter(ids)
    under_way = [(i, pool.submit(work, i)) for i in islice(remaining, effort.batch * AHEAD)]
    try:
        while under_way:
            head, under_way = under_way[: effort.batch], under_way[effort.batch :]
            results = [future.result() for _, future in head]
            under_way += [(i, pool.submit(work, i)) for i in islice(remaining, effort.batch)]
            yield [identity for identity, _ in head], results
    finally:
        for _, future in under_way:
            future.cancel()
