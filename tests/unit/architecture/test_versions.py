"""Raising a module's VERSION changes the keys of what is kept of its numbers: none is read again.

Modules are found in the tree, so that a new one without a key here fails.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.attribution.fingerprints import fingerprint_key
from core.audit.pipeline import Auditor, statistics_key
from core.audit.robustness import Disturbed
from core.config import (
    AutoencoderSpec,
    ClusterSpec,
    CropSpec,
    MembershipConfig,
    PipelineConfig,
    ReduceSpec,
)
from core.engine import Engine
from core.experiments import sweep
from core.experiments.grid import Listed
from core.extraction import embedder
from core.features import catalog
from core.images.library import Library
from core.membership.reconstruction import error_patterns, keys
from core.release.assessment import assessment_key
from core.release.config import ReleaseConfig
from core.stages.cached import Run
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import ROOT, make_set, noise
from tests.unit.membership.test_cluster_distance import PIXELS

VERSIONS = ("VERSION", "NETWORK_VERSION")
LUNG = CropSpec("lung")
CONFIG = PipelineConfig(PIXELS, ReduceSpec(0.9), ClusterSpec(k=2))
FOUND = ClusterSpec(k="auto")

NOT_IN_ROWS = (
    "core.attribution.fingerprints",
    "core.audit",
    "core.battery",
    "core.fidelity",
    "core.release",
    "core.clustering.dimensions",
    "core.clustering.open_set",
    "core.clustering.projection",
    "core.membership.f1_over_k",
)  # of a sweep


def versioned() -> list[tuple[str, str]]:
    """Modules of core that have a version, by the text of their files."""
    found = []
    for path in sorted((ROOT / "core").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for line in path.read_text("utf-8").splitlines():
            word = line.partition(" = ")[0]
            if word in VERSIONS:
                found.append((name, word))
    return found


class Names(Store):
    """Notes the name of all that is put."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.put_names: set[str] = set()

    def put(self, name: str, arrays: dict, stage: str = "", pinned: bool = False) -> None:
        self.put_names.add(name)
        super().put(name, arrays, stage, pinned)

    def put_note(self, name: str, value: dict) -> None:
        self.put_names.add(name)
        super().put_note(name, value)


@pytest.fixture
def sets(library: Library) -> tuple[ImageSet, ImageSet]:
    """A tiny set of each question."""
    images = noise(30)
    roles = [Role.GENERATED] * 6 + [Role.REAL_USED, Role.REAL_NOT_USED] * 12
    files = tuple(
        ImageFile(f"{i}.png", library.add_pixels(pixels), role)
        for i, (role, pixels) in enumerate(zip(roles, images, strict=True))
    )
    membership = ImageSet("m", "membership", files)
    library.add(membership)
    return make_set(library, "a", {"x": images[:6], "y": images[6:12]}), membership


@pytest.fixture
def names(
    library: Library, sets: tuple[ImageSet, ImageSet], tmp_path: Path
) -> Iterator[Callable[[str], set[str]]]:
    """All names under which something is kept, by the package of the module, each time from nothing."""
    attribution, membership = sets
    opened: list[Names] = []

    def ask(module: str) -> set[str]:
        store = Names(tmp_path / f"store{len(opened)}")
        opened.append(store)
        by = Engine(store, library)
        if module.startswith(("core.battery", "core.fidelity", "core.release")):
            return {assessment_key([membership], ReleaseConfig())}
        if module.startswith("core.membership.reconstruction"):
            spec = AutoencoderSpec(32, epochs=1)
            truth = by.reconstruction.ground_truth(membership)[0]
            by_chance = error_patterns.by_chance_key(membership, spec, truth)
            return {keys.model_key(membership, spec), keys.ssim_key([membership], spec, truth), by_chance}
        if module.startswith("core.membership"):
            config = MembershipConfig(PIXELS, k=2)
            by.answer([membership], config)
            by.cluster_distance.over_k(membership, None, config, "balanced")
        elif module.startswith("core.audit"):
            Auditor(store, library).audit(attribution)
            Disturbed(by.pipeline.embedder, attribution, PIXELS).rows([])
            return store.put_names | {statistics_key()}
        elif module.startswith("core.attribution"):
            store.put_names.add(fingerprint_key(("a",)))
        elif module.startswith("core.clustering"):
            by.answer([attribution], CONFIG)
            by.pipeline.dimensions(attribution, CONFIG)
            Disturbed(by.pipeline.embedder, attribution, PIXELS).rows([])
            by.answer([attribution], replace(CONFIG, cluster=FOUND, whiten=membership.real_content))
            for kind in ("pca", "umap"):
                store.put_names.add(Run(by.pipeline.embedder, CONFIG, attribution.generated).map_key(kind))
        else:
            store.put_names |= {
                embedder.feature_key(PIXELS),
                embedder.feature_key(PIXELS, LUNG),
                embedder.mask_key(),
                embedder.network_key(catalog.spec()),
                sweep.sweep_name([attribution], Listed((CONFIG,))),
            }
        return store.put_names

    yield ask
    for store in opened:
        store.close()


@pytest.mark.parametrize(("module", "word"), versioned())
def test_raising_a_version_changes_the_keys(
    module: str, word: str, names: Callable[[str], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without raising it they are the same every time."""
    before = names(module)
    assert names(module) == before
    raised = importlib.import_module(module)
    monkeypatch.setattr(raised, word, getattr(raised, word) + 1)
    assert names(module) - before


@pytest.mark.parametrize(
    ("module", "word"),
    [each for each in versioned() if not each[0].startswith(NOT_IN_ROWS)],
)
def test_raising_a_version_is_a_new_sweep(
    module: str, word: str, sets: tuple[ImageSet, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep's rows are kept whole: numbers of another version must not be shown as this one's."""
    name = sweep.sweep_name([sets[0]], Listed((CONFIG,)))
    raised = importlib.import_module(module)
    monkeypatch.setattr(raised, word, getattr(raised, word) + 1)
    assert sweep.sweep_name([sets[0]], Listed((CONFIG,))) != name


def test_the_walk_finds_modules() -> None:
    assert {("core.clustering.metrics", "VERSION"), ("core.extraction.embedder", "NETWORK_VERSION")} <= set(
        versioned()
    )
    assert np.all([hasattr(importlib.import_module(name), word) for name, word in versioned()])
