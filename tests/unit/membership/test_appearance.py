"""Near-duplicates and grey values, as far as a verdict depends on them."""

import numpy as np

from core.images.library import Library
from core.membership import appearance
from core.store import Store


def measured(store: Store, library: Library, images: list[np.ndarray]) -> np.ndarray:
    return appearance.rows(store, library, [library.add_pixels(pixels) for pixels in images])


def slices_of(patients: int, each: int, seed: int = 0) -> list[np.ndarray]:
    """uint8 (32, 32): a coarse pattern per patient, and noise of a quarter of its contrast per slice."""
    rng = np.random.default_rng(seed)
    patterns = [np.kron(rng.integers(60, 196, (8, 8)), np.ones((4, 4))) for _ in range(patients)]
    return [
        np.clip(p + rng.normal(0, 10, p.shape), 0, 255).astype(np.uint8)
        for p in patterns
        for _ in range(each)
    ]


def test_slices_of_one_patient_that_look_alike_are_one_group(store: Store, library: Library) -> None:
    found = appearance.near_duplicates(measured(store, library, slices_of(6, 10)))
    assert len(set(found)) == 6
    assert all(len(set(found[place : place + 10])) == 1 for place in range(0, 60, 10))


def test_images_of_different_patterns_stay_apart(store: Store, library: Library) -> None:
    assert len(set(appearance.near_duplicates(measured(store, library, slices_of(40, 1))))) == 40


def test_uniform_images_are_no_duplicates_of_each_other(store: Store, library: Library) -> None:
    """They have no pattern that could be alike."""
    grey = [np.full((32, 32), value, np.uint8) for value in (0, 80, 160)]
    assert len(set(appearance.near_duplicates(measured(store, library, grey + slices_of(3, 1))))) == 6


def test_rows_are_measured_once(store: Store, library: Library) -> None:
    ids = [library.add_pixels(pixels) for pixels in slices_of(2, 2)]
    first = appearance.rows(store, library, ids)
    library.pixels = None  # type: ignore[method-assign, assignment]
    np.testing.assert_array_equal(appearance.rows(store, library, ids), first)
