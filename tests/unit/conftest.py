"""No unit test writes into the project's own cache."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    pass
