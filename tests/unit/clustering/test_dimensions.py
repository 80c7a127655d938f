"""Dead and dominating dimensions of matrices made by hand."""

import numpy as np
import pytest

from core.clustering import dimensions
from core.clustering.dimensions import dimension_shares

SIGNS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)  # two columns, uncorrelated, of variance 1


def test_two_equal_dimensions_are_two() -> None:
    """Variances 1 and 1: one of them carries half, the ratio is (1 + 1)^2 / (1 + 1) = 2."""
    found = dimension_shares(SIGNS)
    assert (found.count, found.dead, found.half) == (2, 0, 1)
    assert found.effective == pytest.approx(2)
    assert found.leading == pytest.approx(0.5)


def test_a_dimension_that_is_the_same_everywhere_is_dead() -> None:
    """Of 4 columns two never vary, one of them at a value that a float32 can't hold exactly."""
    still = np.full((4, 2), [0.1, 0.0], np.float32)
    found = dimension_shares(np.concatenate([SIGNS, still], 1))
    assert found.dead == 0.5
    assert found.effective == pytest.approx(2)
    assert "50% are dead" in found.words


def test_one_dominates() -> None:
    """Standard deviations 3 and 1: 9 of 10 parts of the variance, and 10^2 / (81 + 1) = 1.22 dimensions."""
    found = dimension_shares(SIGNS * np.array([3, 1], np.float32))
    assert found.largest == pytest.approx(0.9)
    assert found.leading == pytest.approx(0.9)
    assert found.effective == pytest.approx(100 / 82)
    assert found.words.startswith("1 of 2 dimensions carries half of the variance; 0% are dead")


def test_copies_of_a_dimension_are_one_direction() -> None:
    """The same column three times: three dimensions that vary alike, one independent one."""
    found = dimension_shares(np.repeat(SIGNS[:, :1], 3, 1))
    assert found.half == 2
    assert found.effective == pytest.approx(1)
    assert found.leading == pytest.approx(1)


def test_the_largest_hundredth() -> None:
    """Of 200 columns two have variance 99, the others 1: 198 of 396 parts, and these two carry half."""
    rng = np.random.default_rng(0)
    signs = np.sign(rng.normal(size=(2000, 200)))
    signs[1000:] = -signs[:1000]
    weights = np.ones(200)
    weights[[7, 90]] = np.sqrt(99)
    found = dimension_shares(signs * weights)
    assert found.largest == pytest.approx(198 / 396)
    assert found.half == 2


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (12, 70)])
def test_both_ways_of_multiplying_agree_with_the_covariance(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The participation ratio is trace^2 / sum of squares of the covariance, whatever is multiplied how."""
    monkeypatch.setattr(dimensions, "COLUMNS", 32)
    rows = np.random.default_rng(1).normal(size=shape) * np.arange(1, shape[1] + 1)
    covariance = np.cov(rows.T, bias=True)
    found = dimension_shares(rows)
    assert found.effective == pytest.approx(np.trace(covariance) ** 2 / np.square(covariance).sum())
    assert found.leading == pytest.approx(np.linalg.eigvalsh(covariance)[-1] / np.trace(covariance))


def test_of_many_images_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third of 12 where 4 are allowed: places 0, 3, 6, 9, which have the signs' variances."""
    monkeypatch.setattr(dimensions, "MOST", 4)
    found = dimension_shares(np.repeat(SIGNS, 3, 0))
    assert found.effective == pytest.approx(2)


def test_images_that_are_all_the_same() -> None:
    found = dimension_shares(np.full((5, 3), 0.1, np.float32))
    assert (found.dead, found.half, found.effective) == (1, 0, 0)
    assert found.words == "All 3 dimensions are dead: they are the same in every image."
