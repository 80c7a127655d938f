"""Every page, headless, over a home of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.images.library import Library
from tests.support import textures

ROOT = Path(__file__).parents[2]
LIMIT = 60  # seconds; a first run imports scikit-learn


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPRINT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def small(home: Path) -> Library:
    """A library with one small set of three generators."""
    library = Library()
    textures.install(library)
    return library


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page by its file and run it, with its knobs as the address would set them."""
    monkeypatch.chdir(ROOT)

    def run(page: str, **address: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LIMIT).switch_page(page)
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return run
