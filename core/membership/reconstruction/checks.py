"""Training-data fingerprints by reconstruction: what an autoencoder of generated images finds familiar.

Paper, section 3.1.2: trained on what a generator made, it should reconstruct the generator's own training
images better than others.
"""

import numpy as np

from core.errors import BadChoice

FEWEST = 4  # images that can be parted into learnt and held out


def check_count(images: int) -> None:
    """Raises BadChoice where there are too few generated images to learn from."""
    if images < FEWEST:
        count = f"{images} generated image{'s' if images != 1 else ''}"
        raise BadChoice(f"An autoencoder can't be trained on {count}: it needs at least {FEWEST}.")


def check_content(images: np.ndarray) -> None:
    """Raises BadChoice where uint8 (n, size, size) hold nothing to learn."""
    if (images == images[0]).all():
        raise BadChoice("All generated images are identical, so an autoencoder has nothing to learn.")
    if (np.ptp(images.reshape(len(images), -1), axis=1) == 0).all():
        raise BadChoice(
            "Every generated image is a single grey value, so an autoencoder has nothing to learn."
        )
