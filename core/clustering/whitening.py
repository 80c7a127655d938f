"""Features without the anatomy: turned and scaled so that real slices vary alike in every direction.

How real slices differ is how patients differ. What is left is the mark of the generator, in which its images
agree. Fitted to real images, never to those that are clustered, whose marks it would remove.
"""

import numpy as np

VERSION = 1
SHRINKAGE = (
    0.5  # of the covariance towards a multiple of the identity: 50 slices say little of 1,280 features
)
FEWEST = 10  # real images that differ


def fit(real: np.ndarray) -> dict[str, np.ndarray]:
    """``mean`` (d,), ``axes`` (d, r), ``gains`` (r + 1,) of real features (n, d): along each axis, and last
    across all of them. Kept as directions, so that no d x d matrix is needed."""
    rows = np.asarray(real, np.float64)
    mean = rows.mean(0)
    _, lengths, axes = np.linalg.svd((rows - mean) / np.sqrt(max(len(rows) - 1, 1)), full_matrices=False)
    along = lengths**2
    typical = max(along.sum() / rows.shape[1], 1e-12)
    variances = np.append((1 - SHRINKAGE) * along + SHRINKAGE * typical, SHRINKAGE * typical)
    return {"mean": mean, "axes": axes.T, "gains": 1 / np.sqrt(variances)}


def whiten(rows: np.ndarray, fitted: dict[str, np.ndarray]) -> np.ndarray:
    """float32 (n, d)."""
    centred = np.asarray(rows, np.float64) - fitted["mean"]
    across, axes = fitted["gains"][-1], fitted["axes"]
    turned = (centred @ axes) * (fitted["gains"][:-1] - across)
    return np.asarray(across * centred + turned @ axes.T, np.float32)
