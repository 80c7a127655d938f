"""What every test may ask for: a home of its own, the library and the store in it, and the shared data."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from core.images.library import Library
from core.store import Store

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
BROWSER = "tests/browser/"


class Files(LoadFileScheduling):
    """A file is one worker's, the whole folder of journeys too: they share servers, a Chromium, trainings."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return Files(config, log)


def pytest_configure() -> None:
    """OpenMP's threads sleep at a barrier: where they spin, two processes on two cores lose half of both. No
    number depends on it; before torch is imported, and for every process that a test starts."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """IMPRINT_HOME, empty and gone after the test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("IMPRINT_HOME", str(folder))
    for name in ("IMPRINT_WEIGHTS", "IMPRINT_QUOTA_GB"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def shared_data() -> Path:
    """../shared/data; the one reason to skip a test is that it is not there."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not here")
    return SHARED_DATA
