"""Near-duplicates and grey values, as far as a verdict depends on them."""

import numpy as np
import pytest

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


def grey(*pixels: np.ndarray) -> appearance.Grey:
    counts = [np.bincount(each.ravel(), minlength=256) for each in pixels]
    quantiles = [np.quantile(each, [0.005, 0.995]) for each in pixels]
    return appearance.Grey(
        *(
            float(np.median(values))
            for values in ([np.count_nonzero(c) for c in counts], *zip(*quantiles, strict=True))
        ),
        float(np.median([c.max() / c.sum() for c in counts])),
    )


RNG = np.random.default_rng(0)
SCAN = RNG.integers(0, 220, (64, 64))
CASES = {
    "16-bit HU + 32768 in 8 grey levels": 124 + SCAN // 32,
    "posterised to 8 grey levels": SCAN // 28 * 28,
    "a window far below: white but for 4%": np.where(RNG.random((64, 64)) < 0.04, SCAN, 255),
    "one grey": np.full((64, 64), 128),
}


@pytest.mark.parametrize("case", CASES)
def test_greys_of_another_kind_can_not_be_compared(case: str) -> None:
    assert not appearance.comparable(grey(CASES[case]), grey(SCAN))


def test_an_ordinary_difference_of_windows_can_be_compared() -> None:
    """Half of the contrast, another brightness, or a black background of 60% are no other kind."""
    background = np.where(RNG.random((64, 64)) < 0.6, 0, SCAN)
    for other in (SCAN // 2, SCAN + 30, background, 255 - SCAN):
        assert appearance.comparable(grey(other), grey(SCAN))


def test_both_classes_are_named_with_what_they_have() -> None:
    found = appearance.incomparable_classes({"generated": grey(SCAN), "used": grey(124 + SCAN // 32)})
    assert "the typical used image has 7 grey levels from 124 to 130" in found
    assert not appearance.incomparable_classes({"generated": grey(SCAN), "used": grey(SCAN)})
