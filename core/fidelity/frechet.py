"""The Frechet distance of two sets' Gaussians (Heusel et al. 2017), without a d x d square root."""

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of (n, d) and (m, d), n, m > 1; 0 or more.

    The last trace is the sum of the singular values of X1 X2^T / sqrt((n - 1) (m - 1)), X being the centred
    rows: the squares of these are the eigenvalues of S1 S2 that are not 0. It is exact, and stays so where
    there are fewer images than dimensions, where the square root of the singular product is unstable.
    """
    (start, a), (end, b) = (_centred(rows) for rows in (first, second))
    own = (a**2).sum() + (b**2).sum()
    return max(float(((start - end) ** 2).sum() + own - 2 * _nuclear(a, b)), 0.0)


def _centred(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean (d,), and what is left (n, d), scaled so that its square is the covariance."""
    wide = np.asarray(rows, np.float64)
    mean = wide.mean(0)
    return mean, (wide - mean) / np.sqrt(len(wide) - 1)


def _nuclear(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of the singular values of a b^T, in the smallest space that holds it."""
    few = min(len(a), len(b), a.shape[1])
    product = _short(a, few) @ _short(b, few).T
    if product.shape[0] < product.shape[1]:
        product = product.T
    return float(np.linalg.svd(_short(product, few), compute_uv=False).sum())


def _short(rows: np.ndarray, few: int) -> np.ndarray:
    """A matrix of as many columns, with the same square; of no more rows than columns if that is the
    least."""
    if len(rows) > rows.shape[1] == few:
        return np.asarray(np.linalg.qr(rows, mode="r"))
    return rows
