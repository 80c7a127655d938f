"""Parts of sets: patients stay whole, and each kind of parts has the size that it says."""

import numpy as np
import pytest

from core.fidelity import subsets

GROUPS = np.array([4, 4, 9, 1, 1, 8, 7, 9, 30, 30, 2, 5])  # eight patients, of one or two slices


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_parts_share_no_patient_and_hold_all_rows(count: int) -> None:
    """Of eight patients, 4 and 4; 3, 3 and 2; 2 each."""
    found = subsets.parts(GROUPS, count, rng())
    assert sorted(np.concatenate(found).tolist()) == list(range(12))
    patients = [set(GROUPS[part].tolist()) for part in found]
    assert sum(map(len, patients)) == 8
    assert max(map(len, patients)) - min(map(len, patients)) <= 1


def test_of_an_odd_number_either_half_may_be_the_larger() -> None:
    """Five groups: the first half has two in about half of 100 draws."""
    sizes = [len(subsets.parts(np.arange(5), 2, random)[0]) for random in [rng()] for _ in range(100)]
    assert set(sizes) == {2, 3}
    assert 30 < sizes.count(2) < 70


def test_a_thinned_set_keeps_patients_whole_but_one() -> None:
    """100 patients of 5 slices, thinned to 52: ten whole ones, and two slices of another."""
    groups = np.arange(500) % 100
    kept = subsets.thinned(groups, 52, rng())
    assert len(kept) == 52
    assert (np.diff(kept) > 0).all()
    assert sorted(np.bincount(groups[kept]))[-11:] == [2] + 10 * [5]
    assert subsets.thinned(groups, 500, rng()).tolist() == list(range(500))


def test_pairs_are_of_the_sizes_that_they_say() -> None:
    """12 real rows of eight patients and 40 generated: the rows of a half are of four patients and 20."""
    found = subsets.pairs(GROUPS, 40, 0)
    (whole,) = found["whole"]
    assert [len(side) for side in whole] == [12, 40]
    for kind, by, count in (("half", 2, subsets.HALVES), ("quarter", 4, 4 * subsets.QUARTERS)):
        assert len(found[kind]) == count
        for real, generated in found[kind]:
            assert len(set(GROUPS[real].tolist())) == 8 / by
            assert len(generated) == 40 / by
            assert (generated >= 12).all()


def test_the_floor_has_no_patient_twice_and_generated_sets_are_as_large() -> None:
    found = subsets.pairs(GROUPS, 40, 0)
    assert len(found["real"]) == len(found["same"]) == subsets.SPLITS
    for (first, second), (real, generated) in zip(found["real"], found["same"], strict=True):
        assert not set(GROUPS[first].tolist()) & set(GROUPS[second].tolist())
        assert first.tolist() == real.tolist()
        assert len(second) == len(generated) == 12 - len(first)
    few = subsets.pairs(GROUPS, 3, 0)
    assert all(len(second) == 3 for _, second in few["real"])  # no more than there are generated ones


def test_another_seed_draws_other_parts_and_the_same_one_the_same() -> None:
    first, again, other = (subsets.pairs(GROUPS, 40, seed)["half"] for seed in (0, 0, 1))
    assert all(
        (a == b).all() for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert any(len(a[0]) != len(b[0]) or (a[0] != b[0]).any() for a, b in zip(first, other, strict=True))
