"""Classical lung segmentation by threshold, which provides training masks of real slices.

Otsu's threshold, border clearing, the two largest components, closing, hole filling. It works on slices in a
standard lung window and fails if the field of view is a bright disc or the window is unusual.
"""

import numpy as np
from scipy.ndimage import binary_fill_holes
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import closing, disk
from skimage.segmentation import clear_border

SMALLEST, LARGEST = 0.03, 0.45  # share of the image that the lungs cover
BALANCE = 0.15  # minimum area of the smaller lung relative to the larger one
LEVEL = 0.1  # maximum vertical offset of the lungs, relative to the image height; excludes the table


def lungs_by_threshold(pixels: np.ndarray) -> np.ndarray | None:
    """A mask bool (H, W) of an image uint8 (H, W), or None if the result is implausible."""
    if pixels.min() == pixels.max():
        return None
    dark = clear_border(pixels <= threshold_otsu(pixels))
    parts = sorted(regionprops(label(dark)), key=lambda part: part.area, reverse=True)[:2]
    if len(parts) < 2 or parts[1].area < BALANCE * parts[0].area:
        return None
    if abs(parts[0].centroid[0] - parts[1].centroid[0]) > LEVEL * len(pixels):
        return None
    mask = np.zeros(pixels.shape, bool)
    for part in parts:
        mask[tuple(part.coords.T)] = True
    mask = np.asarray(binary_fill_holes(closing(mask, disk(3 * pixels.shape[0] // 256 or 1))))
    return mask if SMALLEST < mask.mean() < LARGEST else None
