"""The memorisation dial: what it copies, how lightly, and that an attack sees exactly that."""

import numpy as np
import pytest

from demo import dial

USED = np.arange(80).reshape(20, 4)


def copies(stop: float, seed: int = 0) -> np.ndarray:
    return dial.remembered(USED, stop, seed)


def test_at_0_nobody_and_at_1_everybody_is_remembered() -> None:
    assert (copies(0) == -1).all()
    assert sorted(copies(1)) == list(range(80))


def test_a_stop_remembers_its_share_of_patients_with_all_their_slices() -> None:
    """0.25 of 20 patients with 4 slices each: 5 patients, 20 images, each once."""
    found = copies(0.25)
    found = found[found >= 0]
    assert len(found) == len(set(found)) == 20
    assert len(set(found // 4)) == 5


def test_who_is_remembered_at_one_stop_is_remembered_at_the_next() -> None:
    half, all_ = copies(0.5), copies(1)
    assert (half[half >= 0] == all_[half >= 0]).all()


def test_nothing_is_remembered_in_order() -> None:
    assert list(copies(1)) != list(range(80))
    assert list(copies(1, seed=1)) != list(copies(1))


@pytest.fixture(scope="module")
def field() -> np.ndarray:
    """Smooth and structured, uint8 (128, 128)."""
    y, x = np.mgrid[:128, :128] / 128
    return (128 + 60 * np.sin(9 * x) * np.cos(7 * y) + 20 * np.sin(40 * x * y)).astype(np.uint8)


def test_a_copy_is_near_but_not_the_same(field: np.ndarray) -> None:
    """The warp is a pixel wide and the contrast 2% off, so a few grey levels of some 43 differ."""
    made = dial.redrawn(field, np.random.default_rng(0))
    assert made.shape == (256, 256)
    apart = np.abs(made.astype(int) - dial.enlarged(field)).mean()
    assert 0.5 < apart < 0.25 * field.std()


def test_every_drawing_bends_otherwise_and_each_the_same_again(field: np.ndarray) -> None:
    population = np.stack([field, field])
    real = np.zeros((1, 256, 256), np.uint8)
    first, second = (dial.draw(place, -1, real, population, seed=5) for place in (0, 1))
    assert (first != second).any()
    np.testing.assert_array_equal(first, dial.draw(0, -1, real, population, seed=5))


def test_where_it_remembers_nobody_the_real_images_play_no_part(field: np.ndarray) -> None:
    population = field[None]
    some, others = (np.full((4, 256, 256), value, np.uint8) for value in (0, 200))
    np.testing.assert_array_equal(
        dial.draw(0, -1, some, population, 5), dial.draw(0, -1, others, population, 5)
    )
    assert (dial.draw(0, 2, some, population, 5) != dial.draw(0, 2, others, population, 5)).any()


def test_shrinking_is_the_mean_of_four() -> None:
    image = np.kron(np.arange(128 * 128).reshape(128, 128) % 251, np.ones((2, 2))).astype(np.uint8)
    np.testing.assert_array_equal(dial.shrunk(image), image[::2, ::2])


def test_the_warp_brings_in_nothing_from_beyond_the_edge() -> None:
    """A plain image stays plain, to its edges; its contrast is that to 128, 2% off."""
    made = dial.redrawn(np.full((128, 128), 60, np.uint8), np.random.default_rng(1))
    assert made.min() == made.max()
    assert abs(int(made[0, 0]) - 60) < 6
