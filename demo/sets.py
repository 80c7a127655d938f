"""The demo data sets, and how their images are made from the files in ``demo/data``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.types import Role
from demo import dial
from demo.generators import EIGEN, NAMES, sample
from demo.mosaic import unpack
from demo.streams import SLICES

DATA = Path(__file__).parent / "data"
PARTS = ("development", "test")
UNSEEN = "gan_nearest"  # in the test part only
GENERATED = {"development": 200, "test": 250}  # images of each generator
PATIENTS = {"DB1": 25, "DB2": 36}  # used, and the same number not used, in each part

Sheets = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Shipped:
    """An image in a sheet; images of 128 px are enlarged."""

    sheet: str
    index: int

    @property
    def sheets(self) -> tuple[str, ...]:
        return (self.sheet,)

    def pixels(self, sheets: Sheets) -> np.ndarray:
        image = sheets[self.sheet][self.index]
        return image if len(image) == dial.SIDE else dial.enlarged(image)


@dataclass(frozen=True)
class Drawn:
    """An image of the memorising generator, for one part of a database."""

    database: str
    part: str
    place: int
    source: int

    @property
    def sheets(self) -> tuple[str, ...]:
        return f"{self.database}-{self.part}", f"population-{self.part}"

    def pixels(self, sheets: Sheets) -> np.ndarray:
        real, population = (sheets[name] for name in self.sheets)
        return dial.draw(self.place, self.source, real, population, seed(self.database, self.part))


Image = Shipped | Drawn


@dataclass(frozen=True)
class Member:
    """One image of a demo data set, with its ground truth."""

    path: str
    image: Image
    role: Role = Role.GENERATED
    label: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A demo data set before its pixels are made."""

    name: str
    layout: str
    members: tuple[Member, ...]


def counts() -> dict[str, int]:
    """The number of images in each sheet."""
    shelf = {f"{name}-{part}": GENERATED[part] for part in PARTS for name in models(part)}
    shelf |= {f"population-{part}": max(PATIENTS.values()) * SLICES for part in PARTS}
    for database, patients in PATIENTS.items():
        shelf |= {f"{database}-{part}": 2 * patients * SLICES for part in PARTS}
    return shelf


def sheet(name: str) -> np.ndarray:
    """uint8 (n, side, side), from the file; eigen-images are sampled, which is as fast and exact."""
    model, part = name.rsplit("-", 1)
    if model == EIGEN:
        return sample(EIGEN, GENERATED[part], model_seed(EIGEN, part))
    return unpack(DATA / f"{name}.webp", counts()[name])


def model_seed(name: str, part: str) -> int:
    """Seed of a model's images in a part."""
    return 1000 + 10 * NAMES.index(name) + PARTS.index(part)


def seed(database: str, part: str) -> int:
    """Seed of a part, which has its own training patients."""
    return 10 * list(PATIENTS).index(database) + PARTS.index(part)


def recipes() -> Iterator[Recipe]:
    for part in PARTS:
        members = tuple(
            Member(f"{name}/{index:03}.png", Shipped(f"{name}-{part}", index), label=name)
            for name in models(part)
            for index in range(GENERATED[part])
        )
        yield Recipe(f"Demo generators {part}", "generators", members)
    for database in PATIENTS:
        for part in PARTS:
            for stop in dial.STOPS:
                name = f"Demo membership {database} {part}, dial {stop:g}"
                yield Recipe(name, "membership", tuple(_membership(database, part, stop)))


def models(part: str) -> list[str]:
    """The generators of a part."""
    return [name for name in NAMES if part == "test" or name != UNSEEN]


def _membership(database: str, part: str, stop: float) -> Iterator[Member]:
    used, not_used = split(database, part)
    for place, source in enumerate(dial.remembered(_slices(used), stop, seed(database, part))):
        yield Member(f"generated/{place:03}.png", Drawn(database, part, place, int(source)))
    for role, patients in ((Role.REAL_USED, used), (Role.REAL_NOT_USED, not_used)):
        for number, index in enumerate(_slices(patients).ravel()):
            group = f"{database}-{first_patient(database, part) + index // SLICES:03}"
            yield Member(
                f"{role}/{number:03}.png", Shipped(f"{database}-{part}", int(index)), role, group=group
            )


def _slices(patients: np.ndarray) -> np.ndarray:
    """Positions of the patients' slices in their sheet, int (patients, 4)."""
    return patients[:, None] * SLICES + np.arange(SLICES)


def split(database: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers within the part of the patients used and not used for training: int (patients,), sorted.

    Drawn by ``build.assigned`` and read from a file.
    """
    used = np.array(json.loads((DATA / "used.json").read_text())[f"{database}-{part}"])
    return used, np.setdiff1d(np.arange(2 * PATIENTS[database]), used)


def first_patient(database: str, part: str) -> int:
    """Number in the database's stream of a part's first patient; no patient is in two parts."""
    return 2 * PATIENTS[database] * PARTS.index(part)
