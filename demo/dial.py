"""The memorisation dial: a simulated generator with an adjustable degree of memorisation.

At dial t it has memorised a share t of its training patients and reproduces each of their slices once,
lightly warped. Its other images are slices of people in no data set, warped in the same way. At 0 nothing
depends on who was used for training; at 1 every used image has a near-duplicate. The images of all dials look
alike, so only memorisation differs. An attack that finds every copy and guesses otherwise has ROC AUC
(1 + t) / 2. (Carlini et al. 2023 find such copies, a few among many new images, in real diffusion models.)
"""

import numpy as np
from PIL import Image

STOPS = (0.0, 0.5, 1.0)
NATIVE, SIDE = 128, 256  # px: size that the generator draws, and to which it is enlarged
BEND = 1.0  # standard deviation of the warp in px at the native size
CELLS = 4  # per side; the warp is random at the corners of cells and bilinear within
EDGES = [NATIVE * cell // CELLS for cell in range(CELLS + 1)]
GAIN = 0.02  # standard deviation of the contrast factor


def shrunk(image: np.ndarray) -> np.ndarray:
    """uint8 (256, 256) to uint8 (128, 128), by averaging 2 x 2 pixels."""
    return np.asarray(Image.fromarray(image).resize((NATIVE, NATIVE), Image.Resampling.BOX))


def enlarged(image: np.ndarray) -> np.ndarray:
    """uint8 (128, 128) to uint8 (256, 256), bicubic."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def redrawn(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An image uint8 (128, 128) as the generator returns it: warped, its contrast changed, enlarged."""
    bent = np.stack(np.meshgrid(EDGES, EDGES), -1) + rng.normal(0, BEND, (len(EDGES), len(EDGES), 2))
    corners = np.clip(bent, 0, NATIVE)  # no sampling beyond the edge
    gain = rng.normal(1, GAIN)
    mesh = [
        ((EDGES[j], EDGES[i], EDGES[j + 1], EDGES[i + 1]), _quad(corners[i : i + 2, j : j + 2]))
        for i, j in np.ndindex(CELLS, CELLS)
    ]
    whole = Image.fromarray(image)
    moved = whole.transform(whole.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    levels = np.clip(gain * (np.arange(256) - 128.0) + 128, 0, 255).round().astype(np.uint8)
    return enlarged(levels[np.asarray(moved)])


def _quad(corners: np.ndarray) -> tuple[float, ...]:
    """The corners (2, 2, 2) of a cell in Pillow's order: upper left, lower left, lower right, upper right."""
    return tuple(np.concatenate([corners[0, 0], corners[1, 0], corners[1, 1], corners[0, 1]]).tolist())


def remembered(used: np.ndarray, stop: float, seed: int) -> np.ndarray:
    """The training image that each generated image copies, -1 for none: int (patients * slices,).

    ``used`` int (patients, slices) are the training images' numbers. Patients memorised at one dial are
    memorised at every higher dial, at the same positions.
    """
    rng = np.random.default_rng((seed, 0))
    copied = rng.permutation(used)[: round(stop * len(used))].ravel()
    source = np.full(used.size, -1)
    source[rng.permutation(used.size)[: len(copied)]] = copied
    return source


def draw(place: int, source: int, real: np.ndarray, population: np.ndarray, seed: int) -> np.ndarray:
    """The generated image number ``place``, uint8 (256, 256).

    ``real`` uint8 (n, 256, 256) contains the training images, ``population`` uint8 (n, 128, 128) other
    people; ``source`` is an element of what ``remembered`` returns.
    """
    rng = np.random.default_rng((seed, 1, place))
    return redrawn(population[place] if source < 0 else shrunk(real[source]), rng)
