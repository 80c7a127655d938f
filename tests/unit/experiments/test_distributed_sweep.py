"""A sweep over a cluster: the rows of one process, each image embedded once, each stage made once."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from core.config import AutoencoderSpec, ReconstructionConfig
from core.engine import Engine
from core.experiments import distributed_sweep, sweep
from core.experiments.grid import Grid, Listed
from core.extraction import dask_cluster
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from core.types import ImageSet
from tests.support.samples import Counting, make_set
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

LBP = catalog.spec("lbp")
SPREAD = Effort(spread=True)


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed_sweep, "WORTH_A_CLUSTER", 0)
    monkeypatch.delenv(dask_cluster.SCHEDULER, raising=False)
    # Streamlit's AppTest leaves a page as the main module, which a spawned worker would run again.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))


def swept(
    store: Store, library: Library, sets: list[ImageSet], listed: Listed, effort: Effort
) -> dict[str, Any]:
    """All that a sweep tells but how long it took."""
    found = sweep.run_sweep(Engine(store, library, effort), sets, listed).as_json()
    for row in [*found["rows"], found["test"] or {}]:
        row.pop("seconds", None)
    return found


GENERATORS = Grid(
    (LBP, catalog.spec("pixels", options={"side": 8}), catalog.spec("resnet50")),
    variances=(None, 0.9),
    methods=("hierarchical", "kmeans"),
    linkages=("ward", "average"),
    ks=("known", 2, "auto"),
).attributions()
MEMBERSHIPS = Grid(
    (PIXELS,), crops=("full", "lung"), methods=("hierarchical", "kmeans"), ks=(4, 8)
).memberships()


@pytest.mark.parametrize("kind", ["generators", "memberships"])
def test_a_cluster_gives_the_rows_of_one_process(kind: str, library: Library, tmp_path: Path) -> None:
    """All numbers of all rows, those that can't run with the same reason, the choice and its p-value; and
    nothing is made twice. Of generators: 18 images once for each of 2 backbones, a PCA for each, 8 trees."""
    names = [make_set(library)] if kind == "generators" else [leaky(library, name, 1) for name in ("a", "b")]
    listed = GENERATORS if kind == "generators" else MEMBERSHIPS
    here, there = Counting(tmp_path / "here"), Counting(tmp_path / "there")
    assert swept(there, library, names, listed, SPREAD) == swept(here, library, names, listed, Effort())
    assert set(there.names.values()) == {1}
    assert there.made == here.made
    if kind == "generators":
        assert (there.made["embeddings"], there.made["pca"], there.made["tree"]) == (2 * 18, 2, 8)
    here.close()
    there.close()


def test_what_is_not_worth_it_or_can_not_travel_stays_here(
    library: Library, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small sweep, one process's effort, and trainings start no cluster."""
    monkeypatch.setattr(dask_cluster, "connected", None)
    sets = [leaky(library, "dev", 1)]
    training = Listed((ReconstructionConfig(AutoencoderSpec(size=32, epochs=1)),))
    with distributed_sweep.compute_ahead(Engine(store, library, SPREAD), sets, training.configs) as ahead:
        ahead(training.configs[0])
    with distributed_sweep.compute_ahead(
        Engine(store, library, Effort()), sets, MEMBERSHIPS.configs
    ) as ahead:
        ahead(MEMBERSHIPS.configs[0])
    monkeypatch.setattr(distributed_sweep, "WORTH_A_CLUSTER", 10**9)
    with distributed_sweep.compute_ahead(Engine(store, library, SPREAD), sets, MEMBERSHIPS.configs) as ahead:
        ahead(MEMBERSHIPS.configs[0])
