"""Builds the bundled files: draws the patients, trains the generators, samples and packs their images."""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from demo import sets
from demo.cohort import cohort
from demo.dial import shrunk
from demo.generators import EIGEN, NAMES, WEIGHTS, sample
from demo.mosaic import pack
from demo.streams import SLICES, Stream

Report = Callable[[str], None]


def build(folder: Path, report: Report = print) -> None:
    """Run all steps; those already in the build folder are skipped. One to two hours on two cores."""
    for each in Stream:
        cohort(each, folder, report)
    learn(folder, report)
    sets.DATA.mkdir(exist_ok=True)
    pack_models()
    pack_people(folder)
    report(f"{sum(path.stat().st_size for path in sets.DATA.iterdir()) / 1e6:.1f} MB in {sets.DATA}")


def learn(folder: Path, report: Report) -> None:
    """Train the models that have no weights yet, each in its own process."""
    missing = [name for name in NAMES if not (WEIGHTS / f"{name}.safetensors").exists()]
    with ProcessPoolExecutor() as pool:
        for name in pool.map(_learn, missing, [folder] * len(missing)):
            report(f"{name} is trained")


def _learn(name: str, folder: Path) -> str:
    from demo.generators.training import train

    images = cohort(Stream.TRAINING, folder).images
    WEIGHTS.mkdir(exist_ok=True)
    train(name, np.stack([shrunk(image) for image in images]), WEIGHTS / f"{name}.safetensors")
    return name


def pack_models() -> None:
    for part in sets.PARTS:
        for name in sets.models(part):
            if name == EIGEN:  # its images are sampled at installation
                continue
            pack(drawn(name, part), sets.DATA / f"{name}-{part}.webp")


def drawn(name: str, part: str) -> np.ndarray:
    """A model's images for a part as they are bundled, uint8 (n, 128, 128)."""
    return sample(name, sets.GENERATED[part], sets.model_seed(name, part))


def pack_people(folder: Path) -> None:
    population = cohort(Stream.POPULATION, folder).images
    for part, images in zip(sets.PARTS, np.split(population, len(sets.PARTS)), strict=True):
        pack(np.stack([shrunk(image) for image in images]), sets.DATA / f"population-{part}.webp")
    others = cohort(Stream.TRAINING, folder).images
    used: dict[str, list[int]] = {}
    for database, patients in sets.PATIENTS.items():
        images = cohort(Stream[database], folder).images
        for part in sets.PARTS:
            first = sets.first_patient(database, part) * SLICES
            people = images[first : first + 2 * patients * SLICES]
            pack(people, sets.DATA / f"{database}-{part}.webp")
            used[f"{database}-{part}"] = assigned(people, others, sets.seed(database, part))
    (sets.DATA / "used.json").write_text(json.dumps(used))


def assigned(people: np.ndarray, others: np.ndarray, seed: int) -> list[int]:
    """Sorted numbers of the patients that are used for training, half of all.

    Patients are paired by how typical they are, and one of each pair is chosen at random. A typical slice is
    close to the images of any generator, which must not be mistaken for memorisation. ``people`` uint8
    (patients * 4, 256, 256) in order; ``others`` uint8 (n, 256, 256), another sample of the population.
    """
    distance = cdist(_thumbnails(people), _thumbnails(others)).min(1).reshape(-1, SLICES).mean(1)
    pairs = np.argsort(distance, kind="stable").reshape(-1, 2)
    return sorted(np.random.default_rng((seed, 2)).permuted(pairs, axis=1)[:, 0].tolist())


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """float (n, 64 * 64): the mean of each 4 x 4 px."""
    return images.reshape(len(images), 64, 4, 64, 4).mean((2, 4)).reshape(len(images), -1)
