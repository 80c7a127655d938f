"""Permuted labels that make their own centroids: as the slow way has it, and with few false alarms."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.membership import metrics, model_selection
from core.membership.metrics import GroundTruth
from core.membership.reconstruction import error_maps, permuted_patterns
from core.membership.reconstruction.permuted_patterns import Windows
from core.numeric.statistics import p_value


def null_set(rng: np.random.Generator, side: int = 16) -> tuple[np.ndarray, GroundTruth]:
    """Error maps of 20 patients, 10 of them used, of 3 to 5 slices: a patient's pattern, and each slice's."""
    groups = np.repeat(np.arange(20), rng.integers(3, 6, 20))
    of_patients, own = (
        gaussian_filter(rng.normal(size=(n, side, side)), (0, 2, 2)) for n in (20, len(groups))
    )
    pattern = 0.8 * of_patients[groups] / of_patients.std() + 0.6 * own / own.std()
    return (0.01 * np.exp(pattern)).astype(np.float32), GroundTruth(groups % 2 == 0, groups)


def numbered(folds: list[np.ndarray]) -> np.ndarray:
    return np.argmax(np.stack(folds), axis=0)


def test_differences_are_those_of_scikit_image() -> None:
    """In single precision: to 1e-6, where they are about 0.01."""
    maps, truth = null_set(np.random.default_rng(0), 32)
    folds = model_selection.group_folds(truth, 0)
    expected = error_maps.held_out_ssim_difference(maps, truth.used, folds)
    found = Windows.of(maps).differences(truth.used, numbered(folds))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.std(expected) > 1e-3


def test_no_error_at_all_is_no_difference() -> None:
    nothing = Windows.of(np.zeros((6, 16, 16), np.float32))
    assert (nothing.differences(np.arange(6) < 3, np.arange(6) % 3) == 0).all()


def test_permuted_groups_bring_their_folds_along() -> None:
    """Three folds of one group of each label stay so, whichever groups are used; the group of both labels
    keeps its fold."""
    groups = np.repeat(np.arange(7), 2)
    truth = GroundTruth(np.isin(groups, (0, 1, 2)) | (np.arange(14) == 12), groups)
    folds = np.array([0, 1, 2, 0, 1, 2, 1])[groups]
    rng = np.random.default_rng(0)
    for used in truth.permuted(20, rng):
        dealt = permuted_patterns.dealt_folds(truth, folds, used, rng)[::2]
        of_used, of_others = (np.flatnonzero(used[::2][:6] == side) for side in (True, False))
        assert sorted(dealt[of_used]) == sorted(dealt[of_others]) == [0, 1, 2]
        assert dealt[6] == 1


def test_a_pattern_of_the_used_is_beyond_chance() -> None:
    """Errors of the used lie left, of the others right: the AUC is 1, which no permutation reaches."""
    maps, truth = null_set(np.random.default_rng(0))
    maps[truth.used, :, :8] += 0.1
    maps[~truth.used, :, 8:] += 0.1
    folds = model_selection.group_folds(truth, 0)
    by_chance = permuted_patterns.permuted_aucs(maps, truth, folds, 0)
    assert len(by_chance) == 199
    assert p_value(1.0, by_chance) == pytest.approx(1 / 200)
    np.testing.assert_array_equal(by_chance, permuted_patterns.permuted_aucs(maps, truth, folds, 0))


def test_null_sets_have_few_small_p_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 null sets 3 are expected to have 0.05 or less, and 7 or fewer in 99% of the cases (binomial)."""
    monkeypatch.setattr(permuted_patterns, "PERMUTATIONS", 39)
    rng, small = np.random.default_rng(1), 0
    for _ in range(60):
        maps, truth = null_set(rng)
        folds = model_selection.group_folds(truth, 0)
        found = Windows.of(maps).differences(truth.used, numbered(folds))
        value = float(metrics.auc(found[None], truth.used)[0, 0])
        small += p_value(value, permuted_patterns.permuted_aucs(maps, truth, folds, 0)) <= 0.05
    assert small <= 7
