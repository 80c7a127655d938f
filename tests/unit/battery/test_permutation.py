"""One set of permutations for all attacks: p-values that are right, and no more than right."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from core.battery import permutation
from core.battery.permutation import joint_test, least_p_value, partial_auc, permuted_statistics
from core.membership.metrics import GroundTruth


def singles(used: list[int]) -> GroundTruth:
    return GroundTruth(np.array(used, bool), np.arange(len(used)))


def test_the_partial_auc_of_a_ranking_by_hand() -> None:
    """Used, not, used, not, not, used, ...: of 10 not used, 10% are one. Until the first of them, 1 of 4 used
    is found, so the mean rate is 1/4; up to 20%, the second has 2 of 4 before it: (1/4 + 2/4) / 2."""
    labels = np.array([[1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]], bool)
    assert partial_auc(labels)[0] == pytest.approx(1 / 4)
    assert partial_auc(labels, 0.2)[0] == pytest.approx(3 / 8)


def test_a_part_of_an_image_counts_in_part() -> None:
    """Of 15 not used 10% are 1.5: the first wholly, with 1 of 2 used before it, the second half, with 2 of 2:
    (1 x 1/2 + 1/2 x 1) / 1.5."""
    labels = np.array([[1, 0, 1] + [0] * 14], bool)
    assert partial_auc(labels)[0] == pytest.approx((0.5 + 0.5) / 1.5)


def test_up_to_all_false_alarms_the_partial_auc_is_the_auc() -> None:
    """By counting pairs: the share of (used, not used) in which the used one comes first."""
    labels = np.random.default_rng(0).random((5, 30)) < 0.4
    for row, found in zip(labels, partial_auc(labels, 1.0), strict=True):
        used, other = np.flatnonzero(row), np.flatnonzero(~row)
        assert found == pytest.approx((used[:, None] < other[None, :]).mean())


def test_statistics_of_the_true_roles_come_first() -> None:
    """Scores 4 3 2 1 of used, not, used, not: 3 of 4 pairs are in order. 10% of 2 not used are within the
    first of them, before which is 1 of 2 used."""
    found = permuted_statistics(np.array([[4.0, 3, 2, 1]]), singles([1, 0, 1, 0]), 0, 9)
    assert found.shape == (2, 10)
    assert found[:, 0].tolist() == [0.75, 0.5]


def test_equal_scores_count_half_and_are_in_the_order_of_contents() -> None:
    """All equal: an AUC of 1/2. The partial AUC takes them by rank, which knows no label: the used image of
    rank 0 comes first or last as its content has it."""
    for rank, expected in (([0, 1], 1.0), ([1, 0], 0.0)):
        truth = GroundTruth(np.array([True, False]), np.arange(2), np.array(rank))
        assert permuted_statistics(np.zeros((1, 2)), truth, 0, 1)[:, 0].tolist() == [0.5, expected]


def step_down_by_force(by_rank: np.ndarray) -> np.ndarray:
    """Westfall and Young, box 2.6, by the letter: successive minima over the hypotheses not yet decided."""
    observed = by_rank[:, 0]
    order = sorted(range(len(observed)), key=lambda row: observed[row])
    found, last = np.zeros(len(order)), 0.0
    for place, row in enumerate(order):
        smallest = [min(by_rank[other, draw] for other in order[place:]) for draw in range(by_rank.shape[1])]
        last = max(last, sum(value <= observed[row] for value in smallest) / len(smallest))
        found[row] = last
    return found


def test_step_down_is_that_of_the_book() -> None:
    """Two of three rows are nearly the same, which costs less than two unlike ones would."""
    rng = np.random.default_rng(1)
    base = rng.normal(size=(2, 40))
    rows = np.stack([base[0], base[0] + 0.01 * rng.normal(size=40), base[1]])
    by_rank = permutation._p_values(rows)
    assert permutation._step_down(by_rank) == pytest.approx(step_down_by_force(by_rank))


def test_step_down_of_a_matrix_by_hand() -> None:
    """Four columns, the first observed. Row 0 is observed at 1/4, and the smaller of both rows is at most 1/4
    in columns 0 and 1: 2/4. Row 1, at 2/4, then stands alone: 2/4."""
    by_rank = np.array([[1, 2, 3, 4], [2, 1, 4, 3]]) / 4
    assert permutation._step_down(by_rank).tolist() == [0.5, 0.5]


def test_p_values_count_the_observed_and_ties() -> None:
    """3 is reached by itself and one other of four; 2 and its two equals and betters: 3 of 4."""
    found = permutation._p_values(np.array([[3.0, 3, 1, 0], [2.0, 2, 5, 0]]))
    assert found[:, 0].tolist() == [0.5, 0.75]


def clustered(rng: np.random.Generator, attacks: int, mixed: bool) -> tuple[np.ndarray, GroundTruth]:
    """20 patients of 1 to 4 slices whose scores are much alike, roles by patient; of 6 also within."""
    groups = np.repeat(np.arange(20), rng.integers(1, 5, 20))
    used = (rng.permutation(20) < 10)[groups]
    if mixed:
        used = np.where(groups < 6, rng.random(len(groups)) < 0.5, used)
    shared = rng.normal(size=(attacks, 20))[:, groups]
    return shared + 0.3 * rng.normal(size=(attacks, len(groups))), GroundTruth(used, groups)


@pytest.mark.parametrize(("mixed", "headline"), [(False, None), (True, 0)])
def test_the_joint_p_value_is_uniform_where_there_is_nothing(mixed: bool, headline: int | None) -> None:
    """Of 200 draws, 5% and 50% are expected below 0.05 and 0.5: binomial, at most 3.5 standard errors off.
    Slices as if they were people would reject in some 20%."""
    rng = np.random.default_rng(3)
    found = np.array(
        [joint_test(*clustered(rng, 4, mixed), seed, headline, 199).combined for seed in range(200)]
    )
    for level in (0.05, 0.5):
        assert abs((found <= level).mean() - level) <= 3.5 * np.sqrt(level * (1 - level) / 200)


def test_a_leak_is_found_and_said_by_whom() -> None:
    """Attack 1 of 3 separates, the others see noise: only it fires; 0.001 is one of 1000."""
    rng = np.random.default_rng(5)
    scores, truth = clustered(rng, 3, mixed=False)
    scores[1] += 20 * truth.used
    found = joint_test(scores, truth, 0, count=999)
    assert found.auc[1] == 1
    assert found.corrected[1] <= 0.01
    assert found.combined <= 0.01
    assert min(found.corrected[[0, 2]]) > 0.05
    assert found.strongest(1) in (1, 4)


def test_the_other_direction_has_a_p_value_of_its_own() -> None:
    scores, truth = clustered(np.random.default_rng(5), 3, mixed=False)
    scores[2] -= 20 * truth.used
    found = joint_test(scores, truth, 0, count=999)
    assert found.reversed <= 0.01
    assert found.combined > 0.05


def test_the_declared_attack_has_half_of_the_weight() -> None:
    """Of the 2 x 3 p-values: 1/4 for each of its two, and 1/8 for each of the others'; in sum 1."""
    found = permutation._weights(3, 1)
    assert found.tolist() == [0.125, 0.25, 0.125, 0.125, 0.25, 0.125]
    assert permutation._weights(3, None) == pytest.approx(np.full(6, 1 / 6))
    assert permutation._weights(1, 0).tolist() == [0.5, 0.5]


def test_a_patient_of_one_role_moves_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """All labels that the statistics see: constant within each group."""
    seen = []

    def note(labels: np.ndarray) -> np.ndarray:
        seen.append(labels)
        return np.zeros(len(labels))

    monkeypatch.setattr(permutation, "partial_auc", note)
    groups = np.array([0, 0, 0, 1, 1, 2, 3, 3])
    truth = GroundTruth(np.isin(groups, [0, 2]), groups)
    permuted_statistics(-np.arange(8.0)[None], truth, 0, 50)
    for labels in seen:
        assert all(len(set(row[groups == group])) == 1 for row in labels for group in range(4))
        assert set(labels.sum(1)) <= {3, 4, 5, 6}


def test_the_same_seed_gives_the_same_numbers_and_chunks_change_none(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, truth = clustered(np.random.default_rng(0), 2, mixed=True)
    whole = permuted_statistics(scores, truth, 7, 99)
    monkeypatch.setattr(permutation, "CHUNK", 100)
    assert (permuted_statistics(scores, truth, 7, 99) == whole).all()
    assert (permuted_statistics(scores, truth, 8, 99) != whole).any()


def ways(truth: GroundTruth) -> int:
    """By force: roles with as many used groups among the pure ones, and in groups with both, of one size,
    the same numbers of used images in any order and at any place."""
    groups = range(truth.groups.max() + 1)
    places = [np.flatnonzero(truth.groups == group) for group in groups]
    numbers = [int(truth.used[own].sum()) for own in places]
    both = [0 < number < len(own) for number, own in zip(numbers, places, strict=True)]
    found = set()
    for chosen in range(2 ** len(truth.used)):
        labels = np.array([chosen >> bit & 1 for bit in range(len(truth.used))])
        count = [int(labels[own].sum()) for own in places]
        pure = [g for g in groups if not both[g]]
        if any(count[g] not in (0, len(places[g])) for g in pure):
            continue
        if sum(count[g] > 0 for g in pure) != sum(numbers[g] > 0 for g in pure):
            continue
        sizes = {len(places[g]) for g in groups if both[g]}
        alike = [[g for g in groups if both[g] and len(places[g]) == size] for size in sizes]
        if all(sorted(count[g] for g in some) == sorted(numbers[g] for g in some) for some in alike):
            found.add(tuple(labels))
    return len(found)


@pytest.mark.parametrize(
    ("used", "groups", "number"),
    [
        ([1, 1, 0, 0], [0, 1, 2, 3], comb(4, 2)),
        ([1, 1, 0, 0], [0, 0, 1, 1], 2),
        ([1, 1], [0, 0], 1),
        ([1, 0, 0, 1, 0], [0, 0, 0, 1, 2], 3 * 2),
        ([1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1], 2 * 3 * 3),
        ([1, 0, 1, 0, 1, 0, 0], [0, 0, 1, 1, 2, 3, 4], 2 * 2 * 3),
    ],
)
def test_no_p_value_is_below_one_over_the_ways_in_which_roles_fall(
    used: list[int], groups: list[int], number: int
) -> None:
    """By counting them all."""
    truth = GroundTruth(np.array(used, bool), np.array(groups))
    assert ways(truth) == number
    assert least_p_value(truth) == pytest.approx(1 / number)


def test_so_many_ways_are_no_overflow() -> None:
    assert 0 <= least_p_value(singles([0, 1] * 2000)) < 1e-300


def test_all_permutations_of_few_patients_give_the_exact_p_value() -> None:
    """The best of 20 ways to choose 3 of 6: p is 1/20 but for the draw (4,999 of 20 kinds: 0.05 +- 0.012)."""
    truth = singles([1, 1, 1, 0, 0, 0])
    found = joint_test(np.array([[6.0, 5, 4, 3, 2, 1]]), truth, 0)
    assert len(list(combinations(range(6), 3))) == 20
    assert abs(found.p_values[0] - 0.05) < 0.012
    assert found.least == pytest.approx(0.05)
