"""The mean of several data sets, and what is said where there is none."""

import math

import pytest

from core.paper import means
from core.types import ImageFile, ImageSet, Role


def row(f1: float | None, ci: list[float] | None, **more: object) -> dict[str, object]:
    return {"config": {"k": 5}, "id": "x", "f1": f1, "f1_ci": ci, "seconds": 1.5, "error": None, **more}


def test_the_papers_own_mean() -> None:
    """Table 4, run 7: F1 0.002995 and 0.46837; the paper prints 0.23568 (0.2356825 rounds to either side)."""
    made = means.mean_row(["DB1", "DB2"], [row(0.002995, None), row(0.46837, None)])
    assert made["f1"] == pytest.approx(0.23568, abs=5e-6)
    assert made["f1_ci"] is None


def test_one_data_set_is_as_it_was() -> None:
    one = row(0.6, [0.5, 0.7], p_value=0.01, verdict="leak", test={"f1": 0.4})
    assert means.mean_row(["a"], [one]) == one


def test_a_mean_of_test_parts_beside_that_of_development() -> None:
    rows = [
        row(0.6, [0.5, 0.7], p_value=0.01, k=5, rule="means", test={"f1": 0.4, "f1_ci": [0.3, 0.5]}),
        row(0.8, [0.7, 0.9], p_value=0.02, k=5, rule="best", test={"f1": 0.5, "f1_ci": [0.4, 0.6]}),
    ]
    made = means.mean_row(["a", "b"], rows)
    assert made["f1"] == pytest.approx(0.7)
    assert made["test"]["f1"] == pytest.approx(0.45)
    assert made["seconds"] == 3
    assert (made["k"], made["rule"], made["p_value"], made["error"]) == (5, None, None, None)
    assert made["config"] == {"k": 5}


def test_what_one_data_set_lacks_is_undefined_in_the_mean() -> None:
    """Unlabelled, undefined, and failed; the other data set's value is never the mean."""
    good = row(0.6, [0.5, 0.7], test={"f1": 0.4, "f1_ci": [0.3, 0.5]})
    unlabelled = means.mean_row(["a", "b"], [good, row(0.8, [0.7, 0.9], test={"p_value": None})])
    assert unlabelled["test"]["f1"] is None
    assert unlabelled["test"]["f1_ci"] is None
    assert unlabelled["f1"] == pytest.approx(0.7)
    without_test = means.mean_row(["a", "b"], [good, row(0.8, [0.7, 0.9])])
    assert without_test["test"]["f1"] is None
    failed = means.mean_row(["a", "b"], [good, {"config": {"k": 5}, "id": "x", "error": "No lung."}])
    assert failed["f1"] is None
    assert failed["error"] == "b: No lung."


def test_an_error_of_all_is_told_once() -> None:
    failed = {"config": {}, "id": "x", "error": "Weights are missing."}
    assert means.mean_row(["a", "b"], [failed, failed])["error"] == "Weights are missing."


def test_the_interval_of_a_mean_by_hand() -> None:
    """Distances to the lower limits 0.3 and 0.4: their root sum of squares is 0.5, half of it 0.25; to the
    upper limits 0.06 and 0.08: 0.1 and 0.05. Of dependent estimates: half of 0.7 and of 0.14."""
    values, intervals = [0.6, 0.8], [[0.3, 0.66], [0.4, 0.88]]
    assert means.interval(values, intervals) == pytest.approx([0.7 - 0.25, 0.7 + 0.05])
    assert means.interval(values, intervals, dependent=True) == pytest.approx([0.7 - 0.35, 0.7 + 0.07])


def test_the_interval_of_two_equal_and_independent_estimates() -> None:
    """The standard error of a mean of two falls by the square root of 2."""
    low, high = means.interval([0.5, 0.5], [[0.4, 0.6], [0.4, 0.6]])
    assert high - low == pytest.approx(0.2 / math.sqrt(2))


def test_who_is_in_both_data_sets_makes_them_dependent() -> None:
    def of(sha256: str, group: str | None = None) -> ImageSet:
        shared = ImageFile("generated/1.png", "same")
        return ImageSet("s", "membership", (shared, ImageFile("r", sha256, Role.REAL_USED, group=group)))

    assert not means.share_people([of("a"), of("b")])
    assert means.share_people([of("a"), of("a")])
    assert means.share_people([of("a", "p1"), of("b", "p1")])
    assert not means.share_people([of("a", "p1"), of("b", "p2")])
