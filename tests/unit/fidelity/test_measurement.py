"""The entry on Gaussian rows, and on rows of which nothing can be said."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from core.errors import BadChoice
from core.fidelity import measurement
from core.fidelity.frechet import frechet_distance
from core.fidelity.measurement import NAMES, measure
from core.fidelity.result import Fidelity, FidelityScore

PATIENTS = np.repeat(np.arange(20), 3)


def rows(count: int, mean: float = 0, deviation: float = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, (count, 6)).astype(np.float32)


REAL = rows(60)
ALIKE, MOVED = (measure(REAL, PATIENTS, rows(80, mean, seed=1), 0) for mean in (0, 1.5))


@pytest.mark.parametrize("found", [ALIKE, MOVED])
def test_every_figure_lies_in_its_interval_beside_a_floor(found: Fidelity) -> None:
    assert [score.name for score in found.scores] == list(NAMES)
    for score in found.scores:
        assert score.undefined is None
        assert score.low <= score.value <= score.high  # type: ignore[operator]
        for spread in (score.floor, score.same_size):
            assert spread is not None
            assert spread.low <= spread.mean <= spread.high
    assert (found.real, found.real_groups, found.generated) == (60, 20, 80)


def test_figures_are_those_of_the_whole_sets() -> None:
    assert ALIKE["frechet"].value == pytest.approx(frechet_distance(REAL, rows(80, seed=1)))


def test_a_set_from_the_same_population_is_at_the_floor_and_another_is_not() -> None:
    """Rows of one Gaussian, and of one whose mean is 1.5 standard deviations away in each dimension: a
    squared distance of 6 x 2.25, beside which the covariances hardly count."""
    for name in ("mmd", "frechet", "precision", "coverage"):
        alike, moved = ALIKE[name], MOVED[name]
        assert alike.floor is not None
        assert alike.same_size is not None
        assert alike.floor.low <= alike.same_size.high
        assert alike.same_size.low <= alike.floor.high
        assert moved.same_size is not None
        assert moved.floor == alike.floor  # it is of the real images alone
        worse = moved.same_size.low > alike.floor.high, moved.same_size.high < alike.floor.low
        assert worse == ((True, False) if name in ("mmd", "frechet") else (False, True))
    assert MOVED["frechet"].value == pytest.approx(13.5, rel=0.2)


def test_the_frechet_distance_is_given_at_three_sizes_and_falls() -> None:
    """Of one population it is 0, but for its bias, which is about twice as large at half as many images."""
    at = ALIKE["frechet"].at
    assert [(each.real, each.generated) for each in at] == [(60, 80), (30, 40), (15, 20)]
    assert at[0].value == ALIKE["frechet"].value
    assert at[0].value < at[1].value < at[2].value
    assert 1.5 < at[1].value / at[0].value < 3


def test_all_is_kept_on_a_way_through_json() -> None:
    few = measure(REAL, np.zeros(60, int), REAL, 0)
    for found in (MOVED, few):
        assert Fidelity.from_json(json.loads(json.dumps(asdict(found), allow_nan=False))) == found


def test_it_follows_from_its_seed() -> None:
    same, other = (measure(REAL, PATIENTS, rows(80, 1.5, seed=1), seed) for seed in (0, 1))
    assert same == MOVED
    assert other["frechet"].value == MOVED["frechet"].value
    assert other["frechet"].low != MOVED["frechet"].low


def test_names_of_patients_mean_nothing() -> None:
    assert measure(REAL, 7 + 100 * PATIENTS, rows(80, 1.5, seed=1), 0) == MOVED


def copies(count: int) -> np.ndarray:
    return np.ones((count, 6), np.float32)


def distinct(count: int, of: int) -> np.ndarray:
    return rows(count)[np.arange(of) % count]


@pytest.mark.parametrize(
    ("real", "groups", "generated", "reason"),
    [
        (copies(60), PATIENTS, REAL, "there is 1 real image with features of its own, and 12 are needed"),
        (
            REAL,
            PATIENTS,
            copies(60),
            "there is 1 generated image with features of its own, and 12 are needed",
        ),
        (distinct(11, 60), PATIENTS, REAL, "there are 11 real images that differ, and 12 are needed"),
        (REAL, PATIENTS, REAL[:3], "there are 3 generated images that differ, and 12 are needed"),
        (REAL, PATIENTS, REAL[:0], "there are 0 generated images that differ, and 12 are needed"),
        (REAL[:0], PATIENTS[:0], REAL, "there are 0 real images that differ, and 12 are needed"),
        (REAL, PATIENTS % 3, REAL, "real images are of 3 patients, and 4 are needed"),
        (
            REAL,
            PATIENTS,
            np.full((60, 6), np.nan),
            "some features of generated images are not finite numbers",
        ),
    ],
)
def test_nothing_is_said_of_too_little(
    real: np.ndarray, groups: np.ndarray, generated: np.ndarray, reason: str
) -> None:
    """2 (k + 1) images at k = 5, so that a half has a fifth neighbour."""
    assert measure(real, groups, generated, 0).scores == tuple(
        FidelityScore(name, undefined=reason) for name in NAMES
    )


def values(found: Fidelity) -> dict[str, float | None]:
    return {score.name: score.value for score in found.scores}


def test_copies_of_real_images_are_perfect() -> None:
    """Every generated row is a real one: each is in its original's ball, and the other way round; the
    distance of equal Gaussians is 0."""
    found = values(measure(REAL, PATIENTS, REAL[::-1].copy(), 0))
    assert (found["precision"], found["recall"], found["coverage"]) == (1, 1, 1)
    assert found["frechet"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("real", [REAL, distinct(12, 60)])
@pytest.mark.parametrize("generated", [REAL + 1000, distinct(12, 60), rows(13) * [0, 0, 0, 0, 0, 1]])
def test_odd_sets_have_numbers_or_reasons(real: np.ndarray, generated: np.ndarray) -> None:
    """Copies of twelve images, sets that do not touch, constant columns: every number is finite, and a score
    has a value with an interval or a reason."""
    found = measure(real, PATIENTS, np.asarray(generated, np.float32), 0)
    json.dumps(asdict(found), allow_nan=False)
    for score in found.scores:
        assert (score.value is None) == (score.low is None) == (score.undefined is not None)


def test_patients_that_cannot_be_halved_leave_scores_undefined() -> None:
    """Of five patients one has 56 of 60 images: about half of the halves lack it, and have two or three
    images, so no fifth neighbour. MMD needs none, only two patients, which every half has."""
    found = measure(REAL, np.maximum(np.arange(60) - 55, 0), rows(80, seed=1), 0)
    json.dumps(asdict(found), allow_nan=False)
    assert found["mmd"].low is not None
    reasons = {score.undefined for score in found.scores[1:]}
    assert reasons == {"patients have too unequal numbers of images to be halved"}


def test_large_sets_are_thinned_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """To 40 images of each side; real ones of whole patients, thirteen of three slices and one slice."""
    monkeypatch.setattr(measurement, "MOST", 40)
    found = measure(REAL, PATIENTS, rows(80, seed=1), 0)
    assert (found.real, found.measured_real, found.generated, found.measured_generated) == (60, 40, 80, 40)
    assert found.notes == (
        "Of 60 real images, 40 were drawn at random and measured.",
        "Of 80 generated images, 40 were drawn at random and measured.",
    )
    assert MOVED.notes == ()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadChoice, match="k = 0"):
        measure(REAL, PATIENTS, REAL, 0, k=0)
    with pytest.raises(ValueError, match="not in one space"):
        measure(REAL, PATIENTS, REAL[:, :5], 0)
    with pytest.raises(ValueError, match="59 groups"):
        measure(REAL, PATIENTS[:59], REAL, 0)
