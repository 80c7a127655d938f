"""A sweep over a cluster: chunks of configurations go out with their features, what they made comes back.

A task answers configurations that share their features and their tree, as one process would, over a store in
memory. Only the client writes to the store; the sweep then finds everything there.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core.attribution.pipeline import generated
from core.clustering import scaling
from core.config import CropSpec, FeatureSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.engine import Config, Engine
from core.errors import ImprintError
from core.extraction import dask_cluster
from core.extraction.embedder import adapt_to_machine, feature_key
from core.images.library import Library
from core.membership.sets import facts
from core.regions.crops import NEEDS_LUNGS
from core.stages.out_of_core import run_for
from core.store import Arrays, Store
from core.types import ImageSet

if TYPE_CHECKING:
    from distributed import Client

WORTH_A_CLUSTER = 50_000  # images times configurations; its start takes seconds

Rows = dict[str, np.ndarray]
Spread = PipelineConfig | MembershipConfig


@dataclass
class Memory:
    """What ``Store`` promises, for the life of a task: ``made`` and ``told`` are what it did not find."""

    spaces: Mapping[str, Rows]
    entries: dict[str, Arrays] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    made: dict[str, tuple[str, Arrays]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Arrays | None:
        return self.entries.get(name)

    def has(self, name: str) -> bool:
        return name in self.entries

    def put(self, name: str, arrays: Arrays, stage: str = "", pinned: bool = False) -> None:
        self.entries[name] = arrays
        self.made[name] = stage, arrays

    def compute(self, name: str, make: Callable[[], Arrays], stage: str = "") -> tuple[Arrays, bool]:
        if name in self.entries:
            return self.entries[name], True
        self.put(name, make(), stage)
        return self.entries[name], False

    def rows(self, space: str, ids: Sequence[str]) -> Rows:
        there = self.spaces.get(space, {})
        return {identity: there[identity] for identity in ids if identity in there}

    def has_rows(self, space: str, ids: Sequence[str]) -> bool:
        return len(self.rows(space, ids)) == len(ids)

    def note(self, name: str) -> Any:
        return self.notes.get(name)

    def put_note(self, name: str, value: Any) -> None:
        self.notes[name] = self.told[name] = value


@contextlib.contextmanager
def compute_ahead(
    by: Engine, sets: Sequence[ImageSet], configs: Sequence[Config]
) -> Iterator[Callable[[Config], None]]:
    """To be called before a configuration is asked: computes its group elsewhere, where that is worth it."""
    spread = [each for each in configs if not isinstance(each, ReconstructionConfig) and _plain(each)]
    if not spread or not _worth_a_cluster(by, sets, len(spread)):
        yield lambda config: None
        return
    with dask_cluster.connected() as client:
        yield _Ahead(by, client, sets, spread)


def _plain(config: Spread) -> bool:
    """bf16 is another arithmetic on every processor, so it stays here."""
    return config.feature.precision != "bf16"


def _worth_a_cluster(by: Engine, sets: Sequence[ImageSet], configs: int) -> bool:
    large = any(scaling.is_streamed(len(each.generated)) for each in sets)  # whose features fit no task
    if large or not by.pipeline.embedder.effort.spread:
        return False
    images = sum(len(each.generated) for each in sets)
    return dask_cluster.address() is not None or images * configs > WORTH_A_CLUSTER


class _Ahead:
    """Groups share features, and the chunks of a group each have a tree of their own."""

    def __init__(
        self, by: Engine, client: "Client", sets: Sequence[ImageSet], configs: Sequence[Spread]
    ) -> None:
        self._by, self._client, self._sets = by, client, sets
        self._groups: dict[Any, list[Spread]] = {}
        for config in configs:
            self._groups.setdefault(_group(config), []).append(config)

    def __call__(self, config: Config) -> None:
        if isinstance(config, ReconstructionConfig):
            return
        group = self._groups.pop(_group(config), [])
        chunks: dict[Any, list[Spread]] = {}
        for each in group:
            chunks.setdefault(_chunk(each), []).append(each)
        if len(chunks) < 2:
            return
        with contextlib.suppress(ImprintError):  # weights that are missing, say: each row tells
            self._compute(group, list(chunks.values()))

    def _compute(self, group: Sequence[Spread], chunks: Sequence[Sequence[Spread]]) -> None:
        from distributed import as_completed

        given = self._client.scatter(self._given(group), broadcast=True)
        tasks = [
            self._client.submit(_answer, given, list(self._sets), list(each), pure=False) for each in chunks
        ]
        for task in as_completed(tasks):
            made, told = task.result()
            for name, (stage, arrays) in made.items():
                self._by.store.put(name, arrays, stage)
            for name, value in told.items():
                self._by.store.put_note(name, value)

    def _given(self, group: Sequence[Spread]) -> Memory:
        """Rows of all images, and what no two chunks should make: the PCA, and who has no lung."""
        embedder, store = self._by.pipeline.embedder, self._by.store
        memory = Memory({})
        spaces: dict[str, Rows] = {}
        for feature, crop in {(_feature(each), crop) for each in group for crop in _crops(each)}:
            ids = sorted({file.sha256 for each in self._sets for file in each.files})
            rows, _ = embedder.embed(feature, ids, crop)
            spaces[feature_key(feature, crop)] = dict(zip(ids, rows, strict=True))
        for config in group:
            for name in self._shared(config):
                found, note = store.get(name), store.note(name)
                memory.entries |= {name: found} if found is not None else {}
                memory.notes |= {name: note} if note is not None else {}
        return replace(memory, spaces=spaces)

    def _shared(self, config: Spread) -> list[str]:
        """Makes what is shared, and names it."""
        embedder = self._by.pipeline.embedder
        names = []
        for each in self._sets:
            if not isinstance(config, PipelineConfig):
                facts.gather(self._by.store, self._by.library, each)
                names.append(facts.facts_name(each))
            if isinstance(config, PipelineConfig):
                run = run_for(embedder, replace(config, feature=_feature(config)), generated(each))
                embedder.one_grey(run.ids)
                names.append(embedder.one_grey_name(run.ids))
                if config.reduce.variance is not None:
                    run.pca()
                    names.append(run.pca_key)
            if any(crop.kind in NEEDS_LUNGS for crop in _crops(config)):
                real = () if isinstance(config, PipelineConfig) else each.real
                files = [file.sha256 for file in (*each.generated, *real)]
                embedder.lungless(files)
                names.append(embedder.lungless_name(files))
        return names


def _answer(
    given: Memory, sets: list[ImageSet], configs: list[Spread]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """On a worker, which may be another machine: it needs nothing but what it is given."""
    memory = Memory(given.spaces, dict(given.entries), dict(given.notes))
    by = Engine(cast(Store, memory), cast(Library, None))
    for config in configs:
        with contextlib.suppress(ImprintError):
            by.answer(sets, config)
    return memory.made, memory.told


def _feature(config: Spread) -> FeatureSpec:
    return adapt_to_machine(config.feature)[0]


def _crops(config: Spread) -> tuple[CropSpec, ...]:
    return (config.crop,) if isinstance(config, PipelineConfig) else config.crops()


def _group(config: Config) -> Any:
    assert not isinstance(config, ReconstructionConfig)
    return config.feature, _crops(config)


def _chunk(config: Spread) -> Any:
    if isinstance(config, PipelineConfig):
        spec = config.cluster
        return config.reduce, spec.method, spec.linkage, spec.metric, spec.seed
    return config.method, config.linkage, config.seed
