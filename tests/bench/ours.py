"""Our side: the network prepared once, then library to rows, in memory or committed in a store."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.config import FeatureSpec
from core.extraction.embedder import Embedder
from core.features import extract
from core.features.pretrained.openvino_export import convert
from core.images.library import Library
from core.inference.runtime import Effort, Runtime, Torch
from core.progress import silent
from core.store import Store

Network = dict[str, np.ndarray]


def prepare(spec: FeatureSpec) -> tuple[Network, float]:
    """The converted network, and the seconds that took: once per weights, then it is in the store."""
    start = time.perf_counter()
    return convert(spec, None), time.perf_counter() - start


def on_cpu(spec: FeatureSpec, network: Network) -> Runtime:
    return extract.on_cpu(spec, network, Effort())


def on_cuda(spec: FeatureSpec) -> Runtime:
    from core.features.pretrained.torch_models import build

    return Torch(build(spec, None), spec.precision)


class Ours:
    """Our extraction in one precision over images of a library."""

    def __init__(
        self, spec: FeatureSpec, engine: Callable[[], Runtime], library: Library, ids: Sequence[str]
    ) -> None:
        self._spec, self._library, self._ids = spec, library, ids
        start = time.perf_counter()
        self._engine = engine()
        self.compile_seconds = time.perf_counter() - start

    def rows(self, count: int | None = None) -> np.ndarray:
        """The rows of the first images, by default of all."""
        ids = self._ids[:count]
        work = extract.embed(self._spec, ids, self._library.pixels, self._engine, Effort())
        return np.concatenate([rows for _, rows in work])

    def pace(self) -> float:
        """Images per second, files to rows in memory."""
        start = time.perf_counter()
        self.rows()
        return len(self._ids) / (time.perf_counter() - start)

    def committed_pace(self) -> float:
        """Images per second, files to rows in a fresh store on disk, by the call that the pipeline makes."""
        with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
            store = Store(Path(folder))
            embedder = _Prepared(store, self._library, self._engine)
            start = time.perf_counter()
            embedder.embed(self._spec, self._ids)
            seconds = time.perf_counter() - start
            store.close()
        return len(self._ids) / seconds


class _Prepared(Embedder):
    """The pipeline's embedder, but its network is compiled already: what that costs is told apart."""

    def __init__(self, store: Store, library: Library, engine: Runtime) -> None:
        super().__init__(store, library, Effort(), silent)
        self._engine = engine

    def _runtime(self, feature: FeatureSpec) -> Runtime:
        return self._engine
