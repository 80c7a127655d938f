"""Residuals, spectra and grids of images made by hand."""

import numpy as np
import pytest
from PIL import Image

from core.attribution import residuals
from core.attribution.residuals import compare, grid_period, measure, peaks, residual


def noisy(count: int, side: int = 64, seed: int = 0, deviation: float = 5.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        (128 + deviation * rng.normal(size=(side, side))).round().clip(0, 255).astype(np.uint8)
        for _ in range(count)
    ]


def with_grid(images: list[np.ndarray], period: int, strength: int = 2) -> list[np.ndarray]:
    """Every ``period``-th row and column is a little brighter."""
    made = []
    for image in images:
        lines = np.zeros(image.shape, int)
        lines[::period] += strength
        lines[:, ::period] += strength
        made.append((image.astype(int) + lines).clip(0, 255).astype(np.uint8))
    return made


def test_a_residual_is_the_image_less_its_median() -> None:
    """One pixel of 150 on 100: the median of its square is 100, and so is its neighbours'."""
    image = np.full((5, 5), 100, np.uint8)
    image[2, 2] = 150
    expected = np.zeros((5, 5))
    expected[2, 2] = 50
    np.testing.assert_array_equal(residual(image), expected)


def test_dark_pixels_are_negative() -> None:
    image = np.full((5, 5), 100, np.uint8)
    image[2, 2] = 40
    assert residual(image)[2, 2] == -60


def test_the_mean_residual_is_what_all_images_share() -> None:
    """A bright pixel of 50 in one of two images: 25 on average."""
    plain = np.full((32, 32), 100, np.uint8)
    marked = plain.copy()
    marked[7, 9] = 150
    found = measure([plain, marked])
    assert found.mean[7, 9] == 25
    assert np.count_nonzero(found.mean) == 1
    assert found.radial.shape == (2, 16)  # rings of 1 to 16 cycles across 32 px


def test_the_power_of_noise_is_its_variance() -> None:
    """Parseval: the mean of |FFT|^2 a pixel over all frequencies is the mean square of the residual, also
    under a window whose mean square is divided by."""
    images = noisy(40)
    found = measure(images)
    squares = np.mean([np.square(residual(image)).mean() for image in images])
    assert (10**found.power).mean() == pytest.approx(squares, rel=0.05)


@pytest.mark.parametrize(("side", "period"), [(64, 8), (128, 8), (96, 6), (120, 10)])
def test_a_grid_is_found_by_its_period(side: int, period: int) -> None:
    """Lines every 8 px are frequencies of 1/8 cycles a pixel and its multiples."""
    found = peaks(measure(with_grid(noisy(40, side), period)))
    assert grid_period(found, (side, side)) == pytest.approx(period)
    on_grid = [p for p in found if p.x % (side / period) == 0 and p.y % (side / period) == 0]
    assert on_grid == list(found)
    assert min(p.z for p in found) > 4.5  # one in a thousand over 2,000 frequencies


@pytest.mark.parametrize("seed", range(20))
def test_white_noise_has_no_grid(seed: int) -> None:
    """The chance of one is a thousandth an image set."""
    assert peaks(measure(noisy(10, 64, seed))) == ()
    assert peaks(measure(noisy(1, 64, 100 + seed))) == ()


def test_enlarged_images_show_by_how_much() -> None:
    """Three times as large by bilinear interpolation: residuals are stronger at every third pixel, though no
    line is the same in two images, so that the spectrum itself has none."""
    enlarged = [
        np.asarray(Image.fromarray(image).resize((96, 96), Image.Resampling.BILINEAR))
        for image in noisy(40, 32, deviation=20)
    ]
    found = peaks(measure(enlarged))
    assert {peak.kind for peak in found} == {"strength"}
    assert {(abs(peak.x), abs(peak.y)) for peak in found} >= {(32, 0), (0, 32)}
    assert grid_period(found, (96, 96)) == pytest.approx(3)


def test_a_straight_edge_is_no_grid() -> None:
    """A bright table under every slice: a line in the spectrum, no single frequency."""
    images = noisy(30)
    for image in images:
        image[40:44] = 250
        image[:, 20:22] = 5
    assert peaks(measure(images)) == ()


def test_tiny_images_have_no_neighbours_to_compare_with() -> None:
    assert peaks(measure(noisy(3, 16))) == ()


def test_no_peaks_have_no_period() -> None:
    assert grid_period((), (64, 64)) is None


def test_a_shared_pattern_correlates_with_itself_where_it_repeats() -> None:
    """Lines every 8 px: shifted by 8 the mean residual is the same, shifted by 4 along
    both sides it isn't."""
    found = measure(with_grid(noisy(60), 8, 6)).autocorrelation
    assert found[32, 32] == pytest.approx(1)
    assert found[32, 40] > 0.5
    assert found[36, 36] < 0.2


def test_spectra_of_one_source_differ_by_no_more_than_chance() -> None:
    """Both halves are the same noise: in 95% of such comparisons all frequencies are within the band; of 20,
    more than 4 outside have a chance of 0.3%."""
    outside = 0
    for seed in range(20):
        rows = measure(noisy(24, 32, seed)).radial
        found = compare(rows[:12], rows[12:], seed)
        beyond = bool((abs(found.value) > found.band).any())
        assert beyond == (found.p_value <= 0.05)
        outside += beyond
    assert outside <= 4


def test_another_noise_is_seen_and_told_by_its_sign() -> None:
    """Twice the noise is 4 times the power: log10 of 4 is 0.6 more at every frequency."""
    loud, soft = measure(noisy(20, 64, 0, 20)).radial, measure(noisy(20, 64, 1, 10)).radial
    found = compare(loud, soft)
    np.testing.assert_allclose(found.value[4:], 0.6, atol=0.1)
    assert (found.value > found.band).all()
    assert found.p_value == 1 / 200
    assert (found.band >= found.point).mean() > 0.9


def test_a_band_at_one_frequency_is_narrower_than_at_all() -> None:
    rows = measure(noisy(30, 64)).radial
    found = compare(rows[:15], rows[15:])
    assert found.point.mean() < found.band.mean()
    assert residuals.PERMUTATIONS == 199
