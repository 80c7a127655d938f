"""Generated images that are real ones."""

import numpy as np

from core.images.library import Library
from core.membership.sets.copies import Copies, find_copies
from core.types import ImageFile, ImageSet, Role


def test_copies_are_counted_by_role_and_black_ones_are_none(library: Library) -> None:
    """One used image copied twice, one not used once; a black slice on both sides is no copy."""
    rng = np.random.default_rng(0)
    one, two, three = (library.add_pixels(rng.integers(0, 256, (8, 8)).astype(np.uint8)) for _ in range(3))
    black = library.add_pixels(np.zeros((8, 8), np.uint8))
    real = [
        (one, Role.REAL_USED),
        (two, Role.REAL_NOT_USED),
        (three, Role.REAL_USED),
        (black, Role.REAL_USED),
    ]
    files = [ImageFile(f"r/{i}", sha, role) for i, (sha, role) in enumerate(real)]
    files += [ImageFile(f"g/{i}", sha) for i, sha in enumerate((one, one, two, black))]
    found = find_copies(ImageSet("any", "membership", tuple(files)), library.pixels)
    assert found == Copies(used=1, not_used=1, of_used=2, of_not_used=1)
