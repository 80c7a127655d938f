"""Images that nothing measured tells apart count once as evidence, and no k separates them."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from core.numeric.blocks import Rows, blocks
from core.wording import counted

VERSION = 1
DISTINCT = 256  # rows that are looked at first: most sets have no copies


def first_alike(features: np.ndarray) -> np.ndarray:
    """The place (n,) of the first row that is equal to each row of (n, d) features."""
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(digest, place) for place, digest in enumerate(_digests(features))])


def count_distinct(features: Rows, enough: int) -> int:
    """How many rows differ: exactly, where they are fewer than ``enough``."""
    found: set[bytes] = set()
    for _, block in blocks(features, max(DISTINCT, 2 * enough)):
        found.update(_digests(block))
        if len(found) >= enough:
            break
    return len(found)


def _digests(rows: np.ndarray) -> list[bytes]:
    return [blake2b(row.tobytes(), digest_size=16).digest() for row in rows + 0]  # + 0: -0.0 is 0.0


def no_evidence(
    names: Sequence[str], rows: np.ndarray, alike: np.ndarray, one_grey: np.ndarray
) -> str | None:
    """Why images (n,) can't tell whether clusters follow generators; None if they can.

    ``names[rows[i]]`` is the generator of image i; ``alike`` int (n,): equal where images can't be told
    apart; ``one_grey`` bool (n,): images without any contrast, as a window that doesn't fit the scan makes
    them. A generator of several images that are all one of these has nothing else to be recognised by.
    """
    if len(np.unique(alike)) == len(alike) and not one_grey.any():
        return None
    for row, name in enumerate(names):
        its = rows == row
        count = counted(int(its.sum()), "image")
        if its.sum() > 1 and one_grey[its].all():
            return (
                f"nothing can be told from images of a single grey level: all {count} of generator {name} "
                "have one (was the right window chosen at import?)"
            )
        if its.sum() > 1 and len(np.unique(alike[its])) == 1:
            return f"nothing can be told from copies: all {count} of generator {name} have the same features"
    return None
