"""On which training subset was the generator of an image trained? (ImageCLEFmedical GANs 2025, sub-task 2)

With labels a discriminant learns the mark that each generator leaves; without, an image is assigned to the
subset of its nearest real slice, which asks for memory. A generator of the same subset with another seed has
another mark, so the first answer is about generators, the second about slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.clustering import discriminant
from core.config import FeatureSpec
from core.errors import BadChoice
from core.extraction.embedder import Embedder, adapt_to_machine
from core.features import catalog
from core.numeric.distances import euclidean_distances
from core.numeric.statistics import BOOTSTRAPS, Score, percentile_interval
from core.types import ImageFile, ImageSet, Role, distinct_files
from core.wording import counted

TINY = 1e-12  # stands for a distance of 0 where it divides
FEWEST = 10  # labelled images of a subset
NEAREST = 10  # real slices whose mean distance is a generated image's own scale
VOTES = 30  # images of one generator that decide together


@dataclass(frozen=True)
class Reading:
    """How well one way of reading names the subset. ``table`` int (c, c): true by named subset;
    ``voted``: how often 30 images of one generator, drawn at random, name it by majority."""

    accuracy: Score
    kappa: Score
    table: np.ndarray
    voted: float


@dataclass(frozen=True)
class Subsets:
    """``with_labels`` is cross-validated; ``without`` needs real slices with subsets, and is None without.
    ``predicted``: the subset of each of ``files``, the images of the test set if there is one."""

    names: tuple[str, ...]
    with_labels: Reading
    without: Reading | None
    files: tuple[ImageFile, ...]
    predicted: tuple[str, ...]
    notes: tuple[str, ...]


def read_subsets(
    embedder: Embedder,
    development: ImageSet,
    test: ImageSet | None,
    feature: FeatureSpec,
    seed: int,
) -> Subsets:
    """``development`` has generated images labelled by subset, and perhaps real ones. Raises BadChoice."""
    feature, notes = adapt_to_machine(feature)
    files = distinct_files([file for file in development.generated if file.label])
    names = tuple(sorted({str(file.label) for file in files}))
    _check(development, files, names)
    labels = np.array([names.index(str(file.label)) for file in files])
    rows, _ = embedder.embed(feature, [file.sha256 for file in files])
    found = discriminant.cross_predict(rows, labels, seed)
    asked = distinct_files(test.generated) if test is not None else tuple(files)
    predicted = found
    if test is not None:
        fitted = discriminant.fit(rows, labels)
        predicted = fitted.predict(embedder.embed(feature, [file.sha256 for file in asked])[0])
    without, said = _by_slices(embedder, development, files, names, labels, seed)
    return Subsets(
        names,
        _reading(labels, found, len(names), seed),
        without,
        asked,
        tuple(names[number] for number in predicted),
        (*notes, *said),
    )


def _check(development: ImageSet, files: Sequence[ImageFile], names: Sequence[str]) -> None:
    if len(names) < 2:
        raise BadChoice(
            f"'{development.name}' has {counted(len(names), 'training subset')} among its generated "
            "images; at "
            "least 2 are needed. Name them by folders such as generated/t1 and generated/t2."
        )
    counts = {name: sum(file.label == name for file in files) for name in names}
    few = [f"{name} ({count})" for name, count in counts.items() if count < FEWEST]
    if few:
        raise BadChoice(
            f"At least {FEWEST} generated images of a subset are needed; fewer: {', '.join(few)}."
        )


def _by_slices(
    embedder: Embedder,
    development: ImageSet,
    files: Sequence[ImageFile],
    names: Sequence[str],
    labels: np.ndarray,
    seed: int,
) -> tuple[Reading | None, list[str]]:
    """By the nearest real slice in pixels, after local scaling on both sides."""
    real = distinct_files(
        [file for file in development.real if file.role is not Role.REAL_NOT_USED and file.label]
    )
    subset = np.array([names.index(str(file.label)) if file.label in names else -1 for file in real])
    if not set(range(len(names))) <= set(subset.tolist()):
        return None, [
            "Without real slices of every subset, images can't be compared with what was trained on."
        ]
    pixels = catalog.spec("pixels")
    first, _ = embedder.embed(pixels, [file.sha256 for file in files])
    second, _ = embedder.embed(pixels, [file.sha256 for file in real])
    nearest = nearest_subset(euclidean_distances(first, second), subset, len(names))
    return _reading(labels, nearest, len(names), seed), []


def nearest_subset(distances: np.ndarray, subset: np.ndarray, count: int) -> np.ndarray:
    """int (m,): the subset of each generated image's nearest real slice, by distances (m, n), a slice's own
    scale being its distance to the generated images near to it: typical slices are near to all of them."""
    few = min(NEAREST, len(distances))
    scale = np.maximum(np.partition(distances, few - 1, axis=0)[:few].mean(0), TINY)
    relative = distances / scale
    closest = np.stack([relative[:, subset == each].min(1) for each in range(count)], 1)
    return np.asarray(closest.argmin(1))


def _reading(labels: np.ndarray, found: np.ndarray, count: int, seed: int) -> Reading:
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (labels, found), 1)
    rng = np.random.default_rng(seed)
    drawn = rng.standard_gamma(table + _prior(count), (BOOTSTRAPS, count, count))
    scores = []
    for of, chance in ((_accuracy, float(table.sum(1).max() / table.sum())), (_kappa, 0.0)):
        low, high = percentile_interval(of(drawn))
        value = float(of(table[None])[0])
        scores.append(Score(value, min(low, value), max(high, value), chance))
    return Reading(scores[0], scores[1], table, _voted(labels, found, count, rng))


def _prior(count: int) -> np.ndarray:
    """Half an image on the diagonal and half beside it: Jeffreys' of an accuracy, spread over the cells."""
    same = np.eye(count)
    return np.asarray(0.5 * same / count + 0.5 * (1 - same) / (count * (count - 1)))


def _accuracy(tables: np.ndarray) -> np.ndarray:
    return np.asarray(np.trace(tables, axis1=1, axis2=2) / tables.sum((1, 2)))


def _kappa(tables: np.ndarray) -> np.ndarray:
    total = tables.sum((1, 2))
    by_chance = (tables.sum(1) * tables.sum(2)).sum(1) / total**2
    return np.asarray((_accuracy(tables) - by_chance) / np.maximum(1 - by_chance, TINY))


def _voted(labels: np.ndarray, found: np.ndarray, count: int, rng: np.random.Generator) -> float:
    """How often a majority of VOTES images is right, over 200 draws from each subset; ties count half."""
    right = 0.0
    for label in range(count):
        own = found[labels == label]
        votes = rng.choice(own, (200, min(VOTES, len(own))))
        counts = (votes[:, :, None] == np.arange(count)).sum(1)
        best = counts == counts.max(1, keepdims=True)
        right += float((best[:, label] / best.sum(1)).mean())
    return right / count
