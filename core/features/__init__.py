"""Embeddings: pixels to vectors. A network is a row in backbones, a descriptor one in handcrafted."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from core.errors import BadChoice, UnknownName, WeightsMissing
from core.features import own
from core.features.backbones import NETWORKS, NORMALISATIONS
from core.features.handcrafted import DESCRIPTORS
from core.features.own import is_own as is_own
from core.features.own import network as network
from core.inference.runtime import Effort, OpenVino, Runtime, read
from core.values import FeatureSpec, Scalar

VERSION = 2  # of what is computed here; raise it when the numbers change
PRECISIONS = ("fp32", "bf16")
DEFAULT = "efficientnet_lite0"
UNTRAINED = "untrained"
AHEAD = 2  # batches that are decoded while another is inferred

LoadPixels = Callable[[str], np.ndarray]


def names() -> list[str]:
    """Of all backbones here, a user's own networks last."""
    return NETWORKS.names() + DESCRIPTORS.names() + own.names()


def network_names() -> list[str]:
    return NETWORKS.names() + own.names()


def is_network(backbone: str) -> bool:
    return backbone in NETWORKS.names() or is_own(backbone)


def title(backbone: str) -> str:
    """Also of a network of the user's that is no longer here, which the run log may name."""
    if is_own(backbone):
        return own.title(backbone)
    return NETWORKS.get(backbone).title if is_network(backbone) else DESCRIPTORS.get(backbone).title


def spec(
    backbone: str = DEFAULT,
    *,
    weights: str = "imagenet",
    size: int | None = None,
    pooling: str | None = None,
    normalisation: str | None = None,
    precision: str = "fp32",
    options: dict[str, Scalar] | None = None,
) -> FeatureSpec:
    """A checked spec; what is left out takes the backbone's own default. Raises BadChoice, UnknownName."""
    if is_own(backbone) and backbone not in own.names():
        raise WeightsMissing(own.missing(backbone, weights, size, options or {}))
    if backbone not in names():
        raise UnknownName("backbone", backbone, names())
    if not is_network(backbone):
        return _descriptor_spec(backbone, size, options or {})
    row = network(backbone)
    if row.own:
        own.check_use(backbone, row, weights, size, options or {})
        options = None
    if options:
        raise BadChoice(
            f"{row.title} has no option {', '.join(options)}: that is for LBP, spectra and pixels."
        )
    size = size or row.size
    pooling = pooling or row.pooling
    normalisation = normalisation or row.normalisation
    _one_of("pooling", pooling, row.dimensions)
    _one_of("normalisation", normalisation, NORMALISATIONS)
    _one_of("precision", precision, PRECISIONS)
    if row.own:
        chosen = (("channels", row.own.channels), ("output", row.own.output))
        return FeatureSpec(backbone, row.weights, size, pooling, normalisation, precision, chosen)
    _one_of("weights", weights, ("imagenet", UNTRAINED, row.weights))
    if not (32 <= size <= 1024 and size % 32 == 0):
        raise BadChoice(f"The input size is a multiple of 32 from 32 to 1024 px; got {size}.")
    identity = UNTRAINED if weights == UNTRAINED else row.weights
    return FeatureSpec(backbone, identity, size, pooling, normalisation, precision)


def _descriptor_spec(backbone: str, size: int | None, given: dict[str, Scalar]) -> FeatureSpec:
    row = DESCRIPTORS.get(backbone)
    unknown = sorted(set(given) - set(row.options))
    if unknown:
        raise UnknownName(f"option of {row.title}", unknown[0], list(row.options))
    if size and not 16 <= size <= 1024:
        raise BadChoice(f"The input size is from 16 to 1024 px, or 0 for the image's own; got {size}.")
    chosen = {
        name: option.check(name, given.get(name, option.default)) for name, option in row.options.items()
    }
    return FeatureSpec(backbone, "none", size or 0, "none", "none", "fp64", tuple(sorted(chosen.items())))


def _one_of(what: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise BadChoice(f"{what} is one of {', '.join(allowed)}; got '{value}'.")


def dimensions(feature: FeatureSpec) -> int:
    """Length of the embedding."""
    if is_network(feature.backbone):
        return network(feature.backbone).dimensions[feature.pooling]
    return DESCRIPTORS.get(feature.backbone).dimensions(dict(feature.options))


def first_guess(feature: FeatureSpec) -> float:
    """Images per second to expect before any was measured, on two cores."""
    if not is_network(feature.backbone):
        return DESCRIPTORS.get(feature.backbone).images_per_second
    row = network(feature.backbone)
    if row.own:
        return row.own.images_per_second
    return min(60.0, 70 / (row.gmacs * (feature.size / row.size) ** 2))


def on_cpu(feature: FeatureSpec, converted: dict[str, np.ndarray], effort: Effort) -> OpenVino:
    """One of NETWORKS, converted (convert.py), ready to run."""
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


def resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """uint8 (H, W) to (size, size), bilinear with antialiasing; size 0 leaves it as it is."""
    if size == 0 or pixels.shape == (size, size):
        return pixels
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))
