"""One assessment of a set that leaks all of its training slices, and its dossier."""

from dataclasses import dataclass
from typing import Any

import pytest

from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.dossier.document import document
from core.release.result import Release
from core.store import Store
from core.types import ImageSet
from tests.support.releases import leaking, lighten

MADE: list[Release] = []  # the assessment is the same for every test, so it is made once


@dataclass(frozen=True)
class Case:
    assessor: Assessor
    config: ReleaseConfig
    sets: list[ImageSet]
    release: Release

    def document(self, **choice: Any) -> dict[str, Any]:
        return document(self.release, self.config, self.sets, **choice)


@pytest.fixture
def assessor(store: Store, library: Library, monkeypatch: pytest.MonkeyPatch) -> Assessor:
    lighten(monkeypatch)
    return Assessor(store, library)


@pytest.fixture
def case(assessor: Assessor, library: Library) -> Case:
    config = ReleaseConfig(context="public")
    sets = [leaking(library, "study <b>", 1.0)]
    if not MADE:
        MADE.append(assessor.assess(sets, config))
    return Case(assessor, config, sets, MADE[0])
