"""Blind values as the method is scored: numbers that can be worked out by hand."""

import numpy as np
import pytest

from core.audit import blind_scores
from core.audit.blind_scores import BlindScore, Finding
from core.membership.metrics import GroundTruth
from core.numeric import statistics
from core.numeric.statistics import Score

LABELS = ["a"] * 40 + ["b"] * 40 + ["c"] * 40


def test_a_word_that_marks_one_of_three_generators() -> None:
    """Pairs together in both: 3 * C(40,2) = 2340, as by generator; by word C(80,2) + C(40,2) = 3940; of
    C(120,2) = 7140 pairs 2340 * 3940 / 7140 = 1291.3 are expected: ARI (2340 - 1291.3) / (3140 - 1291.3)."""
    finding = blind_scores.score_generators("format", ["PNG"] * 80 + ["JPEG"] * 40, LABELS, "")
    assert finding.whole.score.value == pytest.approx(0.5673, abs=1e-4)
    assert finding.one is not None
    assert (finding.one.score.value, finding.one.words) == (1.0, "“JPEG” more often in c")


def test_a_number_for_each_generator_tells_all() -> None:
    finding = blind_scores.score_generators("mean", [1.0] * 40 + [2.0] * 40 + [3.0] * 40, LABELS, "")
    assert finding.whole.score.value == 1
    assert finding.outcome(Score(1.0, 0.98, 1.0)) == "competes"


def test_copies_are_no_more_evidence() -> None:
    """Three images in 20 copies each, one of generator b: p is 1 / 3 at best, since one image of three is
    that of b by chance. As 60 images it would be below 0.001."""
    copies, labels = np.repeat([0, 1, 2], 20), ["a"] * 40 + ["b"] * 20
    values = [1.0] * 40 + [2.0] * 20
    once = blind_scores.score_generators("mean", values, labels, "", copies)
    assert once.whole.score.value == 1
    assert once.whole.p_value == pytest.approx(1 / 3, abs=0.02)
    assert once.one is not None
    assert once.one.p_value > 0.3
    assert blind_scores.score_generators("mean", values, labels, "").whole.p_value < 0.001


def test_fewer_values_than_generators_are_fewer_groups() -> None:
    finding = blind_scores.score_generators("border", [0.0] * 80 + [9.0] * 40, LABELS, "")
    assert finding.whole.score.value == pytest.approx(0.5673, abs=1e-4)


def test_either_side_counts_and_is_paid_for() -> None:
    """Used images have the larger values: AUC 1 by the side that is told. Of one number at random the better
    side has at least 0.5, so what chance gives is above that."""
    truth = GroundTruth(np.arange(20) >= 10, np.arange(20))
    finding = blind_scores.score_membership("mean", [float(i) for i in range(20)], truth, "")
    assert (finding.whole.score.value, finding.whole.words) == (1.0, "higher in used")
    assert finding.whole.score.chance is not None
    assert 0.55 < finding.whole.score.chance < 0.65
    mirrored = blind_scores.score_membership("mean", [-float(i) for i in range(20)], truth, "")
    assert (mirrored.whole.score, mirrored.whole.p_value) == (finding.whole.score, finding.whole.p_value)
    assert mirrored.whole.words == "lower in used"


def test_groups_are_permuted_as_one() -> None:
    """Two patients with ten slices each have one other assignment than the true one: p = 1 for any value."""
    truth = GroundTruth(np.arange(20) >= 10, np.arange(20) // 10)
    assert blind_scores.score_membership("mean", [float(i) for i in range(20)], truth, "").whole.p_value == 1


def test_many_words_are_the_frequent_ones_and_the_rest() -> None:
    words = ["x"] * 60 + [f"word {i}" for i in range(60)]
    finding = blind_scores.score_generators("pattern", words, LABELS, "")
    assert finding.one is not None
    assert finding.one.words == "“x” more often in a"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "no image is labelled"),
        ([None] * 4, "not kept"),
        ([1.0, 2.0, 3.0, None], "1 of 4 images: not kept"),
        ([5.0] * 4, blind_scores.SAME),
    ],
)
def test_undefined_says_why(values: list[float | None], why: str) -> None:
    truth = GroundTruth(np.arange(len(values)) % 2 == 0, np.arange(len(values)))
    for finding in (
        blind_scores.score_membership("n", values, truth, "not kept"),
        blind_scores.score_generators("n", values, ["a", "b", "a", "b"][: len(values)], "not kept"),
    ):
        assert finding.whole.score == Score(None, undefined=why)
        assert finding.outcome(None) == "undefined"


def test_one_class_is_undefined() -> None:
    finding = blind_scores.score_membership("n", [1.0, 2.0], GroundTruth(np.ones(2, bool), np.arange(2)), "")
    assert finding.whole.score.undefined == "every image has the same label"


def test_holm_by_hand() -> None:
    """Of 0.01, 0.04, 0.03: 3 * 0.01; then 2 * 0.03; then 1 * 0.04, but no less than the one before."""
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([]) == []


def told(value: float, p: float, low: float = 0.0) -> BlindScore:
    return BlindScore(Score(value, low, 1.0), p)


@pytest.mark.parametrize(
    ("whole", "one", "method", "outcome"),
    [
        (told(0.98, 0.01), None, Score(1.0, 0.97, 1.0), "competes"),
        (told(0.96, 0.01), None, Score(1.0, 0.97, 1.0), "above"),
        (told(0.98, 0.06), None, Score(1.0, 0.97, 1.0), "chance"),
        (told(0.10, 0.01), None, None, "competes"),
        (told(0.10, 0.01), None, Score(None, undefined="one generator"), "competes"),
        (told(0.90, 0.01), None, Score(0.8), "competes"),
        (told(0.50, 0.01), told(0.99, 0.01, low=0.91), Score(1.0, 0.97, 1.0), "marks"),
        (told(0.50, 0.50), told(0.99, 0.01, low=0.89), Score(1.0, 0.97, 1.0), "above"),
        (told(0.50, 0.50), told(0.99, 0.06, low=0.96), Score(1.0, 0.97, 1.0), "chance"),
    ],
)
def test_outcomes(whole: BlindScore, one: BlindScore | None, method: Score | None, outcome: str) -> None:
    assert Finding("n", whole, one).outcome(method) == outcome
