"""From reconstructions to distances: the size of the errors (MSE) and their pattern (SSIM).

Paper, section 3.1.2. SSIM (Wang et al. 2004) compares an image of squared errors with two centroids, the
mean error images of the used and of the not-used images. Window 7 x 7; data range: the largest value in both.
"""

import numpy as np

WINDOW = 7
VERSION = 1


def squared_errors(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Squared errors, float32 (n, size, size), of uint8 images and their reconstructions in 0..1."""
    return np.square(reconstructions - images.astype(np.float32) / 255)


def centroids(maps: np.ndarray, used: np.ndarray) -> np.ndarray:
    """float64 (2, size, size): the mean error images of the used and of the not-used images."""
    return np.stack([maps[used].mean(0, dtype=np.float64), maps[~used].mean(0, dtype=np.float64)])


def ssim_difference(maps: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """float64 (n,): SSIM with the not-used centroid minus SSIM with the used one; negative: like used."""
    from skimage.metrics import structural_similarity

    largest = float(pair.max())
    if largest == 0:
        return np.zeros(len(maps))
    similar = [
        [structural_similarity(each, centroid, win_size=WINDOW, data_range=largest) for centroid in pair]
        for each in maps.astype(np.float64)
    ]
    used, others = np.array(similar).reshape(-1, 2).T
    return np.asarray(others - used)


def nested_ssim_difference(
    maps: np.ndarray, used: np.ndarray, held: np.ndarray, inner: list[np.ndarray]
) -> np.ndarray:
    """float64 (n,): without any label of ``held``. Its images are compared with the centroids of all others,
    and these with those of the other ``inner`` folds."""
    found = ssim_difference(maps, centroids(maps[~held], used[~held]))
    for part in inner:
        rest = ~held & ~part
        found[part] = ssim_difference(maps[part], centroids(maps[rest], used[rest]))
    return found


def held_out_ssim_difference(maps: np.ndarray, used: np.ndarray, folds: list[np.ndarray]) -> np.ndarray:
    """The same for each image with centroids of the other folds, to which it did not contribute."""
    found = np.zeros(len(maps))
    for held in folds:
        found[held] = ssim_difference(maps[held], centroids(maps[~held], used[~held]))
    return found
