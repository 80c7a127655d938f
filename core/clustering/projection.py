"""Two dimensions to look at: the first principal components, or UMAP (McInnes, Healy, Melville 2018)."""

import numpy as np

from core.errors import BadChoice
from core.wording import counted

VERSION = 2
MAPS = ("pca", "umap")
NEIGHBOURS = 15
MIN_DISTANCE = 0.1


def pca_map(scores: np.ndarray) -> np.ndarray:
    """The first two principal components (n, 2); a missing second one is 0."""
    pair = scores[:, :2]
    return np.pad(pair, ((0, 0), (0, 2 - pair.shape[1])))


def umap_map(features: np.ndarray, seed: int) -> np.ndarray:
    """UMAP of (n, d) features to (n, 2), seeded; its import and first fit cost seconds (numba).

    Raises BadChoice for fewer than 5 images, and where all have the same features.
    """
    if len(features) < 5:
        raise BadChoice(f"{counted(len(features), 'image')}: too few for UMAP. Use the PCA map.")
    if (features == features[:1]).all():
        raise BadChoice("All images have the same features, so UMAP can't lay them out. Use the PCA map.")
    if features.shape[1] == 1:
        features = np.pad(features, ((0, 0), (0, 1)))  # its start is a PCA of two components
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on seeds and threads: one thread is what we want
        from umap import UMAP

        fit = UMAP(
            n_neighbors=min(NEIGHBOURS, len(features) - 1),
            min_dist=MIN_DISTANCE,
            init="pca",
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(fit.fit_transform(features.astype(np.float32)), np.float64)
