"""Where the lungs are: the network's logits, and what is made of them.

A mask may be empty: then the network saw no lung. Nothing here invents one.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from core.inference.runtime import Effort, OpenVino
from core.regions.lung_network import SIDE, build

VERSION = 1  # of the masks; raise it when they change
PARTS = 2  # the largest parts that are kept
SMALLEST = 0.004  # of the image; a smaller part is no lung


class Segmenter:
    """The shipped network, ready to run."""

    def __init__(self, effort: Effort) -> None:
        self._engine = OpenVino(build(), "fp32", effort)

    def logits(self, images: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """uint8 (H, W) images, of any sizes, to float32 (128, 128), in order."""
        for rows in self._engine.run(network_input(image)[None, None] for image in images):
            yield rows[0, 0]

    def masks(self, images: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """uint8 (H, W) images to bool (H, W) masks, in order."""
        shapes: list[tuple[int, int]] = []

        def noted() -> Iterator[np.ndarray]:
            for image in images:
                shapes.append((image.shape[0], image.shape[1]))
                yield image

        for index, logits in enumerate(self.logits(noted())):
            yield mask_from_logits(logits, shapes[index])


def network_input(image: np.ndarray) -> np.ndarray:
    """uint8 (128, 128): what the network is shown of an image of any size."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def resize_mask(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A mask in another size, bool ``shape``."""
    if mask.shape == shape:
        return mask
    return np.asarray(Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def mask_from_logits(logits: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """bool ``shape``: where logits, enlarged, are positive; the two largest parts, their holes filled."""
    from scipy.ndimage import binary_fill_holes, label

    large = np.asarray(Image.fromarray(logits).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    parts, count = label(large > 0)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    kept = [index + 1 for index in np.argsort(sizes)[::-1][:PARTS] if sizes[index] >= SMALLEST * large.size]
    return np.asarray(binary_fill_holes(np.isin(parts, kept)))
