"""A battery of pixels alone, which costs no network, and small sets of every kind."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.release import assessment, evidence, power, protocol, worth
from core.release.assessment import Assessor
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.unit.membership.test_cluster_distance import leaky

PIXELS = ("pixels/nearest", "pixels/scaled", "registered/nearest", "registered/scaled")
Changed = Callable[[ImageFile], ImageFile | None]


@pytest.fixture(autouse=True)
def battery(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (assessment, evidence, protocol):
        monkeypatch.setattr(module, "BATTERY", PIXELS)
    monkeypatch.setattr(protocol, "DEFAULT_HEADLINE", "pixels/scaled")
    monkeypatch.setattr(worth, "spaces", lambda: {"pixels at 32 px": catalog.spec("pixels")})
    monkeypatch.setattr(power, "TRIALS", 10)
    monkeypatch.setattr(power, "PERMUTATIONS", 99)


@pytest.fixture
def without_fidelity(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Which takes longer than all else; tests that are named after it have it."""
    if "fidelity" not in request.node.name:
        monkeypatch.setattr(worth, "measure_worth", lambda *_: {})


@pytest.fixture
def assessor(store: Store, library: Library) -> Assessor:
    return Assessor(store, library, Effort(8, 2))


@pytest.fixture
def leak(library: Library) -> ImageSet:
    """24 used and 24 not used images of 24 patients; every used one has a noisy copy."""
    return leaky(library, "dev", 1)


@pytest.fixture
def clean(library: Library) -> ImageSet:
    """The same number of generated images, of nobody."""
    return leaky(library, "nothing", 0)


def changed(image_set: ImageSet, change: Changed, name: str | None = None) -> ImageSet:
    """With each file as ``change`` makes it; without those that it makes None."""
    files = tuple(made for file in image_set.files if (made := change(file)) is not None)
    return replace(image_set, name=name or image_set.name, files=files)


def real_as(role: Role | None = None, group: str | None = "own") -> Changed:
    """Real images of another role or group."""

    def change(file: ImageFile) -> ImageFile:
        if file.role is Role.GENERATED:
            return file
        return replace(file, role=role or file.role, group=file.group if group == "own" else group)

    return change
