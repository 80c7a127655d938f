"""What every test may ask for: a home of its own, the library and the store in it, and the shared data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.images.library import Library
from core.store import Store

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


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
