"""Images by their hash to features and lung masks, each computed once and kept in the store."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.config import FULL, CropSpec, FeatureSpec
from core.errors import ImprintError
from core.extraction import dask_cluster
from core.features import catalog, extract, weights
from core.features.custom import client as custom_client
from core.features.custom import registry
from core.features.pretrained.openvino_export import convert
from core.hashing import key
from core.images import transforms
from core.images.library import Library
from core.inference import runtime
from core.memoize import cache_per_tuple
from core.numeric.blocks import batched
from core.progress import Listener, Meter, Step
from core.regions import crops, lung_network, segmentation
from core.regions.crops import crop as cropped
from core.regions.segmentation import Segmenter, mask_from_logits, resize_mask
from core.store import Arrays, Store

NETWORK_VERSION = 1
MASK = (256, 256)  # px at which masks are kept

MASKS_PER_SECOND = 60.0  # before this machine has told its own
STREAM = 8192  # images whose features or masks are in memory at once, of a set that streams
WORTH_A_CLUSTER = 60.0  # seconds of work; its start takes a few
PREPARE = 10.0  # seconds to convert a network's weights, once


@dataclass(frozen=True)
class Plan:
    """What has to be embedded: ``missing`` of ``images``, in about ``seconds``."""

    images: int
    missing: int
    seconds: float


class Embedder:
    """Features of images by hash, through the store."""

    def __init__(self, store: Store, library: Library, effort: runtime.Effort, listener: Listener) -> None:
        self.store, self.library, self.effort, self.listener = store, library, effort, listener

    def embed(
        self, feature: FeatureSpec, ids: Sequence[str], crop: CropSpec = FULL
    ) -> tuple[np.ndarray, bool]:
        """float32 (n, D) features of images by hash, and whether all were there already.

        Each batch is in the store before the next is asked for; an image is never embedded twice.
        """
        space = feature_key(feature, crop)
        found = self.store.rows(space, ids)
        missing = [identity for identity in dict.fromkeys(ids) if identity not in found]
        for batch, rows in self._made(feature, missing, crop):
            found.update(zip(batch, rows, strict=True))
        return np.stack([found[identity] for identity in ids]), not missing

    def describe(self, feature: FeatureSpec, images: Sequence[np.ndarray]) -> np.ndarray:
        """float32 (n, D) features of pixels that are in no data set; nothing of them is kept."""
        names = [str(place) for place in range(len(images))]
        runtime_ = self._runtime(feature)
        made = extract.embed(feature, names, lambda name: images[int(name)], runtime_, self.effort)
        return np.concatenate([rows for _, rows in made])

    def stream(self, feature: FeatureSpec, ids: Sequence[str], crop: CropSpec = FULL) -> Iterator[np.ndarray]:
        """The same features in blocks, of a set too large to be in memory: first all is made, then read."""
        missing = self.store.lacking_rows(feature_key(feature, crop), ids)
        for part in [missing] if crop.kind == "full" else batched(missing, STREAM):  # masks are in memory
            for _ in self._made(feature, part, crop):
                pass
        for part in batched(ids, STREAM):
            yield self.embed(feature, part, crop)[0]

    def _made(
        self, feature: FeatureSpec, missing: list[str], crop: CropSpec
    ) -> Iterator[tuple[list[str], np.ndarray]]:
        """What is missing, batch by batch, each in the store before it is handed out."""
        if not missing:
            return
        meter = Meter(f"features: {catalog.title(feature.backbone)}", len(missing), self.listener)
        work = self._batches(feature, missing, self._loader(missing, crop))
        start = time.perf_counter()
        with closing(work):
            for batch, rows in work:
                if not np.isfinite(rows).all():
                    raise ImprintError(
                        f"{catalog.title(feature.backbone)} returned values that are not finite."
                    )
                self.store.put_rows(feature_key(feature, crop), batch, rows)
                yield batch, rows
                meter.add(len(batch))
        pace = len(missing) / (time.perf_counter() - start)
        self.store.put_note(pace_name(feature), {"images_per_second": round(pace, 2)})

    def plan(self, feature: FeatureSpec, ids: Sequence[str], wanted: Sequence[CropSpec] = (FULL,)) -> Plan:
        """What ``embed`` would have to compute for distinct images under some crops; computes nothing."""
        lacking = [self.store.count_lacking(feature_key(feature, crop), ids) for crop in wanted]
        masks = self.store.count_lacking(mask_key(), ids) if any(crop != FULL for crop in wanted) else 0
        seconds = sum(lacking) / self._pace(feature) + masks / MASKS_PER_SECOND
        if any(lacking) and catalog.is_network(feature.backbone) and not self.store.has(network_key(feature)):
            seconds += PREPARE
        return Plan(len(ids), max(*lacking, masks), seconds)

    def one_grey(self, ids: tuple[str, ...]) -> np.ndarray:
        """bool (n,): which images have one grey level in all pixels; looked up where it was asked before."""
        name = self.one_grey_name(ids)
        found = self.store.note(name)
        if found is None:
            found = {"places": [place for place, each in enumerate(ids) if self.library.one_grey(each)]}
            self.store.put_note(name, found)
        flat = np.zeros(len(ids), bool)
        flat[np.array(found["places"], int)] = True
        return flat

    @staticmethod
    def one_grey_name(ids: tuple[str, ...]) -> str:
        """Of the note that keeps them."""
        return _one_grey_key(ids)

    def masks(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Lung masks by hash, bool (256, 256) whatever the image's size; each is made once."""
        space = mask_key()
        found = self.store.rows(space, ids)
        missing = [identity for identity in dict.fromkeys(ids) if identity not in found]
        if missing:
            meter = Meter("finding the lungs", len(missing), self.listener)
            logits = Segmenter(self.effort).logits(self.library.pixels(identity) for identity in missing)
            for batch in batched(zip(missing, logits, strict=True), self.effort.batch):
                rows = np.stack([np.packbits(mask_from_logits(row, MASK)) for _, row in batch])
                names = [identity for identity, _ in batch]
                self.store.put_rows(space, names, rows)
                found.update(zip(names, rows, strict=True))
                meter.add(len(names))
        return {identity: np.unpackbits(row).reshape(MASK).astype(bool) for identity, row in found.items()}

    def lungless(self, ids: Sequence[str]) -> set[str]:
        """Which of the images have no lung by their mask; looked up where the same were asked for before."""
        name = self.lungless_name(ids)
        found = self.store.note(name)
        if found is None:
            masks = self.masks(ids)
            found = {"ids": sorted(identity for identity in set(ids) if not masks[identity].any())}
            self.store.put_note(name, found)
        return set(found["ids"])

    @staticmethod
    def lungless_name(ids: Sequence[str]) -> str:
        """Of the note that keeps them."""
        return key("lungless", mask_key(), sorted(ids))

    def _batches(
        self, feature: FeatureSpec, ids: list[str], load: extract.LoadPixels
    ) -> Generator[tuple[list[str], np.ndarray], None, None]:
        """Rows as they are ready: by this process, or by a cluster where that is worth its start."""
        if not self._worth_a_cluster(feature, len(ids)):
            yield from extract.embed(feature, ids, load, self._runtime(feature), self.effort)
            return
        network = self._network(feature) if catalog.is_network(feature.backbone) else None
        self.listener(Step("starting workers", 0, 1))
        with dask_cluster.connected() as client:
            chunks = (
                (batch, [transforms.resize(load(each), feature.size) for each in batch])
                for batch in batched(ids, dask_cluster.CHUNK)
            )
            yield from dask_cluster.embed(client, feature, network, network_key(feature), chunks)

    def _worth_a_cluster(self, feature: FeatureSpec, images: int) -> bool:
        if not self.effort.spread or runtime.has_cuda() or registry.is_own(feature.backbone):
            return False  # an untrusted network runs in one process with limits, which uses all cores
        return dask_cluster.address() is not None or images / self._pace(feature) > WORTH_A_CLUSTER

    def _pace(self, feature: FeatureSpec) -> float:
        """Images per second, as this machine has told, else a first guess."""
        pace = self.store.note(pace_name(feature))
        return float(pace["images_per_second"]) if pace else catalog.first_guess(feature)

    def _loader(self, ids: Sequence[str], crop: CropSpec) -> extract.LoadPixels:
        if crop.kind == "full":
            return self.library.pixels
        masks = self.masks(ids)

        def load(identity: str) -> np.ndarray:
            pixels = self.library.pixels(identity)
            return cropped(crop.kind, pixels, resize_mask(masks[identity], pixels.shape), crop.seed, identity)

        return load

    def _runtime(self, feature: FeatureSpec) -> runtime.Runtime | None:
        if not catalog.is_network(feature.backbone):
            return None
        if registry.is_own(feature.backbone):
            return custom_client.open_worker(feature, weights.require(feature.backbone), self.effort.threads)
        if runtime.has_cuda():
            from core.features.pretrained.torch_models import build

            return runtime.Torch(build(feature, self._weights(feature)), feature.precision)
        return extract.on_cpu(feature, self._network(feature), self.effort)

    def _network(self, feature: FeatureSpec) -> Arrays:
        """As OpenVINO IR, converted once per weights."""
        self.listener(Step(f"preparing {catalog.title(feature.backbone)}", 0, 1))
        return self.store.compute(
            network_key(feature), lambda: convert(feature, self._weights(feature)), "networks"
        )[0]

    @staticmethod
    def _weights(feature: FeatureSpec) -> Path | None:
        return None if feature.weights == catalog.UNTRAINED else weights.require(feature.backbone)


@cache_per_tuple
def _one_grey_key(ids: tuple[str, ...]) -> str:
    return key("one grey", ids)


def adapt_to_machine(feature: FeatureSpec) -> tuple[FeatureSpec, list[str]]:
    """The feature as this machine computes it, and what was changed, in words."""
    if feature.precision == "bf16" and not runtime.has_bf16():
        note = "This processor does not support bf16, so the features were computed in fp32."
        return replace(feature, precision="fp32"), [note]
    return feature, []


def feature_key(feature: FeatureSpec, crop: CropSpec = FULL) -> str:
    """The space that a spec embeds into; its rows are shared by all sets."""
    if crop.kind == "full":
        return key("features", extract.VERSION, feature)
    return key("features", extract.VERSION, feature, crops.VERSION, crop, mask_key())


def mask_key() -> str:
    """The space of lung masks: another network gives others."""
    return key("masks", segmentation.VERSION, lung_network.identity(), MASK)


def network_key(feature: FeatureSpec) -> str:
    parts = (feature.backbone, feature.weights, feature.size, feature.pooling, feature.normalisation)
    return key("network", NETWORK_VERSION, *parts, *feature.options)


def pace_name(feature: FeatureSpec) -> str:
    layer = f":{feature.layer}" if feature.layer else ""
    return f"pace:{feature.backbone}:{feature.size}:{feature.precision}{layer}"
