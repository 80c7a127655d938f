"""Which images belong together; file names decide nothing."""

import numpy as np
import pytest

from core.membership.evaluation import ground_truth
from core.membership.metrics import GroundTruth
from core.membership.model_selection import group_folds
from core.membership.sets.patient_groups import group_numbers
from core.types import ImageFile, Role

USED, OTHER = Role.REAL_USED, Role.REAL_NOT_USED


def files(*rows: tuple[str, Role, str | None]) -> list[ImageFile]:
    """One image per (hash, role, group), named by its place."""
    return [
        ImageFile(f"{place}.png", sha, role, group=group) for place, (sha, role, group) in enumerate(rows)
    ]


def test_known_patients_are_numbered_by_name_as_ever() -> None:
    """Sorted: a, b, c are 0, 1, 2. Folds of data sets with groups stay what they were."""
    found = group_numbers(files(("z", USED, "c"), ("y", OTHER, "a"), ("x", OTHER, "a"), ("w", USED, "b")))
    assert found.tolist() == [2, 0, 0, 1]


def test_copies_without_a_group_are_one() -> None:
    found = group_numbers(files(("b", USED, None), ("a", USED, None), ("b", OTHER, None)))
    assert found.tolist() == [1, 0, 1]


def test_a_copy_of_a_patients_slice_is_that_patients() -> None:
    found = group_numbers(files(("b", USED, "p"), ("a", USED, None), ("b", USED, None)))
    assert found.tolist() == [0, 1, 0]


def test_pixels_that_two_patients_share_do_not_join_them() -> None:
    """A black slice occurs in many scans: it says nothing of whose it is."""
    found = group_numbers(files(("black", USED, "p"), ("black", OTHER, "q"), ("black", USED, None)))
    assert found.tolist() == [0, 1, 2]


def test_a_copy_is_never_in_two_folds() -> None:
    """30 images, each twice and without a group: both copies are held out together."""
    both = files(*((f"{i:02}", USED if i % 2 else OTHER, None) for i in [*range(30), *range(30)]))
    truth, _ = ground_truth(both)
    for held in group_folds(truth, 0):
        np.testing.assert_array_equal(held[:30], held[30:])


@pytest.mark.parametrize("mixed", [False, True])
def test_other_file_names_change_no_draw(mixed: bool) -> None:
    """The same images in reverse order, as other names would sort them: all draws are reversed with them."""
    rows = [(f"{i:02}", USED if i % 2 else OTHER, "p" if mixed and i < 2 else None) for i in range(20)]
    truth, turned = (ground_truth(files(*each))[0] for each in (rows, rows[::-1]))

    def draws(of: GroundTruth) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        return [of.drawn(9, rng), of.permuted(9, rng), np.stack(group_folds(of, 0))]

    for one, other in zip(draws(truth), draws(turned), strict=True):
        np.testing.assert_array_equal(one, other[:, ::-1])
