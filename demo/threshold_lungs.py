"""Lungs by threshold: what was done before networks, and what a network's training may start from.

Otsu's threshold, the border cleared, the two largest parts, closing, holes filled. It works on slices in a
plain lung window and fails where the field of view is a bright disc or the window is unusual.
"""

import numpy as np
from scipy.ndimage import binary_fill_holes
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import closing, disk
from skimage.segmentation import clear_border

SMALLEST, LARGEST = 0.03, 0.45  # share of the image that lungs fill
BALANCE = 0.15  # the smaller lung's area, at least, by the larger one's
LEVEL = 0.1  # of the image's height that one lung may lie above the other: the table lies below


def lungs_by_threshold(pixels: np.ndarray) -> np.ndarray | None:
    """bool (H, W) for uint8 (H, W), or None where the outcome doesn't look like lungs."""
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
