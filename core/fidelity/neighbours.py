"""Precision, recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020)."""

import numpy as np

NAMES = ("precision", "recall", "density", "coverage")


def radii(distances: np.ndarray, k: int) -> np.ndarray:
    """(n,): how far the k-th nearest other row is, of distances (n, n), n > k, which are left in disorder."""
    distances.partition(k, axis=1)  # place 0 is the row itself
    return distances[:, k].copy()


def neighbour_scores(distances: np.ndarray, real: np.ndarray, generated: np.ndarray, k: int) -> np.ndarray:
    """Precision, recall, density, coverage: float64 (4,).

    ``distances`` (n, n) of all rows; ``real``, ``generated`` int: the places of the sets' rows, more than k
    each. A ball reaches from a row to its k-th nearest neighbour in its own set, its surface included.
    Precision: the share of generated images in a real ball. Density: in how many real balls a generated image
    is, by k: 1 where the sets are alike, more where generated images crowd where real ones are. Coverage: the
    share of real balls that hold a generated image. Recall: the share of real images in a generated ball.

    Prefer coverage to recall. A generated ball grows when the images around it go, so recall can rise when
    diversity is removed, and a few far outliers recall everything; the real balls stay what they are.
    """
    across = distances[np.ix_(real, generated)]
    own, theirs = (radii(distances[np.ix_(side, side)], k) for side in (real, generated))
    inside = across <= own[:, None]
    recalled = (across <= theirs[None]).any(1)
    density = inside.sum() / (k * len(generated))
    return np.array([inside.any(0).mean(), recalled.mean(), density, inside.any(1).mean()])
