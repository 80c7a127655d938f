"""Near-duplicates and grey values, as far as a verdict depends on them."""

import numpy as np
import pytest

from core.images import grey_values
from core.images.library import Library
from core.membership.sets import appearance
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


def test_a_set_too_large_for_a_tree_is_grouped_as_well(
    store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = measured(store, library, slices_of(6, 10))
    whole = appearance.near_duplicates(images)
    monkeypatch.setattr(appearance, "LARGEST", 10)
    monkeypatch.setattr(appearance, "BLOCK", 7)
    linked = appearance.near_duplicates(images)
    assert len(set(zip(whole.tolist(), linked.tolist(), strict=True))) == 6


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


def test_both_classes_are_named_with_what_they_have() -> None:
    """An image of 220 grey levels, and the same in 16-bit HU + 32768 divided by 257."""
    scan = np.random.default_rng(0).integers(0, 220, (64, 64))
    kinds = {"generated": scan, "used": 124 + scan // 32}
    greys = {
        name: grey_values.typical(grey_values.measure(np.bincount(each.ravel(), minlength=256))[None])
        for name, each in kinds.items()
    }
    found = appearance.incomparable_classes(greys)
    assert found.startswith("the typical generated image has 220 grey levels")
    assert "the typical used image has 7 grey levels from 124 to 130" in found
    assert not appearance.incomparable_classes({"generated": greys["generated"], "used": greys["generated"]})
