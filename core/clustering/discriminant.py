"""Fisher's linear discriminant of several labelled groups, on leading principal components."""

from dataclasses import dataclass

import numpy as np

from core.clustering.splits import pooled
from core.numeric.parallel import one_thread

COMPONENTS = 100
FOLDS = 5


@dataclass(frozen=True)
class Discriminant:
    """``mean`` (d,), ``axes`` (d, p), ``weights`` (p, c), ``offsets`` (c,): a row's score for each group."""

    mean: np.ndarray
    axes: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """float (n, c): log densities but for a constant of each row, groups being equally likely."""
        return np.asarray((rows - self.mean) @ self.axes @ self.weights + self.offsets)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """int (n,): the group of each row."""
        return np.asarray(self.scores(rows).argmax(1))


def fit(rows: np.ndarray, labels: np.ndarray) -> Discriminant:
    """Of rows (n, d) with labels int (n,) from 0, each of which occurs; the covariance is shrunk."""
    rows = np.asarray(rows, np.float64)
    mean = rows.mean(0)
    with one_thread():
        axes = np.linalg.svd(rows - mean, full_matrices=False)[2][: min(COMPONENTS, len(rows) - 1)].T
        means, covariance = pooled((rows - mean) @ axes, labels)
        weights = np.linalg.solve(covariance, means.T)
    return Discriminant(mean, axes, weights, -0.5 * (means.T * weights).sum(0))


def cross_predict(rows: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """int (n,): the group of each row by a discriminant that was fitted without its fold."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        its = np.flatnonzero(labels == label)
        fold[its] = rng.permutation(len(its)) % FOLDS
    found = np.empty(len(labels), np.int64)
    for number in range(FOLDS):
        out = fold == number
        if out.any():
            found[out] = fit(rows[~out], labels[~out]).predict(rows[out])
    return found
