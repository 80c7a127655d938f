"""Membership scores against scikit-learn and against arithmetic by hand."""

import numpy as np
import pytest
from sklearn import metrics

from core.membership import metrics as membership_metrics
from core.membership.metrics import GroundTruth

N = 60
RNG = np.random.default_rng(3)
USED = RNG.random(N) < 0.4
PREDICTED = RNG.random(N) < 0.6
DISTANCES = RNG.integers(0, 15, N).astype(float)  # with ties
ONES = np.ones(N)
ALONE = GroundTruth(USED, np.arange(N))


def truth(used: list[int], groups: list[int]) -> GroundTruth:
    return GroundTruth(np.array(used, bool), np.array(groups))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("f1", metrics.f1_score),
        ("accuracy", metrics.accuracy_score),
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("balanced_accuracy", metrics.balanced_accuracy_score),
        ("kappa", metrics.cohen_kappa_score),
        ("mcc", metrics.matthews_corrcoef),
    ],
)
def test_scores_are_scikit_learns(name: str, theirs) -> None:
    counts = membership_metrics.confusion_counts(PREDICTED, USED, ONES)
    assert float(membership_metrics.BY_COUNTS[name](counts)) == pytest.approx(theirs(USED, PREDICTED))


def test_weights_are_repetitions() -> None:
    weights = np.random.default_rng(0).integers(0, 4, (5, N)).astype(float)
    counts = membership_metrics.confusion_counts(PREDICTED, USED, weights)
    for row in range(5):
        drawn = np.repeat(np.arange(N), weights[row].astype(int))
        assert membership_metrics.f1(counts)[row] == pytest.approx(
            metrics.f1_score(USED[drawn], PREDICTED[drawn])
        )
        found = membership_metrics.weighted_auc(DISTANCES, USED, weights)[row]
        assert found == pytest.approx(metrics.roc_auc_score(USED[drawn], -DISTANCES[drawn]))


def test_auc_is_scikit_learns_also_with_ties_and_endless_distances() -> None:
    far = np.where(np.arange(N) < 9, np.inf, DISTANCES)
    found = membership_metrics.auc(np.stack([DISTANCES, far]), np.stack([USED, ~USED]))
    assert found[0] == pytest.approx([metrics.roc_auc_score(u, -DISTANCES) for u in (USED, ~USED)])
    finite = np.where(np.isinf(far), 99, far)
    assert found[1] == pytest.approx([metrics.roc_auc_score(u, -finite) for u in (USED, ~USED)])


def test_roc_has_a_point_a_distance_and_its_area_is_the_auc() -> None:
    curve = membership_metrics.roc_curve(DISTANCES, USED)
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]
    assert len(curve) == 1 + len(np.unique(DISTANCES))
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(
        membership_metrics.auc(DISTANCES[None], USED)[0, 0]
    )


def test_the_rate_at_few_false_positives() -> None:
    """200 others, used nearer than all but one of them: at 1%, two others are allowed."""
    used = np.arange(300) < 100
    distances = np.where(used, 1.0, 2.0)
    distances[250] = 0
    assert membership_metrics.tpr_at_fpr(membership_metrics.roc_curve(distances, used), 0.01) == 1
    assert membership_metrics.tpr_at_fpr(membership_metrics.roc_curve(distances, used), 0.001) == 0


# -- verdicts -----------------------------------------------------------------------------------------


def test_a_perfect_attack() -> None:
    used = np.arange(300) < 150
    found = membership_metrics.score_predictions(
        used, np.where(used, 0.0, 1.0), GroundTruth(used, np.arange(300))
    )
    assert {found.scores[name].value for name in ("f1", "auc", "balanced_accuracy", "kappa", "mcc")} == {1}
    assert found.scores["tpr_at_1fpr"].value == 1
    assert found.p_value == 1 / 2000


def test_an_attack_that_knows_nothing() -> None:
    """Random distances: the interval holds 0.5, chance is 0.5, and p is not small."""
    rng = np.random.default_rng(1)
    found = membership_metrics.score_predictions(PREDICTED, rng.random(N), ALONE)
    auc = found.scores["auc"]
    assert auc.low is not None
    assert auc.high is not None
    assert auc.low < 0.5 < auc.high
    assert auc.chance == pytest.approx(0.5, abs=0.01)
    assert found.p_value is not None
    assert found.p_value > 0.05


def test_everything_used_is_told_by_its_baseline() -> None:
    """Half used: F1 of 'everything' 2/3, balanced accuracy 1/2, no MCC."""
    used = np.arange(40) % 2 == 0
    found = membership_metrics.score_predictions(
        np.ones(40, bool), np.zeros(40), GroundTruth(used, np.arange(40))
    )
    assert found.scores["f1"].value == pytest.approx(2 / 3)
    assert found.baselines["everything_used"] == pytest.approx(2 / 3)
    assert found.baselines["random_at_rate"] == pytest.approx(2 / 3)
    assert found.scores["balanced_accuracy"].value == 0.5
    assert found.scores["mcc"].value is None
    assert "all predictions are the same" in str(found.scores["mcc"].undefined)


def test_the_papers_quoted_baseline() -> None:
    """Labelling half-used images at random with rate q scores q / (0.5 + q): 0.605 gives 0.5475."""
    used = np.arange(2000) % 2 == 0
    predicted = np.arange(2000) // 2 < 605
    assert membership_metrics.score_predictions(
        predicted, np.zeros(2000), GroundTruth(used, np.arange(2000))
    ).baselines["random_at_rate"] == pytest.approx(0.5475, abs=5e-5)


def test_one_class_is_undefined_not_a_number() -> None:
    found = membership_metrics.score_predictions(
        PREDICTED, DISTANCES, GroundTruth(np.ones(N, bool), np.arange(N))
    )
    assert all(score.value is None for score in found.scores.values())
    assert found.p_value is None


def test_a_rate_of_one_percent_needs_a_hundred_negatives() -> None:
    found = membership_metrics.score_predictions(PREDICTED, DISTANCES, ALONE)
    assert found.scores["tpr_at_1fpr"].value is None
    assert "less than one image" in str(found.scores["tpr_at_1fpr"].undefined)


def test_nothing_called_used_has_no_precision() -> None:
    found = membership_metrics.score_predictions(np.zeros(N, bool), DISTANCES, ALONE)
    assert found.scores["precision"].value is None
    assert found.scores["f1"].value == 0


def test_groups_widen_the_interval() -> None:
    """Ten patients with six equal slices say no more than ten slices do."""
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(10), 6)
    used, distances = patients % 2 == 0, np.repeat(rng.random(10), 6)

    def width(groups: np.ndarray) -> float:
        auc = membership_metrics.score_predictions(used, distances, GroundTruth(used, groups)).scores["auc"]
        assert auc.low is not None
        assert auc.high is not None
        return auc.high - auc.low

    assert width(patients) > 1.5 * width(np.arange(60))


def test_roles_move_between_groups_whole() -> None:
    grouped = truth([1, 1, 0, 0, 1], [0, 0, 1, 1, 2])
    permuted = grouped.permuted(50, np.random.default_rng(0))
    assert (permuted[:, 0] == permuted[:, 1]).all()
    assert (permuted[:, 2] == permuted[:, 3]).all()


def test_mixed_groups_exchange_their_patterns() -> None:
    """Patients of 2, 2 and 4 images with 1, 1 and 3 used, and pure ones: each keeps its number of used
    images, any image of it may be the used one, and the pure ones exchange their label as ever."""
    used = [1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0]
    grouped = truth(used, [0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4])
    permuted = grouped.permuted(200, np.random.default_rng(0))
    for places, count in (([0, 1], 1), ([2, 3], 1), ([4, 5, 6, 7], 3)):
        assert (permuted[:, places].sum(1) == count).all()
        assert (permuted[:, places].mean(0) > 0).all()
        assert (permuted[:, places].mean(0) < 1).all()
    assert (permuted[:, 8] != permuted[:, 9]).all()
    assert (permuted[:, 9] == permuted[:, 10]).all()


def test_mixed_groups_of_one_size_exchange_how_many_are_used() -> None:
    """Two patients of 3 images, with 1 and 2 used: each has either number in about half of the draws."""
    permuted = truth([1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1]).permuted(400, np.random.default_rng(0))
    assert (permuted.sum(1) == 3).all()
    assert (permuted[:, :3].sum(1) == 1).mean() == pytest.approx(0.5, abs=0.1)


def test_one_mixed_patient_among_twenty_makes_no_false_alarms() -> None:
    """Null sets of 20 patients with 6 alike slices each, one of them with both labels: p < 0.05 in 5% of
    them. With labels permuted between single slices it was 19%."""
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(20), 6)
    used = patients % 2 == 0
    used[0] = False
    of = GroundTruth(used, patients)
    null = rng.normal(size=(400, 20))[:, patients] + 0.5 * rng.normal(size=(400, 120))
    observed = membership_metrics.auc(null, used)[:, 0]
    permuted = membership_metrics.auc(null, of.permuted(999, rng))
    p = (1 + (permuted >= observed[:, None]).sum(1)) / 1000
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.025)


def test_the_best_of_many_is_no_discovery() -> None:
    """300 random distances: the best alone looks significant, corrected for the choice it doesn't."""
    rng = np.random.default_rng(7)
    many = rng.random((300, N))
    best = many[membership_metrics.auc(many, USED)[:, 0].argmax()]
    alone = membership_metrics.score_predictions(PREDICTED, best, ALONE).p_value
    assert alone is not None
    assert alone < 0.01
    assert membership_metrics.corrected_p_value(many, ALONE, 0) > 0.05


def test_a_real_leak_survives_the_correction() -> None:
    many = np.random.default_rng(7).random((300, N))
    many[17] = np.where(USED, 0, 1) + 0.3 * many[17]
    assert membership_metrics.corrected_p_value(many, ALONE, 0) < 0.01


def test_a_verdict_travels_as_json() -> None:
    import json

    found = membership_metrics.score_predictions(PREDICTED, DISTANCES, ALONE)
    assert membership_metrics.MembershipScores.from_json(json.loads(json.dumps(found.as_json()))) == found
