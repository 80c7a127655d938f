"""How often nominal 95% intervals of ARI cover the population's: five ways, simulated; and other scores'.

A population is a table of shares; a set is a multinomial draw of it. ``generators`` of equal size have one
cluster each, and the same share of each generator is spread over the others' clusters, or, ``one-sided``, all
errors are the first generator's, in the second's cluster.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from core.clustering import intervals, metrics
from core.clustering.metrics import ari
from core.numeric.statistics import percentile_interval

SETS = 300
DRAWS = 999
OTHERS = ("nmi", "homogeneity", "completeness", "ami", "fowlkes_mallows")  # of many images, AMI is NMI
MANY = 1e9  # images, to evaluate a score on shares
Interval = Callable[[np.ndarray, np.random.Generator], tuple[float, float]]


@dataclass(frozen=True)
class Population:
    generators: int
    ari: float
    images: int
    one_sided: bool = False

    def shares(self) -> np.ndarray:
        """float (generators, generators) with the wanted ARI, by bisection of the share of errors."""
        low, high = 0.0, 1.0 if self.one_sided else 1 - 1 / self.generators
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _ari(self._table(middle)) > self.ari else (low, middle)
        return self._table(low)

    def _table(self, errors: float) -> np.ndarray:
        g = self.generators
        table = np.eye(g) * (1 - errors) + (1 - np.eye(g)) * errors / (g - 1)
        if self.one_sided:
            table = np.eye(g)
            table[0, :2] = 1 - errors, errors
        return table / g


POPULATIONS = (
    *(Population(3, truth, n) for truth, n in ((0.995, 1000), (0.97, 150), (0.995, 150), (0.995, 300))),
    *(Population(3, truth, n) for truth, n in ((0.98, 1000), (0.9, 150), (0.7, 150), (0.4, 60))),
    *(Population(3, truth, n) for truth, n in ((0.0, 60), (0.05, 300))),
    *(Population(3, truth, n, True) for truth, n in ((0.97, 150), (0.995, 1000))),
    *(Population(2, 0.97, 100), Population(5, 0.97, 250)),
    *(Population(10, truth, n) for truth, n in ((0.97, 500), (0.995, 1000), (0.5, 300), (0.9, 100))),
)


def _ari(shares: np.ndarray) -> float:
    return float(ari(shares[None] * MANY)[0])


def bootstrap(table: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Percentiles of resampled images: what was used before."""
    n = int(table.sum())
    drawn = rng.multinomial(n, table.ravel() / n, DRAWS).reshape(-1, *table.shape)
    return percentile_interval(ari(drawn.astype(float)))


def posterior(table: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """What is used."""
    observed = float(ari(table[None].astype(float))[0])
    return intervals.interval(ari, intervals.posterior_tables(table, DRAWS, rng), observed)


def jeffreys(table: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The same with 1/2 in each cell."""
    drawn = rng.dirichlet(table.ravel() + 0.5, DRAWS) * table.sum() / 2
    observed = float(ari(table[None].astype(float))[0])
    return intervals.interval(ari, drawn.reshape(-1, *table.shape), observed)


def delta(table: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """By the standard error of log(1 - ARI)."""
    value, error = (float(each[0]) for each in _log_distance(table[None].astype(float)))
    return _of_logs(table, value + 1.96 * error, value - 1.96 * error)


def bootstrap_t(table: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The same standard error, and quantiles of resampled sets in units of theirs."""
    value, error = (float(each[0]) for each in _log_distance(table[None].astype(float)))
    shares = table + 1 / table.size
    drawn = rng.multinomial(int(table.sum()), (shares / shares.sum()).ravel(), 399)
    values, errors = _log_distance(drawn.reshape(-1, *table.shape).astype(float))
    low, high = np.quantile((values - value) / errors, [0.025, 0.975])
    return _of_logs(table, value - float(low) * error, value - float(high) * error)


def _of_logs(table: np.ndarray, low: float, high: float) -> tuple[float, float]:
    observed = float(ari(table[None].astype(float))[0])
    ends = min(1 - np.exp(low), observed), max(1 - np.exp(high), observed)
    return ends if observed < 1 else (ends[0], 1.0)


def _log_distance(tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log(1 - ARI) of (b, g, k) tables with one image spread over the cells, and its standard errors (b,)."""
    spread = tables + 1 / tables[0].size
    shares = spread / spread.sum((1, 2), keepdims=True)
    flat, step = shares.reshape(len(shares), -1), 1e-6
    value = np.log(np.maximum(1 - ari(shares * MANY), 1e-12))
    slope = np.empty_like(flat)
    for cell in range(flat.shape[1]):
        more = flat.copy()
        more[:, cell] += step
        moved = np.log(np.maximum(1 - ari(more.reshape(shares.shape) * MANY), 1e-12))
        slope[:, cell] = (moved - value) / step
    variance = (flat * slope**2).sum(1) - (flat * slope).sum(1) ** 2
    return value, np.sqrt(np.maximum(variance, 1e-18) / spread.sum((1, 2)))


WAYS: Mapping[str, Interval] = {
    "bootstrap": bootstrap,
    "bootstrap-t": bootstrap_t,
    "delta": delta,
    "Jeffreys": jeffreys,
    "used": posterior,
}


def measure(sets: int = SETS) -> list[dict[str, object]]:
    """Of each population, and each way: coverage, mean width, share of intervals [1, 1]."""
    return [{**vars(each), "ways": _measured(each, sets)} for each in POPULATIONS]


def _measured(population: Population, sets: int) -> dict[str, dict[str, float]]:
    shares = population.shares()
    rng = np.random.default_rng((population.generators, population.images, int(population.ari * 1000)))
    tables = [rng.multinomial(population.images, shares.ravel()).reshape(shares.shape) for _ in range(sets)]
    return {name: _covered(way, tables, population.ari) for name, way in WAYS.items()}


def _covered(way: Interval, tables: list[np.ndarray], truth: float) -> dict[str, float]:
    found = np.array([way(table, np.random.default_rng(i)) for i, table in enumerate(tables)])
    inside = (found[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= found[:, 1])
    empty = found[:, 0] >= 1
    return {
        "coverage": float(inside.mean()),
        "width": float((found[:, 1] - found[:, 0]).mean()),
        "empty": float(empty.mean()),
    }


def other_scores(sets: int = SETS) -> Iterator[str]:
    """Of each population, coverage and mean width for the scores that are not ARI, as they are used."""
    for each in POPULATIONS:
        shares, rng = each.shares(), np.random.default_rng(1)
        inside, width = np.zeros((2, len(OTHERS)))
        for seed in range(sets):
            table = rng.multinomial(each.images, shares.ravel()).reshape(shares.shape)
            drawn = intervals.posterior_tables(table, DRAWS, np.random.default_rng(seed))
            information = metrics._drawn_information(table, drawn)
            for place, name in enumerate(OTHERS):
                score = {**metrics.FAST, **metrics.SLOW}[name]
                observed = float(score(table[None].astype(float))[0])
                low, high = metrics._interval(name, drawn, information, observed)
                truth = float((metrics.nmi if name == "ami" else score)(shares[None] * MANY)[0])
                inside[place] += low - 1e-9 <= truth <= high + 1e-9
                width[place] += high - low
        shown = ", ".join(
            f"{name} {c / sets:.3f} ({w / sets:.3f})"
            for name, c, w in zip(OTHERS, inside, width, strict=True)
        )
        yield f"{each}: {shown}"


def markdown(found: list[dict[str, object]]) -> list[str]:
    lines = [
        "| generators | ARI | images | " + " | ".join(WAYS) + " |",
        "|---" * (len(WAYS) + 3) + "|",
    ]
    for row in found:
        ways: Mapping[str, Mapping[str, float]] = row["ways"]  # type: ignore[assignment]
        shown = [f"{way['coverage']:.3f} ({way['width']:.3f})" for way in ways.values()]
        side = ", one-sided" if row["one_sided"] else ""
        lines.append(
            f"| {row['generators']}{side} | {row['ari']} | {row['images']} | " + " | ".join(shown) + " |"
        )
    return ["INTERVALS of ARI: coverage of nominal 95% (mean width)", *lines]
