"""``IMPRINT_HOME=.. python -m tests.bench.release null|power [TRIALS] [SHARE ..]``: how often a release's
verdict accuses the innocent, and how small a leak it finds.

Needs a home with DB1 and DB2 of ``../shared/data/membership-dev`` (``python -m core import``), with patients.
Roles are drawn anew for each trial, a patient group as a whole, so that nothing is to be found but what is
planted. Fidelity and the power of each single verdict are left out; copies (core/battery/planting.py) are
embedded once and added to the distances.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.battery.pairwise import PAIRWISE
from core.battery.planting import plant_copy
from core.config import FULL
from core.images.library import Library
from core.inference.runtime import Effort
from core.numeric.statistics import format_p
from core.release.assessment import Assessor
from core.release.attacks import grid
from core.release.attacks.catalog import BATTERY
from core.release.attacks.family import Scored
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.measuring import Measured
from core.release.parts import Part
from core.release.protocol import Protocol
from core.release.result import FOUND, Power, Release
from core.store import Store
from core.types import ImageFile, ImageSet, Role

TRIALS = 200
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5)
MARK = "~"  # begins the names of planted copies, which come after all hashes
USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


class Quick(Assessor):
    """An assessor without fidelity and power, to whom copies can be added: of which real image is each."""

    def __init__(self, store: Store, library: Library) -> None:
        super().__init__(store, library, Effort(threads=1))
        self.attacks = [GridAttack(name) for name in BATTERY]
        self.planted: dict[str, dict[str, np.ndarray]] = {}
        self.real: tuple[str, ...] = ()

    def plant(self, files: Sequence[ImageFile], real: tuple[str, ...], seed: int) -> None:
        """Distances of all real images to a copy of each file, by distance and the original's hash."""
        rng = np.random.default_rng(seed)
        images = [plant_copy(self.library.pixels(file.sha256), rng) for file in files]
        made: dict[Any, np.ndarray] = {}
        for attack in self.attacks:
            feature = attack.distance.feature()
            if feature not in made:
                made[feature] = self.embedder.describe(feature, images)
            rows = self.embedder.embed(feature, real, FULL)[0]
            distances = PAIRWISE.get(attack.distance.pairwise)(rows, made[feature])
            columns = {MARK + file.sha256: row for file, row in zip(files, distances.T, strict=True)}
            self.planted[attack.distance.title] = columns
        self.real = real

    def _measured(self, protocol: Protocol, part: Part) -> Measured:
        scored = {each.name: self._scored(each, part) for each in self.attacks}
        return Measured(part, scored, dict.fromkeys(scored, 0.0))

    def _scored(self, attack: GridAttack, part: Part) -> Scored:
        clean = tuple(sha for sha in part.generated if not sha.startswith(MARK))
        found = grid.measure(self.embedder, attack.distance, part.real, clean)
        if added := [sha for sha in part.generated if sha.startswith(MARK)]:
            place = {sha: i for i, sha in enumerate(self.real)}
            rows = [place[sha] for sha in part.real]
            columns = self.planted[attack.distance.title]
            found = found.extended(np.stack([columns[sha][rows] for sha in added], 1))
        return Scored(attack.of(found), found, part.generated)

    def _power(self, *_: Any) -> Power | None:  # type: ignore[override]
        return None

    def _worth(self, *_: Any) -> dict[str, object]:
        return {}


# -- trials -------------------------------------------------------------------------------------------


def with_roles(image_set: ImageSet, real: Sequence[ImageFile], rng: np.random.Generator) -> ImageSet:
    """Half of the patient groups of some real images, at random, have the label "used"."""
    groups = np.unique([str(file.group) for file in real])
    used = set(rng.permutation(groups)[: len(groups) // 2])
    files = tuple(replace(file, role=USED if file.group in used else NOT_USED) for file in real)
    return replace(image_set, files=(*image_set.generated, *files))


def halves(real: Sequence[ImageFile], rng: np.random.Generator) -> list[list[ImageFile]]:
    groups = np.unique([str(file.group) for file in real])
    first = set(rng.permutation(groups)[: len(groups) // 2])
    return [[f for f in real if (f.group in first) is side] for side in (True, False)]


@dataclass(frozen=True)
class Design:
    """Whose real images get roles at random, and whether half of the patients are a development set."""

    name: str
    of: str
    everyone: bool
    tested: bool = False

    def sets(self, library: Library, rng: np.random.Generator) -> list[ImageSet]:
        source = library.get(self.of)
        real = [file for file in source.real if self.everyone or file.role is NOT_USED]
        if not self.tested:
            return [with_roles(source, real, rng)]
        return [
            replace(with_roles(source, part, rng), name=name)
            for name, part in zip(("development", "test"), halves(real, rng), strict=True)
        ]


DESIGNS = (
    Design("DB2, not used", "DB2", False),
    Design("DB2, all real", "DB2", True),
    Design("DB2, all real, half of them development", "DB2", True, tested=True),
    Design("DB1, not used", "DB1", False),
)


def null_rows(trials: int) -> Iterator[str]:
    library = Library()
    assessor = Quick(Store(), library)
    for design in DESIGNS:
        found = [
            assessor._assess(design.sets(library, np.random.default_rng(seed)), ReleaseConfig(seed=seed))
            for seed in range(trials)
        ]
        yield f"{design.name}: {_null(found)}"


def _null(found: Sequence[Release]) -> str:
    accused = np.mean([each.verdict == FOUND for each in found])
    small = np.mean([(each.corrected_p or 0) < 0.05 for each in found])
    placebo = np.mean([(each.controls.placebo_p or 1) < 0.05 for each in found if each.controls])
    named = [each.at_risk.n_images for each in found]
    groups = [each.at_risk.n_groups for each in found]
    images = sum(facts.used + facts.not_used for facts in found[0].sets[-1:])
    return (
        f"{len(found)} splits, exposure found {accused:.1%}, corrected p < 0.05 {small:.1%}, "
        f"placebo's p < 0.05 {placebo:.1%}; somebody named {np.mean(np.array(named) > 0):.1%}, "
        f"a group {np.mean(np.array(groups) > 0):.1%}, images named {np.mean(named) / images:.2%}"
    )


@dataclass(frozen=True)
class Trial:
    """Shares are None where nobody was planted or named."""

    found: bool
    p: float
    of_planted: float | None
    strangers: float | None
    near_duplicates: float | None
    groups_found: float | None
    false_groups: float | None


def power_rows(trials: int, shares: Sequence[float], tested: bool) -> Iterator[str]:
    library = Library()
    assessor = Quick(Store(), library)
    design = Design("DB2, all real", "DB2", True, tested)
    real = {file.sha256: file for file in library.get("DB2").real}
    files = [real[sha] for sha in sorted(real)]
    for share in shares:
        made = []
        for seed in range(trials):
            if seed % 20 == 0:
                assessor.plant(files, tuple(sorted(real)), seed)
            made.append(_trial(assessor, design, library, share, seed))
        yield f"{share:.0%}: {_row(made)}"


def _trial(assessor: Quick, design: Design, library: Library, share: float, seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    sets, copied = [], set[str]()
    for each in design.sets(library, rng):
        used = sorted({file.sha256 for file in each.real if file.role is USED})
        count = round(share * len(used)) or int(share > 0)
        copied = set(rng.choice(used, count, replace=False)) if count else set()
        planted = tuple(ImageFile(MARK + sha, MARK + sha) for sha in sorted(copied))
        sets.append(replace(each, files=(*each.files, *planted)))
    found = assessor._assess(sets, ReleaseConfig(seed=seed))
    group = {file.sha256: str(file.group) for file in sets[-1].real}
    exposed = {group[sha] for sha in copied}
    named, people = found.at_risk.images, {each.group for each in found.at_risk.groups}
    others = [each for each in named if each.sha256 not in copied]
    near = sum(str(each.group) in exposed for each in others)
    return Trial(
        found.verdict == FOUND,
        found.corrected_p or 0,
        _share(len(named) - len(others), len(copied)),
        _share(len(others) - near, len(named)),
        _share(near, len(named)),
        _share(len(people & exposed), len(exposed)),
        _share(len(people - exposed), len(people)),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _row(made: Sequence[Trial]) -> str:
    """False discovery rates count a trial that names nobody as 0."""

    def mean(name: str, none: float | None = None) -> str:
        values = [getattr(each, name) for each in made]
        kept = [none if value is None else value for value in values if value is not None or none is not None]
        return f"{np.mean(kept):.2f}" if kept else "none"

    found, p = np.mean([each.found for each in made]), np.array([each.p for each in made])
    return (
        f"{len(made)} trials, exposure found {found:.1%}, corrected p < 0.05 {(p < 0.05).mean():.1%} (median "
        f"{format_p(float(np.median(p)))}), planted slices named "
        f"{mean('of_planted')}, of the named strangers {mean('strangers', 0)} and near-duplicates "
        f"{mean('near_duplicates', 0)}; planted groups named {mean('groups_found')}, false among groups "
        f"{mean('false_groups', 0)}"
    )


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    count = int(numbers[0]) if numbers else TRIALS
    some = [float(number) for number in numbers[1:]] or SHARES
    rows = null_rows(count) if what == "null" else power_rows(count, some, what == "tested")
    for line in rows:
        print(line, flush=True)
