"""The smallest leak that a sample would have shown."""

from pathlib import Path

import numpy as np
import pytest

from core.battery.nearness import Nearness
from core.images.library import Library
from core.release import power
from core.release.assessment import Assessor
from core.release.attacks import grid
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.parts import Part
from core.release.power import measure_power
from core.release.result import Power
from core.types import ImageSet
from tests.unit.membership.test_cluster_distance import leaky

ATTACKS = [GridAttack("pixels/nearest"), GridAttack("pixels/scaled")]


def measured(assessor: Assessor, image_set: ImageSet) -> tuple[Part, dict[str, Nearness]]:
    part = assessor._protocol([image_set], ReleaseConfig()).development
    near = {a.name: grid.measure(assessor.embedder, a.distance, part.real, part.generated) for a in ATTACKS}
    return part, near


def ask(assessor: Assessor, image_set: ImageSet, seed: int = 0) -> Power:
    return measure_power(assessor.embedder, *_order(measured(assessor, image_set)), None, seed)


def _order(found: tuple[Part, dict[str, Nearness]]) -> tuple[Part, list[GridAttack], dict[str, Nearness]]:
    return found[0], ATTACKS, found[1]


def test_larger_samples_show_smaller_leaks(assessor: Assessor, library: Library, clean: ImageSet) -> None:
    """Where all are copied it is always seen; of 12 patients a class less is seen than of 30."""
    small, large = (ask(assessor, each) for each in (clean, leaky(library, "larger", 0, patients=30)))
    assert large.share is not None
    assert small.share is None or small.share >= large.share
    assert large.found[-1][1] >= 0.8
    assert [share for share, _ in large.found] == list(power.SHARES[: len(large.found)])


def test_the_same_seed_plants_the_same(assessor: Assessor, clean: ImageSet) -> None:
    assert ask(assessor, clean) == ask(assessor, clean)


def test_nothing_that_is_planted_is_kept(
    assessor: Assessor, library: Library, clean: ImageSet, home: Path
) -> None:
    before = sorted((home / "images").rglob("*.png"))
    ask(assessor, clean)
    assert sorted((home / "images").rglob("*.png")) == before


def test_a_share_is_of_all_used_images_also_where_few_are_planted(
    assessor: Assessor, clean: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 24 used images copies are made of 8. A quarter is 6 copies, a half all 8 that there are."""
    counts: list[int] = []
    real = Nearness.extended

    def note(self: Nearness, distances: np.ndarray) -> Nearness:
        counts.append(distances.shape[1])
        return real(self, distances)

    part, near = measured(assessor, clean)
    monkeypatch.setattr(power, "MOST", 8)
    monkeypatch.setattr(power, "SHARES", (0.25, 0.5))
    monkeypatch.setattr(power, "ENOUGH", 1.1)
    monkeypatch.setattr(power, "TRIALS", 1)
    monkeypatch.setattr(Nearness, "extended", note)
    found = measure_power(assessor.embedder, part, ATTACKS, near, 0, 0)
    assert counts == [6, 6, 8, 8]
    assert found.share is None
