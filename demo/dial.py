"""The memorisation dial: a generator that has learnt its population, and remembers as many images as told.

At a stop of t it remembers a share t of its patients and hands out their slices, each once and lightly
warped; the rest of what it makes are slices of people whom no set holds, warped alike. So at 0 nothing
depends on who was used, at 1 every used image has a near copy, and the images of all stops look the same:
nothing but memory differs. An attack that finds every copy and guesses elsewhere has ROC AUC (1 + t) / 2.
(Carlini et al. 2023 find such outright copies, a few among many fresh images, in real diffusion models.)
"""

import numpy as np
from PIL import Image

STOPS = (0.0, 0.5, 1.0)
NATIVE, SIDE = 128, 256  # px at which the generator draws, and to which it enlarges
BEND = 1.0  # px at the native side: standard deviation of the warp
CELLS = 4  # a side: the warp is random at their corners and bilinear within
EDGES = [NATIVE * cell // CELLS for cell in range(CELLS + 1)]
GAIN = 0.02  # standard deviation of the contrast


def shrunk(image: np.ndarray) -> np.ndarray:
    """uint8 (256, 256) to uint8 (128, 128), by the mean of four."""
    return np.asarray(Image.fromarray(image).resize((NATIVE, NATIVE), Image.Resampling.BOX))


def enlarged(image: np.ndarray) -> np.ndarray:
    """uint8 (128, 128) to uint8 (256, 256), bicubic."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def redrawn(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An image uint8 (128, 128) as the generator hands it out: bent, its contrast a little off, enlarged."""
    bent = np.stack(np.meshgrid(EDGES, EDGES), -1) + rng.normal(0, BEND, (len(EDGES), len(EDGES), 2))
    corners = np.clip(bent, 0, NATIVE)  # nothing is beyond the image's edge
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
    """Which training image each generated image copies, -1 where none: int (patients * slices,).

    ``used`` int (patients, slices) are the training images' numbers. Who is remembered at one stop is
    remembered at the next, in the same places.
    """
    rng = np.random.default_rng((seed, 0))
    copied = rng.permutation(used)[: round(stop * len(used))].ravel()
    source = np.full(used.size, -1)
    source[rng.permutation(used.size)[: len(copied)]] = copied
    return source


def draw(place: int, source: int, real: np.ndarray, population: np.ndarray, seed: int) -> np.ndarray:
    """The generated image at a place, uint8 (256, 256).

    ``real`` uint8 (n, 256, 256), where the training images are; ``population`` uint8 (n, 128, 128), other
    people; ``source`` as ``remembered`` gives it.
    """
    rng = np.random.default_rng((seed, 1, place))
    return redrawn(population[place] if source < 0 else shrunk(real[source]), rng)
