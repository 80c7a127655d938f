"""One patient's anatomy, drawn at random from a population."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demo.phantom.shapes import Point
from demo.phantom.vessels import Tree, grow

LUNG_HEIGHT = 240.0  # mm from the apex (level 0) to the deepest recess (level 1)
STEMS = (  # targets of the main vessels: shares of the cavity to the side and to the back, and a level
    *((0.45, -0.3, 0.05), (0.6, 0.3, 0.15), (0.5, 0.6, 0.3), (0.7, -0.5, 0.3), (0.75, -0.4, 0.5)),
    *((0.8, 0.1, 0.5), (0.7, 0.5, 0.5), (0.6, -0.6, 0.7), (0.8, 0.3, 0.75), (0.5, -0.4, 0.95)),
    *((0.6, 0.1, 1.0), (0.45, 0.6, 0.95)),
)


@dataclass(frozen=True)
class Finding:
    """A nodule, or a cavity if ``hollow``: centre (3,) and half axes in mm."""

    centre: tuple[float, float, float]
    half: Point
    hollow: bool


@dataclass(frozen=True)
class Patient:
    """Lengths in mm, densities in HU. Drawn by ``draw``, and determined by its seed."""

    seed: tuple[int, ...]
    half: Point  # of the body, to the side and to the front
    exponent: float
    fat: float
    breasts: float
    wall: float  # muscle and ribs between the fat and the pleura
    wobble: tuple[tuple[float, float], ...]  # harmonics of the outline: amplitude, phase
    shift: Point
    turn: float  # degrees
    field_of_view: float
    table: float  # its upper side, below the back
    table_bend: float
    heart: tuple[Point, Point, float]  # centre, half axes, degrees
    aorta: float  # radius
    trachea: float  # radius
    contrast: float  # of blood, HU
    bone: float  # marrow, HU
    lung: float  # parenchyma, HU
    gradient: float  # how much denser the dependent lung is, HU
    mottle: float  # HU
    liver: float  # level at which its dome begins
    ribs: float  # phase of the ribs, radians
    findings: tuple[Finding, ...]
    dose: float  # photons per ray in air
    kernel: str  # of the reconstruction

    @property
    def cavity(self) -> Point:
        """Half axes of the chest within its wall."""
        return self.half[0] - self.fat - self.wall - 8, self.half[1] - 0.7 * self.fat - self.wall - 8

    @cached_property
    def trees(self) -> tuple[Tree, Tree]:
        """Vessels of the right and of the left lung, each from its hilum."""
        rng = np.random.default_rng((*self.seed, 1))
        return self._tree(rng, -1), self._tree(rng, 1)

    def _tree(self, rng: np.random.Generator, side: int) -> Tree:
        a, b = self.cavity
        height = LUNG_HEIGHT
        root = np.array([side * 34.0, 2.0, 0.5 * height])
        points = np.array([(side * x * a, y * b, z * height) for x, y, z in STEMS])
        points += rng.normal(0, 8, points.shape)
        return grow(rng, root, points, radius=4.6, reach=0.45 * a + 55)


def draw(*seed: int) -> Patient:
    """The patient of a seed; the same seed gives the same patient on every machine."""
    rng = np.random.default_rng((*seed, 0))
    width = rng.uniform(152, 196)
    depth = width * rng.uniform(0.6, 0.72)
    woman = rng.random() < 0.45
    field = 2 * width * rng.uniform(1.03, 1.22)
    half = (width, depth)
    fat = float(np.clip(rng.gamma(4, 3), 4, 0.2 * depth))
    enhanced = rng.random() < 0.35
    return Patient(
        seed=seed,
        half=half,
        exponent=rng.uniform(2.1, 2.6),
        fat=fat,
        breasts=rng.uniform(8, 26) if woman else rng.uniform(0, 5),
        wall=rng.uniform(15, 21),
        wobble=tuple((rng.normal(0, 0.012), rng.uniform(0, 2 * np.pi)) for _ in range(4)),
        shift=(rng.normal(0, 5), rng.normal(-10, 7)),
        turn=rng.normal(0, 2.5),
        field_of_view=field,
        table=rng.uniform(1, 9),
        table_bend=rng.uniform(380, 620),
        heart=(
            (rng.uniform(14, 24), rng.uniform(-34, -22)),
            (rng.uniform(54, 66), rng.uniform(42, 50)),
            rng.uniform(20, 45),
        ),
        aorta=rng.uniform(11, 15.5),
        trachea=rng.uniform(7.5, 10.5),
        contrast=rng.uniform(160, 320) if enhanced else rng.uniform(38, 55),
        bone=rng.uniform(120, 260),
        lung=rng.normal(-862, 22),
        gradient=rng.uniform(20, 90),
        mottle=rng.uniform(5, 16),
        liver=rng.uniform(0.72, 0.86),
        ribs=rng.uniform(0, 2 * np.pi),
        findings=_findings(rng, half),
        dose=10 ** rng.uniform(5.2, 5.9),
        kernel=str(rng.choice(["cosine", "hamming", "hann"])),
    )


def _findings(rng: np.random.Generator, half: Point) -> tuple[Finding, ...]:
    """None in most patients; otherwise mainly in the upper levels, as in tuberculosis."""
    found = []
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.55, 0.2, 0.15, 0.1]))):
        size = rng.uniform(3, 14)
        centre = (
            float(rng.choice([-1, 1]) * rng.uniform(0.3, 0.6) * half[0]),
            float(rng.uniform(-0.35, 0.35) * half[1]),
            float(rng.beta(1.5, 2) * LUNG_HEIGHT),
        )
        hollow = bool(size > 8 and rng.random() < 0.5)
        found.append(Finding(centre, (size, size * rng.uniform(0.6, 1)), hollow))
    return tuple(found)
