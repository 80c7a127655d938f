"""Distances between images, each blind to what it is meant to forgive."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.battery.pairwise import PAIRWISE, best_window, registered, worst_patch

SIDE = 32


def textures(count: int, side: int = SIDE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side)).astype(np.float32)


def rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


@pytest.mark.parametrize(
    "moved",
    [
        lambda image: image,
        lambda image: np.roll(image, (2, -1), (1, 2)),
        lambda image: image[:, :, ::-1],
        lambda image: np.roll(image[:, :, ::-1], (-2, 2), (1, 2)),
        lambda image: 0.5 * image + 30,
    ],
)
def test_registration_forgives_shifts_mirrors_and_brightness(moved: object) -> None:
    """0, but for the root of a rounding error; the rolled-in margin of 2 px is not compared. Other textures
    stay at about 1, where r is 0."""
    images = textures(3)
    found = registered(rows(images), rows(moved(images)))  # type: ignore[operator]
    assert np.diag(found) == pytest.approx(0, abs=1e-6)
    assert found[~np.eye(3, dtype=bool)].min() > 0.9


def test_a_shift_of_three_pixels_is_not_forgiven() -> None:
    assert registered(rows(textures(1)), rows(np.roll(textures(1), 3, 1)))[0, 0] > 0.9


def test_registration_by_force() -> None:
    """sqrt(1 - the largest np.corrcoef) over 5 x 5 shifts of the inner 8 x 8 of 12 x 12, and mirrors."""
    real, made = textures(2, 12, 1), textures(3, 12, 2)
    expected = np.empty((2, 3))
    for i, image in enumerate(real):
        for j, other in enumerate(made):
            best = max(
                np.corrcoef(image[2:10, 2:10].ravel(), side[2 + d : 10 + d, 2 + r : 10 + r].ravel())[0, 1]
                for side in (other, other[:, ::-1])
                for d in range(-2, 3)
                for r in range(-2, 3)
            )
            expected[i, j] = np.sqrt(1 - best)
    assert registered(rows(real), rows(made)) == pytest.approx(expected)


def test_an_image_of_one_grey_correlates_with_nothing() -> None:
    """r is taken as 0, so the distance is 1 and not undefined, also to itself."""
    grey = np.full((1, SIDE * SIDE), 7, np.float32)
    assert registered(grey, grey).tolist() == [[1.0]]


def test_the_worst_patch_by_hand() -> None:
    """Two pixels of one 8 x 8 patch differ by 3 and 4, one of another by 2: 5 is the larger."""
    first, second = np.zeros((1, SIDE, SIDE)), np.zeros((1, SIDE, SIDE))
    second[0, 0, 0], second[0, 7, 7], second[0, 8, 8] = 3, 4, 2
    assert worst_patch(rows(first), rows(second)) == pytest.approx(5)
    assert worst_patch(rows(first), rows(first)) == 0


def test_the_best_window_by_hand() -> None:
    """A map of 2 x 7 x 7 that differs by 1 in all places but the last three columns of all rows: there it is
    the same, 0. Where only one place of those is off by 2, that is the distance, less than 7 x 3 x 2 ones."""
    first = np.zeros((1, 2, 7, 7))
    second = np.ones((1, 2, 7, 7))
    second[..., 4:7] = 0
    assert best_window(rows(first), rows(second)) == 0
    second[0, 0, 0, 4] = 2
    assert best_window(rows(first), rows(second)) == pytest.approx(2)


def test_the_best_window_by_force() -> None:
    """The smallest over three bands of rows and three of columns, each of all channels."""
    first, second = (np.random.default_rng(seed).normal(size=(4, 5, 7, 7)) for seed in (0, 1))
    bands = [slice(0, 3), slice(2, 5), slice(4, 7)]
    tables = [cdist(rows(first[:, :, band]), rows(second[:, :, band])) for band in bands]
    tables += [cdist(rows(first[..., band]), rows(second[..., band])) for band in bands]
    assert best_window(rows(first), rows(second)) == pytest.approx(np.min(tables, 0))


def test_euclidean_distances_are_scipys() -> None:
    real, made = rows(textures(4)), rows(textures(5, seed=1))
    assert PAIRWISE.get("euclidean")(real, made) == pytest.approx(cdist(real, made))


@pytest.mark.parametrize("name", ["euclidean", "registered", "worst patch", "best window"])
def test_a_part_of_the_images_has_the_same_distances(name: str) -> None:
    """The distance of two images doesn't depend on the others."""
    side = 14 if name == "best window" else SIDE  # 4 x 7 x 7
    real, made = rows(textures(5, side)), rows(textures(6, side, 1))
    of = PAIRWISE.get(name)
    assert of(real[1:3], made[2:]) == pytest.approx(of(real, made)[1:3, 2:])
