"""The patients of the demo data sets: each is unique and has a few neighbouring slices."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from demo.phantom.patient import LUNG_HEIGHT, draw
from demo.phantom.scanner import scan, windowed
from demo.phantom.thorax import cut
from demo.streams import SLICES, Stream

SPACING = 10.0  # mm between a patient's slices
HIGHEST, LOWEST = 0.14, 0.82  # range of levels of the slices


@dataclass(frozen=True)
class Scan:
    """One slice after the scanner: ``image`` uint8 and ``lungs`` bool, both (256, 256)."""

    patient: str
    image: np.ndarray
    lungs: np.ndarray


def levels(stream: Stream, number: int) -> list[float]:
    """Levels of a patient's slices: ``SLICES`` of them, ``SPACING`` mm apart, downwards from a random one."""
    rng = np.random.default_rng((stream, number, 4))
    step = SPACING / LUNG_HEIGHT
    first = rng.uniform(HIGHEST, LOWEST - (SLICES - 1) * step)
    return [first + step * index for index in range(SLICES)]


def scans(stream: Stream, number: int) -> list[Scan]:
    """The slices of one patient of a stream."""
    patient = draw(stream, number)
    made = []
    for index, level in enumerate(levels(stream, number)):
        drawn = cut(patient, level)
        noise = np.random.default_rng((stream, number, 5, index))
        seen = scan(drawn.hu, patient.field_of_view, patient.dose, patient.kernel, noise)
        made.append(Scan(f"{stream.name}-{number:03}", windowed(seen), drawn.lungs))
    return made


def _one(task: tuple[Stream, int]) -> list[Scan]:
    return scans(*task)


def many(stream: Stream, numbers: Iterable[int], processes: int | None = None) -> Iterator[list[Scan]]:
    """The slices of many patients, in order, drawn on all cores."""
    tasks = [(stream, number) for number in numbers]
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_one, tasks, chunksize=2)
