"""Conformal sets of labels, against neighbours found by hand and against the level that they promise."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.clustering import open_set


def groups(sizes: list[int], apart: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return rng.standard_normal((len(labels), 10)) + apart * np.eye(len(sizes), 10)[labels], labels


def test_strangeness_and_p_values_by_hand() -> None:
    """On a line: label 0 at 0, 1, 2, 3; label 1 at 100, 101, 102, 103. Among their own, images have mean
    distances to the three nearest of (1 + 2 + 3) / 3 = 2 at the ends and 4 / 3 inside. A new image at 1.5:
    (0.5 + 0.5 + 1.5) / 3 = 0.83, and all four are at least as strange: p = 5 / 5. At 50 none is: 1 / 5."""
    known = np.array([0.0, 1, 2, 3, 100, 101, 102, 103])[:, None]
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = open_set.predict(np.array([[1.5], [50.0]]), known, labels)
    assert found.strangeness[0, 0] == pytest.approx(2.5 / 3)
    assert found.p_values.tolist() == [[1.0, 0.2], [0.2, 0.2]]
    assert found.nearest[0, 0].tolist() == [1, 2, 0]
    assert found.best[0] == 0
    assert [np.round(each, 6).tolist() for each in open_set.calibration(known, labels)] == [
        [1.333333, 1.333333, 2, 2]
    ] * 2
    assert found.sets(0.9).tolist() == [[True, True], [True, True]]  # four images can't rule anything out
    assert found.sets(0.75).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_the_true_label_is_in_the_set_as_often_as_promised(level: float) -> None:
    """60 known and 200 new images of each of three groups that overlap; 20 draws, 12,000 images: within 2
    points of the level."""
    inside = []
    for seed in range(20):
        known, labels = groups([60] * 3, 2, seed)
        new, truth = groups([200] * 3, 2, 1000 + seed)
        sets = open_set.predict(new, known, labels).sets(level)
        inside.append(sets[np.arange(len(truth)), truth].mean())
    assert np.mean(inside) == pytest.approx(level, abs=0.02)


def test_groups_that_are_not_known_are_none_of_them() -> None:
    """A third group, 12 away: its score separates it from new images of the known ones (AUC of 1), and its
    sets are empty."""
    known, labels = groups([60, 60, 60], 12, 0)
    new, truth = groups([100, 100, 100], 12, 1)
    two = labels < 2
    found = open_set.predict(new, known[two], labels[two])
    assert roc_auc_score(truth < 2, found.known) > 0.999
    assert not found.sets(0.9)[truth == 2].any()


def test_a_known_image_is_not_its_own_neighbour() -> None:
    """Each left out in turn: 90% of the known images have their label in their set, not all of them."""
    known, labels = groups([200, 200], 3, 0)
    found = open_set.cross_predict(known, labels)
    own = found.sets(0.9)[np.arange(400), labels]
    assert own.mean() == pytest.approx(0.9, abs=0.01)
    assert (found.nearest[np.arange(400), labels, 0] != np.arange(400)).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known, labels = groups([50, 50], 3, 0)
    new, _ = groups([30, 30], 3, 1)
    whole = open_set.predict(new, known, labels)
    monkeypatch.setattr(open_set, "BLOCK", 7)
    parts = open_set.predict(new, known, labels)
    np.testing.assert_allclose(whole.strangeness, parts.strangeness)
    assert (whole.nearest == parts.nearest).all()


def test_other_versions_are_held_against_the_rest_as_it_was() -> None:
    """On a line: A at 0 to 3, B at 10 to 13, 4 images each. Moved by 6 an A is at 6 to 9, where B's nearest
    three are nearer; without moving it is the same as before. The image's own place is never among its
    neighbours."""
    known = np.array([[0.0], [1], [2], [3], [10], [11], [12], [13]])
    labels = np.repeat([0, 1], 4)
    still = open_set.cross_predict(known, labels, known)
    np.testing.assert_array_equal(still.strangeness, open_set.cross_predict(known, labels).strangeness)
    moved = open_set.cross_predict(known, labels, known + 6)
    np.testing.assert_array_equal(moved.best[:4], [0, 1, 1, 1])
    assert moved.strangeness[0, 0] == (5 + 4 + 3) / 3
