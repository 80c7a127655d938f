"""Near-duplicates across classes: what is one, which are shown, and how many there are."""

import numpy as np
import pytest

from core.audit import near_duplicates
from core.audit.near_duplicates import Pair


def smooth(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (n, 32, 32) of coarse patterns that have nothing in common."""
    coarse = np.random.default_rng(seed).integers(30, 226, (count, 8, 8))
    return np.kron(coarse, np.ones((1, 4, 4))).astype(np.uint8)


def test_a_brighter_and_noisier_copy_is_near_and_others_are_not() -> None:
    images = smooth(4)
    noisy = images[0] + 20 + np.random.default_rng(1).normal(0, 4, (32, 32))
    thumbnails = np.concatenate([images, noisy.clip(0, 255).astype(np.uint8)[None]])
    (found,) = near_duplicates.find_cross_class_pairs(
        list("aabbb"), near_duplicates.images(list("vwxyz"), thumbnails, None)
    )
    assert (found.classes, found.total) == (("a", "b"), 1)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.how) == (0, 4, "hash")
    assert 0.975 < pair.likeness < 1


def test_copies_are_found_even_where_an_image_is_constant() -> None:
    """A black image correlates with nothing; its copy has the same hash of pixels."""
    thumbnails = np.zeros((2, 32, 32), np.uint8)
    (found,) = near_duplicates.find_cross_class_pairs(
        ["a", "b"], near_duplicates.images(["same", "same"], thumbnails, None)
    )
    assert found.pairs == (Pair(0, 1, "copy", 1.0),)
    assert (
        near_duplicates.find_cross_class_pairs(
            ["a", "b"], near_duplicates.images(["one", "two"], thumbnails, None)
        )
        == ()
    )


def test_an_embedding_finds_what_the_thumbnail_does_not() -> None:
    embeddings = np.array([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0]])
    (found,) = near_duplicates.find_cross_class_pairs(
        ["a", "b", "b"], near_duplicates.images(list("xyz"), smooth(3), embeddings)
    )
    assert [(p.first, p.second, p.how) for p in found.pairs] == [(0, 1, "embedding")]
    assert found.pairs[0].likeness == pytest.approx(1 / np.sqrt(1.01), abs=1e-4)


def test_within_a_class_nothing_is_reported() -> None:
    thumbnails = np.repeat(smooth(1), 4, axis=0)
    assert (
        near_duplicates.find_cross_class_pairs(["a"] * 4, near_duplicates.images(["x"] * 4, thumbnails, None))
        == ()
    )


def test_the_closest_are_shown_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """6 x 7 equal images make 42 pairs, 24 of which are shown; more than a block of them, too."""
    monkeypatch.setattr(near_duplicates, "BLOCK", 4)
    thumbnails = np.repeat(smooth(1), 13, axis=0)
    ids = ["copy" if i in (5, 12) else str(i) for i in range(13)]
    (found,) = near_duplicates.find_cross_class_pairs(
        ["a"] * 6 + ["b"] * 7, near_duplicates.images(ids, thumbnails, None)
    )
    assert (found.total, len(found.pairs)) == (42, 24)
    assert found.pairs[0] == Pair(5, 12, "copy", 1.0)
