"""95% intervals of scores of a contingency table: draws from the posterior of the population's table.

The counts are multinomial, and the prior is a Dirichlet distribution whose weight in all cells but one per
generator or cluster is 1/2 together: what Jeffreys' prior (1946) gives to the errors of a single proportion.
Jeffreys' prior for the whole table puts 1/2 into each cell, which at a hundred cells are fifty errors that
nobody made. Where the observed score is perfect, the interval ends at 1 (Brown, Cai, DasGupta 2001, do so for
a proportion), and the posterior's lower end says what so many images can show.

Pairs of images: a posterior draw varies about the sample as the sample does about the population, and each
adds a share's variance to its square. So pairs are counted as among n / 2 images, without pairs of an image
with itself, which takes both off again.

Coverage of ARI by nominal 95% intervals (tests/bench/intervals.py, 300 sets a row, 3 generators):

    ARI of the population, images         0.995, 1000   0.970, 150   0.995, 150   0.900, 150   0.400, 60
    percentile bootstrap                         0.81         0.80         0.24         0.93        0.93
    bootstrap-t of log(1 - ARI)                  0.78         0.76         0.87         0.94        0.93
    delta method, log(1 - ARI)                   0.90         0.95         0.76         0.96        0.95
    Dirichlet posterior, Jeffreys' prior         0.65         0.57         0.76         0.90        0.92
    Dirichlet posterior, this prior              0.96         0.98         0.97         0.95        0.95

Over all 18 rows, of 2 to 10 generators and truths of 0 to 0.995, this one covers 0.94 to 1.00. No interval is
empty; the bootstrap's were in up to 76% of the sets.

Information (NMI, homogeneity, completeness, V, AMI) depends on how errors are spread over the cells, which a
sample of few errors can't show: it puts them into fewer cells than the population has, and its score is too
high. Draws alone covered 0.00 to 0.99. So an interval of these scores reaches from the lowest to the highest
of three: of the draws, of draws in which cells of up to 3 images share what they have evenly, and of draws
less twice the information expected by chance. That covers 0.93 to 1.00 in the same rows (150 sets each).
"""

from collections.abc import Callable, Iterable

import numpy as np

from core.numeric.statistics import percentile_interval

PRIOR = 0.5  # of all errors together
FEWEST = 10  # images among which pairs are counted
SPARSE = 3  # images of a cell that may have any of its neighbours' shares

Tables = np.ndarray  # float64 (b, generators, clusters)


def posterior_tables(table: np.ndarray, count: int, rng: np.random.Generator) -> Tables:
    """Tables (count, generators, clusters) of n / 2 images, each as a population has them that the sample may
    come from; without the generators and clusters that have no image."""
    filled = table[table.sum(1) > 0][:, table.sum(0) > 0]
    weight = PRIOR / max(filled.size - min(filled.shape), 1)
    drawn = rng.standard_gamma(filled.ravel() + weight, (count, filled.size))
    drawn *= max(filled.sum() / 2, FEWEST) / drawn.sum(1, keepdims=True)
    return np.asarray(drawn.reshape(count, *filled.shape))


def spread_evenly(table: np.ndarray, drawn: Tables) -> Tables:
    """Draws of the table in which its sparse cells have equal shares of what they have together."""
    filled = table[table.sum(1) > 0][:, table.sum(0) > 0]
    sparse = filled <= SPARSE
    spread = drawn.copy()
    if sparse.any():
        spread[:, sparse] = drawn[:, sparse].mean(1, keepdims=True)
    return spread


def widest(several: Iterable[np.ndarray], observed: float) -> tuple[float, float]:
    """From the lowest to the highest end of the intervals of several kinds of draws (b,) of a score; up to 1,
    and with the observed value in it."""
    ends = [percentile_interval(np.clip(draws, -1, 1)) for draws in several]
    low = min(observed, *(low for low, _ in ends))
    return low, 1.0 if observed >= 1 - 1e-12 else max(observed, *(high for _, high in ends))


def interval(
    score: Callable[[Tables], np.ndarray], drawn: Tables, observed: float, best: float = 1.0
) -> tuple[float, float]:
    """The interval of a score of which posterior draws (b, ...) are given; it contains the observed value."""
    low, high = percentile_interval(np.clip(score(drawn), -1, best))
    return min(low, observed), best if observed >= best - 1e-12 else max(high, observed)
