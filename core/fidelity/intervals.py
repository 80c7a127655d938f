"""95% intervals of figures that a bootstrap breaks, by half-sampling.

An image that is drawn twice is its own nearest neighbour at no distance, and the bootstrap's draws repeat a
third of the images. Here a draw is half of the patients and half of the generated images, without repetition
(McCarthy 1969; Shao and Tu 1995, chapter 5). Halves of a mean vary about the mean of all as that does about
the population. What isn't a mean varies more: a figure whose variance is as 1 / n at most twice as much, the
MMD of two equal populations three times. So intervals are right or wide where the sets are not small. They
are of what is to be expected at as many images, not of infinitely many.

Precision, recall and coverage are proportions, and so is density of the most that it can be, which is n / k:
their interval is Wilson's (1927), of as many images as would vary so. Of the first three it is no narrower
than if all images were independent.

How often nominal 95% intervals hold the truth (tests/bench/fidelity_intervals.py, 200 sets a row, k = 5; in
brackets the width by that of an interval that knows the spread, where there is one). Rows are Gaussian in d
dimensions, real ones of so many patients x slices; "moved", "narrow": the generated population.

    real, generated, d            MMD         Frechet     precision   recall      density     coverage
    100 x 1, 100, 8, equal        1.00 (1.9)  1.00 (1.8)  0.99 (1.4)  0.99 (1.3)  0.98 (1.1)  0.98 (1.7)
    100 x 1, 100, 8, moved 0.5    0.97 (1.1)  0.97 (1.1)  0.98 (1.2)  0.95 (1.1)  0.98 (1.2)  0.98 (1.2)
    100 x 1, 100, 8, narrow 0.6   1.00 (1.4)  0.98 (1.2)  0.96 (5.8)  0.97 (1.1)  0.99 (1.3)  0.98 (1.8)
    25 x 4, 200, 8, equal         1.00 (1.9)  1.00 (1.7)  0.98 (1.2)  0.98 (1.3)  0.99 (1.3)  1.00 (1.7)
    25 x 4, 200, 8, moved 0.5     0.99 (1.1)  0.96 (1.2)  0.96 (1.0)  0.99 (1.1)  0.98 (1.2)  0.99 (1.2)
    25 x 4, 200, 8, narrow 0.6    1.00 (1.7)  1.00 (1.3)  0.99 (2.9)  0.97 (1.1)  1.00 (1.5)  0.98 (1.4)
    60 x 2, 120, 200, equal       1.00 (1.7)  0.99 (1.4)  0.95 (1.0)  0.98 (1.2)  0.92 (1.0)  0.97 (1.2)
    60 x 2, 120, 200, moved 0.2   0.98 (1.2)  0.97 (1.3)  0.96 (1.0)  0.97 (1.1)  0.93 (1.0)  0.98 (1.1)
    60 x 2, 120, 200, narrow 0.8  1.00 (1.7)  0.99 (1.3)  1.00        0.98 (2.7)  0.96 (1.1)  1.00
    8 x 5, 200, 8, moved 0.5      0.98 (1.5)  0.98 (1.5)  0.99 (1.2)  0.99 (1.3)  0.99 (1.5)  0.99 (1.8)
    100 x 1, 30, 8, moved 1.5     0.95 (1.1)  0.98 (1.1)  0.95 (0.8)  0.91 (0.7)  0.91 (1.0)  0.99 (1.2)

A percentile bootstrap of MMD whose weights leave out pairs of an image with itself covers 0.94 to 1.00, and
is as wide where the populations are equal; it would need other draws than the rest.
"""

import numpy as np

from core.numeric.statistics import LEVEL


def spread_interval(
    value: float, draws: np.ndarray, units: int, least: float = -np.inf
) -> tuple[float, float]:
    """Value -+ t standard deviations of ``draws`` (b,); ``units``: patients or images, the fewer of the
    two."""
    reach = _quantile(units) * float(np.std(draws, ddof=1))
    return max(value - reach, least), value + reach


def proportion_interval(
    value: float, draws: np.ndarray, most: float, edge: float, units: int
) -> tuple[float, float]:
    """Wilson's, of as many images as would make a proportion vary as ``draws`` (b,) do, but at most ``most``.

    Where no draw differs, which is at 0 or 1, of ``edge`` images: as many as are surely independent.
    ``units``: patients or images, the fewer of the two.
    """
    variance, centre = float(np.var(draws, ddof=1)), float(np.mean(draws))
    worth = min(centre * (1 - centre) / variance, most) if variance > 0 else edge
    return wilson(value, worth, _quantile(units))


def density_interval(value: float, draws: np.ndarray, most: float, units: int) -> tuple[float, float]:
    """Of a proportion of ``most``, of all images, and of half of it in halves: so log odds vary alike in
    both.

    Where no image is in a ball, the interval ends as if those that may be were in as many as expected each.
    """
    share, shares = min(value / most, 1), np.minimum(draws / (most / 2), 1)
    centre = float(shares.mean())
    by = share * (1 - share) / (centre * (1 - centre)) if 0 < centre < 1 else 1
    low, high = proportion_interval(share, share + by * (shares - centre), np.inf, units * most, units)
    return min(low * most, value), max(high * most, value)


def wilson(share: float, images: float, z: float) -> tuple[float, float]:
    """Shares of which ``share`` of so many images is z standard errors away; within 0 and 1, around the
    share."""
    inner = z * np.sqrt(share * (1 - share) / images + z * z / (4 * images**2))
    low, high = ((share + z * z / (2 * images) + side) / (1 + z * z / images) for side in (-inner, inner))
    return float(max(min(low, share), 0)), float(min(max(high, share), 1))


def _quantile(units: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, max(units - 1, 1)))
