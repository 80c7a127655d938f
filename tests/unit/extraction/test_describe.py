"""Features of pixels that are in no data set."""

from pathlib import Path

import numpy as np

from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from tests.support.samples import noise


def test_pixels_have_the_features_of_their_image_and_nothing_is_kept(
    store: Store, library: Library, home: Path
) -> None:
    """The same numbers as of the same pixels in the library, in the order given; no file, no row."""
    images, feature = noise(5), catalog.spec("pixels")
    embedder = Embedder(store, library, Effort(2, 1), lambda _: None)
    described = embedder.describe(feature, images)
    assert not list((home / "images").rglob("*.png"))
    ids = [library.add_pixels(each) for each in images]
    assert embedder.plan(feature, ids).missing == 5
    assert (embedder.embed(feature, ids)[0] == described).all()
    assert described.dtype == np.float32
