"""PCA: one decomposition at full rank; a share of variance is a number of its columns.

Fitted on the very images that are clustered, as the paper does (section 3.2): attribution has no labels
to leak. In float64, so that thread counts don't show: where there are more images than features by the
covariance, block by block, whatever their number; else by scikit-learn's full SVD.
"""

import numpy as np

from core.errors import BadChoice
from core.numeric.blocks import Rows
from core.numeric.parallel import map_in_threads, one_thread

VERSION = 2
BLOCK = 2048  # rows in float64 that a thread holds
GROUPS = 4  # sums of products, of every fourth block each: how many must not depend on the machine
WIDEST = 4096  # features whose covariance is decomposed: 134 MB a group

Decomposition = dict[str, np.ndarray]


def uses_covariance(n: int, d: int) -> bool:
    """Whether (n, d) features are decomposed so."""
    return d < n and d <= WIDEST


def decompose(features: np.ndarray) -> Decomposition:
    """Centred scores (n, r) float64 of (n, d) features, r = min(n, d), and the variance ratio (r,)."""
    if uses_covariance(*features.shape):
        found = principal_axes(features)
        scores = map_in_threads(
            lambda first: project_rows(features, found, first, BLOCK), _starts(len(features))
        )
        return {"scores": np.concatenate(scores), "ratio": found["ratio"]}
    from sklearn.decomposition import PCA

    pca = PCA(svd_solver="full")
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 where all images are the same
        scores = pca.fit_transform(np.asarray(features, np.float64))
    ratio = np.nan_to_num(pca.explained_variance_ratio_)  # identical images have no variance to share
    return {"scores": scores, "ratio": ratio}


def principal_axes(features: Rows) -> Decomposition:
    """float64 ``mean`` (d,), ``axes`` (d, d), a component a column, and ``ratio`` (d,), in one pass.

    Rows are taken less the first block's mean, so that a mean far from 0 costs no digits.
    """
    n, d = features.shape
    shift = np.asarray(features[:BLOCK], np.float64).mean(0)

    def add(group: int) -> tuple[np.ndarray, np.ndarray]:
        total, products = np.zeros(d), np.zeros((d, d))
        for first in _starts(n)[group::GROUPS]:
            block = np.asarray(features[first : first + BLOCK], np.float64) - shift
            total += block.sum(0)
            products += block.T @ block
        return total, products

    sums = map_in_threads(add, range(GROUPS))
    total, products = sum(each[0] for each in sums), sum(each[1] for each in sums)
    mean = total / n
    products -= n * np.outer(mean, mean)
    with one_thread():
        values, vectors = np.linalg.eigh(products)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    values[values < 1e-14 * n * values[0]] = 0  # what cancellation leaves where there is no variance
    signs = np.sign(vectors[np.abs(vectors).argmax(0), range(d)])  # as scikit-learn settles them
    ratio = values / values.sum() if values.sum() > 0 else np.zeros(d)
    return {"mean": mean + shift, "axes": vectors * signs, "ratio": ratio}


def project_rows(
    features: Rows, found: Decomposition, first: int, count: int, width: int | None = None
) -> np.ndarray:
    """Scores (count, width) float64 of some rows."""
    block = np.asarray(features[first : first + count], np.float64) - found["mean"]
    return np.asarray(block @ found["axes"][:, :width])


def _starts(n: int) -> range:
    return range(0, n, BLOCK)


def count_components(ratio: np.ndarray, variance: float) -> int:
    """How many leading components first reach the share of variance."""
    if ratio.sum() <= 0:
        raise BadChoice(
            "All images have the same features, so there is no variance to keep. Choose PCA: none."
        )
    reached = np.cumsum(ratio) / ratio.sum() >= variance - 1e-12
    return int(np.argmax(reached)) + 1


def project(decomposition: Decomposition, variance: float) -> np.ndarray:
    """The leading scores (n, m) that keep the share of variance."""
    return decomposition["scores"][:, : count_components(decomposition["ratio"], variance)]
