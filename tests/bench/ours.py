"""Our side: the network prepared once, then library to rows, in memory or committed in a store."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import features, stages
from core.features.convert import convert
from core.features.runtime import Effort, OpenVino
from core.images.library import Library
from core.progress import silent
from core.store import Store
from core.values import FeatureSpec

Network = dict[str, np.ndarray]


def prepare(spec: FeatureSpec) -> tuple[Network, float]:
    """The converted network, and the seconds that took: once per weights, then it is in the store."""
    start = time.perf_counter()
    return convert(spec, None), time.perf_counter() - start


class Ours:
    """Our extraction in one precision over images of a library."""

    def __init__(self, spec: FeatureSpec, network: Network, library: Library, ids: Sequence[str]) -> None:
        self._spec, self._network, self._library, self._ids = spec, network, library, ids
        start = time.perf_counter()
        self._engine = OpenVino(network, spec.precision, Effort())
        self.compile_seconds = time.perf_counter() - start

    def rows(self, count: int | None = None) -> np.ndarray:
        """The rows of the first images, by default of all."""
        ids = self._ids[:count]
        work = features.embed(self._spec, ids, self._library.pixels, self._engine, Effort())
        return np.concatenate([rows for _, rows in work])

    def pace(self) -> float:
        """Images per second, files to rows in memory."""
        start = time.perf_counter()
        self.rows()
        return len(self._ids) / (time.perf_counter() - start)

    def committed_pace(self) -> float:
        """Images per second, files to rows in a fresh store on disk, as the pipeline itself counts them.

        It counts from when the network is compiled, which it does at every call and here stands apart.
        """
        with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
            store = Store(Path(folder))
            store.put(stages.network_key(self._spec), self._network)
            stages.Embedder(store, self._library, Effort(), silent).embed(self._spec, self._ids)
            note = store.note(stages.pace_name(self._spec))
            store.close()
        assert note is not None
        return float(note["images_per_second"])
