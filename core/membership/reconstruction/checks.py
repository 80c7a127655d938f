"""Whether an autoencoder can be trained on the generated images of a data set.

Paper, section 3.1.2: an autoencoder trained on generated images should reconstruct the generator's training
images better than others.
"""

import numpy as np

from core.errors import BadChoice

FEWEST = 4  # images that can be split into training and validation


def check_count(images: int) -> None:
    """Raises BadChoice if there are too few generated images to train on."""
    if images < FEWEST:
        count = f"{images} generated image{'s' if images != 1 else ''}"
        raise BadChoice(f"An autoencoder can't be trained on {count}: it needs at least {FEWEST}.")


def check_content(images: np.ndarray) -> None:
    """Raises BadChoice if images uint8 (n, size, size) are all identical or all uniform."""
    if (images == images[0]).all():
        raise BadChoice("All generated images are identical, so an autoencoder has nothing to learn.")
    if (np.ptp(images.reshape(len(images), -1), axis=1) == 0).all():
        raise BadChoice(
            "Every generated image is a single grey value, so an autoencoder has nothing to learn."
        )
