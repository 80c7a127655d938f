"""A small set for pages and journeys: random smooth fields, enlarged in three ways.

No anatomy and no network: what tells the three apart is only how 64 px became 128 px, as the upsampling
layers of a generator do (Odena et al. 2016).
"""

import numpy as np
from PIL import Image

from core.images.library import Library
from core.types import ImageFile, ImageSet

NAME = "Enlarged textures"  # before the names that tests give: the picker opens with the first

ENLARGED_BY = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}
SMALL, LARGE = 64, 128


def texture(rng: np.random.Generator, resampling: Image.Resampling) -> np.ndarray:
    """uint8 (128, 128): a field with power falling as 1 / frequency^3, enlarged twofold, with faint noise."""
    frequency = np.hypot(np.fft.fftfreq(SMALL)[:, None], np.fft.fftfreq(SMALL)[None, :])
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.standard_normal((SMALL, SMALL))) / frequency**1.5
    field = np.fft.ifft2(spectrum).real
    field = 128 + 45 * (field - field.mean()) / field.std()
    small = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))
    large = np.asarray(small.resize((LARGE, LARGE), resampling), np.float64)
    return np.clip(large + rng.normal(0, 2, large.shape), 0, 255).round().astype(np.uint8)


def textures(per_generator: int = 60, seed: int = 0) -> dict[str, np.ndarray]:
    """Relative path to pixels, ``per_generator`` images for each way of enlarging."""
    images = {}
    for number, (name, resampling) in enumerate(ENLARGED_BY.items()):
        rng = np.random.default_rng((seed, number))
        for index in range(per_generator):
            images[f"{name}/{index:03}.png"] = texture(rng, resampling)
    return images


def install(library: Library, name: str = NAME, per_generator: int = 60, seed: int = 0) -> None:
    files = [
        ImageFile(path, library.add_pixels(pixels), label=path.split("/")[0])
        for path, pixels in sorted(textures(per_generator, seed).items())
    ]
    library.add(ImageSet(name, "generators", tuple(files)))
