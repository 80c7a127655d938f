"""``python -m tests.bench.coverage [SETS]``: how often 95% intervals hold the truth, and p-values are small.

Distances are normal with a patient's and a slice's share; every row is SETS simulated data sets (200). The
AUC's interval four ways: the percentile bootstrap over patient groups, DeLong's on the logit scale by group
(Obuchowski 1997), a Dirichlet posterior of the groups' weights with half a pseudo-group, and Newcombe's with
effective sizes, which is what ``core.membership.intervals`` has.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import norm, t

from core.membership import intervals, metrics, model_selection
from core.membership.metrics import GroundTruth
from core.membership.reconstruction import permuted_patterns
from core.numeric.statistics import p_value

DRAWS = 999
Interval = tuple[float, float]
COUNTED = ("f1", "balanced_accuracy", "kappa", "recall", "precision", "mcc", "used_rate")


@dataclass(frozen=True)
class Design:
    """Patients of each class, slices of each (drawn from 1 to 2 x slices - 1 if uneven), and the share of the
    variance that is a patient's."""

    used: int
    not_used: int
    slices: int
    rho: float
    uneven: bool = False

    def noise(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Standard normal (n,), groups and who is used."""
        patients = self.used + self.not_used
        sizes = np.full(patients, self.slices)
        if self.uneven:
            sizes = rng.integers(1, 2 * self.slices, patients)
        groups = np.repeat(np.arange(patients), sizes)
        own, shared = rng.normal(size=len(groups)), rng.normal(size=patients)[groups]
        return np.sqrt(self.rho) * shared + np.sqrt(1 - self.rho) * own, groups, groups < self.used


DESIGNS = (
    *(Design(12, 12, 1, 0), Design(12, 12, 5, 0.5), Design(12, 12, 5, 0.9), Design(12, 12, 5, 0.1, True)),
    *(Design(30, 30, 4, 0.5, True), Design(8, 20, 5, 0.6)),
)


# -- AUC ----------------------------------------------------------------------------------------------


def bootstrap(d: np.ndarray, used: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Interval:
    drawn = metrics.weighted_auc(d, used, GroundTruth(used, groups).drawn(DRAWS, rng))
    return _quantiles(drawn[np.isfinite(drawn)])


def delong(d: np.ndarray, used: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Interval:
    wins = _wins(d, used)
    value, parts = float(wins.mean()), np.zeros(groups.max() + 1)
    np.add.at(parts, groups[used], (wins.mean(1) - value) / len(wins))
    np.add.at(parts, groups[~used], (wins.mean(0) - value) / wins.shape[1])
    m, n = (len(np.unique(groups[side])) for side in (used, ~used))
    inside = float(np.clip(value, 0.5 / (m * n), 1 - 0.5 / (m * n)))
    variance = float((parts**2).sum()) * (m + n) / (m + n - 1) or inside * (1 - inside) / min(m, n)
    reach = t.ppf(0.975, min(m, n) - 1) * np.sqrt(variance) / (inside * (1 - inside))
    ends = 1 / (1 + np.exp(-(np.log(inside / (1 - inside)) + np.array([-reach, reach]))))
    return min(float(ends[0]), value), max(float(ends[1]), value)


def dirichlet(d: np.ndarray, used: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Interval:
    wins = _wins(d, used)
    rows, columns = (np.unique(groups[side], return_inverse=True)[1] for side in (used, ~used))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows[:, None], columns[None]), wins)
    sizes = np.bincount(rows), np.bincount(columns)
    weights = [rng.gamma(1, size=(DRAWS, len(size))) for size in sizes]
    pseudo = [rng.gamma(0.5, size=DRAWS) * size.mean() for size in sizes]
    totals = [(weight * size).sum(1) for weight, size in zip(weights, sizes, strict=True)]
    won = np.einsum("bi,ij,bj->b", weights[0], table, weights[1])
    won += (pseudo[0] * totals[1] + pseudo[1] * totals[0] + pseudo[0] * pseudo[1]) / 2
    low, high = _quantiles(won / ((totals[0] + pseudo[0]) * (totals[1] + pseudo[1])))
    return min(low, float(wins.mean())), max(high, float(wins.mean()))


def newcombe(d: np.ndarray, used: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Interval:
    return intervals.auc_interval(float(_wins(d, used).mean()), d, used, groups)


WAYS: dict[str, Callable[..., Interval]] = {
    "bootstrap": bootstrap,
    "DeLong, logit": delong,
    "Dirichlet": dirichlet,
    "Newcombe": newcombe,
}


def auc_rows(sets: int, truths: tuple[float, ...] = (0.6, 0.75, 0.92, 0.99)) -> Iterator[str]:
    """A line per truth and design: coverage, mean width, and share of intervals without width, each way."""
    for truth in truths:
        for design in DESIGNS:
            rng = np.random.default_rng(1)
            found = np.zeros((len(WAYS), 3))
            for _ in range(sets):
                noise, groups, used = design.noise(rng)
                d = np.where(used, noise, noise + norm.ppf(truth) * np.sqrt(2))
                for row, way in enumerate(WAYS.values()):
                    low, high = way(d, used, groups, rng)
                    found[row] += low <= truth <= high, high - low, high - low < 5e-4
            cells = [
                f"{name} {c / sets:.3f} ({w / sets:.2f}, {e / sets:.2f})"
                for name, (c, w, e) in zip(WAYS, found, strict=True)
            ]
            yield f"AUC {truth} {design}: " + ", ".join(cells)


# -- scores of counts -----------------------------------------------------------------------------------


def count_rows(sets: int) -> Iterator[str]:
    """Coverage of the scores of predictions: bootstrap, and beta bounds with effective sizes."""
    for recall, fpr in ((0.92, 0.08), (0.99, 0.01), (0.7, 0.4)):
        for design in DESIGNS:
            rng = np.random.default_rng(1)
            found = np.zeros((2, len(COUNTED)))
            for _ in range(sets):
                noise, groups, used = design.noise(rng)
                d = noise - np.where(used, norm.ppf(recall), norm.ppf(fpr))
                found += _covered(d, used, groups, (recall, fpr), rng)
            for name, row in zip(("bootstrap", "beta"), found / sets, strict=True):
                cells = ", ".join(f"{score} {value:.3f}" for score, value in zip(COUNTED, row, strict=True))
                yield f"recall {recall}, FPR {fpr}, {design}, {name}: {cells}"


def _covered(
    d: np.ndarray, used: np.ndarray, groups: np.ndarray, rates: Interval, rng: np.random.Generator
) -> np.ndarray:
    m, n = float(used.sum()), float((~used).sum())
    expected = (rates[0] * m, rates[1] * n, (1 - rates[0]) * m, (1 - rates[1]) * n)
    truth = tuple(np.array([count]) for count in expected)
    observed = metrics.confusion_counts(d < 0, used, np.ones((1, len(d))))
    drawn = metrics.confusion_counts(d < 0, used, GroundTruth(used, groups).drawn(DRAWS, rng))
    hits = float(observed[0][0]), float(observed[1][0])
    posterior = intervals.drawn_counts(hits, d, used, groups, DRAWS, rng)
    found = np.zeros((2, len(COUNTED)))
    for column, name in enumerate(COUNTED):
        score = metrics.BY_COUNTS[name]
        value, own = float(score(truth)[0]), float(score(observed)[0])  # type: ignore[arg-type]
        for row, counts in enumerate((drawn, posterior)):
            ends = [_quantiles(values[np.isfinite(values)]) for values in np.atleast_2d(score(counts))]
            low, high = min(low for low, _ in ends), max(high for _, high in ends)
            found[row, column] = min(low, own if row else low) <= value <= max(high, own if row else high)
    return found


# -- false alarms ---------------------------------------------------------------------------------------


def null_rows(sets: int) -> Iterator[str]:
    """Share of null sets with p < 0.05, and with a verdict of a leak, for the make-up of patient groups."""
    for name in ("pure", "one mixed", "all mixed", "copies"):
        rng, small, leaks = np.random.default_rng(2), 0, 0
        for _ in range(sets):
            noise, groups, used = Design(10, 10, 6, 0.6).noise(rng)
            if name == "one mixed":
                used[0] = False
            elif name == "all mixed":
                used = rng.permuted(np.tile(np.arange(6) < 3, (20, 1)), axis=1).ravel()
            elif name == "copies":
                noise = noise[groups * 6]
            predicted = noise < np.median(noise)
            found = metrics.score_predictions(predicted, noise, GroundTruth(used, groups))
            low = found.scores["auc"].low
            alarm = found.p_value is not None and found.p_value < 0.05
            small += alarm
            leaks += alarm and low is not None and low > 0.5
        yield f"null sets, {name}: p < 0.05 in {small / sets:.3f}, leak in {leaks / sets:.3f}"


def pattern_rows(sets: int) -> Iterator[str]:
    """The same for the SSIM decision on development: labels permuted with centroids as they are, and with
    centroids of their own. 20 patients, 10 used, of 3 to 5 error maps of 32 px."""
    rng, small, leaks = np.random.default_rng(7), np.zeros(2), 0
    for _ in range(sets):
        groups = np.repeat(np.arange(20), rng.integers(3, 6, 20))
        truth = GroundTruth(groups % 2 == 0, groups)
        pattern = np.sqrt(0.6) * _patterns(rng, 20)[groups] + np.sqrt(0.4) * _patterns(rng, len(groups))
        maps = (0.01 * np.exp(pattern)).astype(np.float32)
        folds = model_selection.group_folds(truth, 0)
        found = permuted_patterns.Windows.of(maps).differences(truth.used, np.argmax(np.stack(folds), 0))
        value = float(metrics.auc(found[None], truth.used)[0, 0])
        fixed = metrics.permuted_best_auc(found[None], truth, 0)
        own = permuted_patterns.permuted_aucs(maps, truth, folds, 0)
        alarms = np.array([p_value(value, by_chance) < 0.05 for by_chance in (fixed, own)])
        small += alarms
        leaks += alarms[1] and intervals.auc_interval(value, found, truth.used, groups)[0] > 0.5
    shares = small / sets
    yield (
        f"null sets, SSIM on development: p < 0.05 in {shares[0]:.3f} with fixed centroids, {shares[1]:.3f} "
        f"with their own; leak in {leaks / sets:.3f}"
    )


def _patterns(rng: np.random.Generator, count: int) -> np.ndarray:
    smooth = gaussian_filter(rng.normal(size=(count, 32, 32)), (0, 2, 2))
    return np.asarray(smooth / smooth.std())


def _wins(d: np.ndarray, used: np.ndarray) -> np.ndarray:
    """float (used, not used): 1 where the used image is nearer, 0.5 where both are as near."""
    near, far = d[used][:, None], d[~used][None]
    return (near < far) + (near == far) / 2


def _quantiles(drawn: np.ndarray) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for rows in (auc_rows, count_rows, null_rows, pattern_rows):
        for line in rows(count):
            print(line, flush=True)
