"""What is left out of scores: what test shares with development, and images without a distance."""

import numpy as np
import pytest

from core.errors import BadChoice
from core.membership.evaluation import Measurement, ground_truth
from core.membership.separation import check_sets, scored_only
from core.types import ImageFile, ImageSet, Role


def files(name: str, first: int, count: int, groups: bool = True) -> tuple[ImageFile, ...]:
    """Images ``first`` to ``first + count``, used and not used in turn, two per patient."""
    roles = (Role.REAL_USED, Role.REAL_NOT_USED)
    return tuple(
        ImageFile(f"{name}/{i}", f"{i:02}", roles[i // 2 % 2], group=f"p{i // 2}" if groups else None)
        for i in range(first, first + count)
    )


def measured(name: str, images: tuple[ImageFile, ...]) -> Measurement:
    return Measurement(name, images, np.ones((3, len(images))), *ground_truth(images), False, {})


def test_the_same_images_under_another_name_are_no_test_set() -> None:
    sets = [ImageSet(name, "membership", files(name, 0, 8)) for name in ("one", "two")]
    with pytest.raises(BadChoice, match="'two' has the same real images as the development set 'one'"):
        check_sets(sets)


def test_shared_images_and_their_patients_are_counted_named_and_left_out() -> None:
    """Development has images 0 to 9, patients p0 to p4; test 9 to 16: image 9 is shared, as is p4."""
    dev, test = scored_only([measured("dev", files("d", 0, 10)), measured("test", files("t", 9, 8))])
    assert dev.known.all()
    assert test.known.tolist() == [False] + [True] * 7
    assert len(test.truth.used) == 7
    assert test.truth.groups.max() == 3
    assert test.note == (
        "1 real image of 'test' and 1 patient group (p4) are also in the development set 'dev': 1 image is "
        "left out of the scores."
    )


def test_another_slice_of_a_patient_is_left_out_too() -> None:
    """Images 8 and 9 are of p4: development has only 8, test only 9."""
    _, test = scored_only([measured("dev", files("d", 0, 9)), measured("test", files("t", 9, 8))])
    assert not test.known[0]
    assert "1 patient group (p4) is also in the development set" in str(test.note)


def test_copies_are_found_without_groups() -> None:
    dev, test = files("d", 0, 10, groups=False), files("t", 8, 8, groups=False)
    _, found = scored_only([measured("dev", dev), measured("test", test)])
    assert found.known.sum() == 6
    assert "2 real images of 'test' are also in the development set" in str(found.note)


def test_nothing_left_is_one_sentence() -> None:
    with pytest.raises(BadChoice, match=r"nothing is left to test on.*different group names"):
        scored_only([measured("dev", files("d", 0, 10)), measured("test", files("t", 2, 4))])


def test_what_is_apart_stays_as_it_is() -> None:
    test = measured("test", files("t", 10, 8))
    assert scored_only([measured("dev", files("d", 0, 10)), test])[1].key == test.key


def without_lungs(found: Measurement, *places: int) -> Measurement:
    rows = found.rows.copy()
    rows[:, list(places)] = np.inf
    return Measurement(**{**vars(found), "rows": rows})


def test_images_without_a_distance_are_not_counted() -> None:
    (found,) = scored_only([without_lungs(measured("dev", files("d", 0, 12)), 0, 2)])
    assert found.known.sum() == 10
    assert found.truth.used.sum() == 5


@pytest.mark.parametrize(
    ("places", "label"), [((0, 1, 4, 5, 8, 9), "used"), ((2, 3, 6, 7, 10, 11), "not used")]
)
def test_a_class_without_lungs_is_one_sentence(places: tuple[int, ...], label: str) -> None:
    sentence = f"No lung was found in any of the 6 images labelled “{label}” of 'dev'"
    with pytest.raises(BadChoice, match=sentence):
        scored_only([without_lungs(measured("dev", files("d", 0, 12)), *places)])
