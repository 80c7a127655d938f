"""PCA: one decomposition at full rank; a share of variance is a number of its columns.

Fitted on the very images that are clustered, as the paper does (section 3.2): attribution has no labels
to leak. scikit-learn's PCA computes it, in float64 so that thread counts don't show.
"""

import numpy as np

from core.errors import BadChoice

VERSION = 1


def decompose(features: np.ndarray) -> dict[str, np.ndarray]:
    """Centred scores (n, r) float64 of (n, d) features, r = min(n, d), and the variance ratio (r,)."""
    from sklearn.decomposition import PCA

    pca = PCA(svd_solver="full")
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 where all images are the same
        scores = pca.fit_transform(np.asarray(features, np.float64))
    ratio = np.nan_to_num(pca.explained_variance_ratio_)  # identical images have no variance to share
    return {"scores": scores, "ratio": ratio}


def columns(ratio: np.ndarray, variance: float) -> int:
    """How many leading components first reach the share of variance."""
    if ratio.sum() <= 0:
        raise BadChoice(
            "All images have the same features, so there is no variance to keep. Choose PCA: none."
        )
    reached = np.cumsum(ratio) / ratio.sum() >= variance - 1e-12
    return int(np.argmax(reached)) + 1


def project(decomposition: dict[str, np.ndarray], variance: float) -> np.ndarray:
    """The leading scores (n, m) that keep the share of variance."""
    return decomposition["scores"][:, : columns(decomposition["ratio"], variance)]
