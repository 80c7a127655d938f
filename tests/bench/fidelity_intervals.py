"""``python -m tests.bench.fidelity_intervals [SETS]``: how often 95% intervals hold what they are to hold.

Rows are Gaussian; a real patient has several slices that share a part of the variance; generated rows come
from the same population, from one whose mean is moved, or from one of less spread. Each line is SETS
simulated pairs of sets (200). The truth of a figure is its mean over them: what is to be expected at so many
images. Beside the half-sampling of ``core.fidelity.intervals``, the percentile bootstrap of MMD, whose
weights leave out pairs of an image with itself.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.fidelity.kernel import squared_mmd
from core.fidelity.measurement import NAMES, figures, interval
from core.fidelity.subsets import pairs
from core.numeric.statistics import percentile_interval

K = 5
BOOTSTRAPS = 200


@dataclass(frozen=True)
class Design:
    """Patients, slices of each, the share of variance that is a patient's, generated images, dimensions, and
    the mean and standard deviation of the generated population, where the real one has 0 and 1."""

    patients: int
    slices: int
    rho: float
    generated: int
    dimensions: int
    mean: float = 0
    deviation: float = 1

    def rows(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Real rows before generated ones, and the real rows' patients."""
        groups = np.repeat(np.arange(self.patients), self.slices)
        shared = rng.normal(size=(self.patients, self.dimensions))[groups]
        own = rng.normal(size=shared.shape)
        made = rng.normal(self.mean, self.deviation, (self.generated, self.dimensions))
        return np.vstack([np.sqrt(self.rho) * shared + np.sqrt(1 - self.rho) * own, made]), groups


DESIGNS = (
    *(Design(100, 1, 0, 100, 8), Design(100, 1, 0, 100, 8, 0.5), Design(100, 1, 0, 100, 8, 0, 0.6)),
    *(Design(25, 4, 0.7, 200, 8), Design(25, 4, 0.7, 200, 8, 0.5), Design(25, 4, 0.7, 200, 8, 0, 0.6)),
    *(Design(60, 2, 0.5, 120, 200), Design(60, 2, 0.5, 120, 200, 0.2), Design(60, 2, 0.5, 120, 200, 0, 0.8)),
    *(Design(8, 5, 0.5, 200, 8, 0.5), Design(100, 1, 0, 30, 8, 1.5)),
)


def measured(design: Design, sets: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (sets, 6), and intervals (sets, 7, 2), of which the last is the bootstrap's of MMD."""
    values, ends = np.empty((sets, len(NAMES))), np.empty((sets, len(NAMES) + 1, 2))
    for i in range(sets):
        rows, groups = design.rows(np.random.default_rng((1, i)))
        everyone = np.concatenate([groups, groups.max() + 1 + np.arange(design.generated)])
        drawn = pairs(groups, design.generated, i)
        found = figures(rows, everyone, [*drawn["whole"], *drawn["half"]], K)
        values[i] = found[0]
        sizes = len(groups), design.generated, design.patients
        for column, name in enumerate(NAMES):
            halves = found[1:, column][np.isfinite(found[1:, column])]
            ends[i, column] = interval(name, float(values[i, column]), halves, sizes, K)
        ends[i, -1] = bootstrap(rows, groups, everyone, np.random.default_rng(i))
    return values, ends


def bootstrap(
    rows: np.ndarray, groups: np.ndarray, everyone: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Of MMD; patients and generated images as often as they are drawn, never paired with themselves."""
    n, made = len(groups), len(rows) - len(groups)
    patients = groups.max() + 1
    first, second = (np.zeros((len(rows), BOOTSTRAPS)) for _ in range(2))
    first[:n] = rng.multinomial(patients, np.full(patients, 1 / patients), BOOTSTRAPS).T[groups]
    second[n:] = rng.multinomial(made, np.full(made, 1 / made), BOOTSTRAPS).T
    return percentile_interval(squared_mmd(rows, everyone, first, second))


def lines(sets: int) -> Iterator[str]:
    for design in DESIGNS:
        values, ends = measured(design, sets)
        truths = np.append(values.mean(0), values[:, 0].mean())
        known = 2 * 1.96 * np.append(values.std(0), values[:, 0].std())
        shares = ((ends[..., 0] <= truths) & (truths <= ends[..., 1])).mean(0)
        widths = (ends[..., 1] - ends[..., 0]).mean(0) / known
        yield f"{design}: " + ", ".join(map(_cell, (*NAMES, "MMD, bootstrap"), truths, shares, widths))


def _cell(name: str, truth: float, share: float, width: float) -> str:
    return f"{name} {truth:.3f} {share:.3f} ({width:.2f})"


if __name__ == "__main__":
    print("figure, truth, coverage of nominal 95% (width by that of an interval that knows the spread)")
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        print(line, flush=True)
