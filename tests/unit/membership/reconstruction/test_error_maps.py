"""Where errors lie: centroids and SSIM, on error images made by hand."""

import numpy as np
import pytest

from core.membership import metrics, model_selection
from core.membership.metrics import GroundTruth
from core.membership.reconstruction import error_maps


def maps(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """float32 (2n, 16, 16): errors of the used lie left, of the others right, as large; and who is used."""
    rng = np.random.default_rng(seed)
    made = rng.uniform(0, 0.1, (2 * count, 16, 16))
    made[:count, :, :8] += 0.5
    made[count:, :, 8:] += 0.5
    return made.astype(np.float32), np.arange(2 * count) < count


def test_errors_are_squares_of_grey_levels_from_0_to_1() -> None:
    """51 of 255 is 0.2; a reconstruction of 0.5 is off by 0.3, squared 0.09."""
    found = error_maps.squared_errors(np.full((1, 2, 2), 51, np.uint8), np.full((1, 2, 2), 0.5, np.float32))
    np.testing.assert_allclose(found, 0.09, rtol=1e-5)


def test_centroids_are_means() -> None:
    made, used = maps(3, 0)
    pair = error_maps.centroids(made, used)
    np.testing.assert_allclose(pair[0], made[:3].mean(0), rtol=1e-5)
    np.testing.assert_allclose(pair[1], made[3:].mean(0), rtol=1e-5)


def test_where_errors_lie_decides_though_they_are_as_large() -> None:
    made, used = maps(4, 0)
    new, truth = maps(5, 1)
    assert new[truth].mean() == pytest.approx(new[~truth].mean(), rel=0.02)
    assert ((error_maps.ssim_difference(new, error_maps.centroids(made, used)) < 0) == truth).all()


def test_ssim_by_hand() -> None:
    """SSIM of an image with itself is 1, so the difference is SSIM with the other centroid less 1."""
    made, used = maps(1, 0)
    found = error_maps.ssim_difference(made, error_maps.centroids(made, used))
    assert found[0] < 0 < found[1]
    assert found[0] == pytest.approx(-found[1], rel=1e-6)


def test_no_error_at_all_is_no_decision() -> None:
    nothing = np.zeros((4, 16, 16), np.float32)
    pair = error_maps.centroids(nothing, np.array([True, True, False, False]))
    assert (error_maps.ssim_difference(nothing, pair) == 0).all()


def test_no_image_meets_a_centroid_that_it_made() -> None:
    """Each fold's values are those of centroids of the rest."""
    made, used = maps(4, 0)
    folds = [np.arange(8) % 2 == part for part in (0, 1)]
    found = error_maps.held_out_ssim_difference(made, used, folds)
    pair = error_maps.centroids(made[1::2], used[1::2])
    np.testing.assert_allclose(found[::2], error_maps.ssim_difference(made[::2], pair))


def test_nested_differences_know_no_label_of_the_fold() -> None:
    """Turning the held-out labels round changes nothing; the others are compared within inner folds."""
    made, used = maps(6, 0)
    held = np.arange(12) % 3 == 0
    inner = [~held & (np.arange(12) % 2 == part) for part in (0, 1)]
    found = error_maps.nested_ssim_difference(made, used, held, inner)
    turned = error_maps.nested_ssim_difference(made, np.where(held, ~used, used), held, inner)
    np.testing.assert_array_equal(found, turned)
    pair = error_maps.centroids(made[inner[1]], used[inner[1]])
    np.testing.assert_allclose(found[inner[0]], error_maps.ssim_difference(made[inner[0]], pair))


def test_a_fitted_rule_on_noise_scores_chance_when_it_is_nested() -> None:
    """30 null sets of 40 maps: balanced accuracy is 0.5 on average (standard error 0.016). With differences
    that knew the held-out labels it was 0.55 to 0.59."""
    rng, found = np.random.default_rng(0), []
    for _ in range(30):
        used = rng.permutation(np.arange(40) < 20)
        truth = GroundTruth(used, np.arange(40))
        noise = rng.uniform(0, 1, (40, 8, 8)).astype(np.float32)
        folds = model_selection.group_folds(truth, 0)
        plain = error_maps.held_out_ssim_difference(noise, used, folds)
        nested = [
            error_maps.nested_ssim_difference(noise, used, held, model_selection.inner_folds(truth, held, 0))
            for held in folds
        ]
        predicted = model_selection.cross_validate(
            plain[None], truth, ["balanced"], 0, np.stack(nested)[:, None]
        )
        counts = metrics.confusion_counts(predicted[0, 0], used, np.ones(40))
        found.append(float(metrics.balanced_accuracy(counts)))
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)
