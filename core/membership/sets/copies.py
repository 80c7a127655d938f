"""Generated images that are, pixel for pixel, real images of the same data set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.types import ImageSet, Role


@dataclass(frozen=True)
class Copies:
    """How many different real images of each role have a generated copy, and how many generated ones are one.

    An image of a single grey value is no copy: black slices say nothing of their origin.
    """

    used: int = 0
    not_used: int = 0
    unlabelled: int = 0
    of_used: int = 0
    of_not_used: int = 0


NO_COPIES = Copies()


def find_copies(image_set: ImageSet, pixels: Callable[[str], np.ndarray]) -> Copies:
    """``pixels`` gives those of a hash; only copies are looked at."""
    made = [file.sha256 for file in image_set.generated]
    shared = set(made) & {file.sha256 for file in image_set.real}
    shared = {identity for identity in shared if np.ptp(pixels(identity)) > 0}
    by_role = {
        role: {f.sha256 for f in image_set.real if f.role is role and f.sha256 in shared} for role in Role
    }

    def generated(role: Role) -> int:
        return sum(identity in by_role[role] for identity in made)

    used, others = Role.REAL_USED, Role.REAL_NOT_USED
    return Copies(
        len(by_role[used]),
        len(by_role[others]),
        len(by_role[Role.REAL_UNKNOWN]),
        generated(used),
        generated(others),
    )
