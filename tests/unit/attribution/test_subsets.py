"""Training subsets with and without labels: greys tell the generator, patterns the slice that was copied."""

from dataclasses import replace

import numpy as np
import pytest

from core.attribution.subsets import nearest_subset, read_subsets
from core.errors import BadChoice
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import silent
from core.store import Store
from core.types import ImageFile, ImageSet, Role

PIXELS = catalog.spec("pixels", options={"side": 8})


def noisy(pattern: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(pattern + 4 * rng.standard_normal(pattern.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def image_set(library: Library) -> ImageSet:
    """Two subsets of 12 slices; 30 generated images of each, every one a noisy copy of one of its slices."""
    rng = np.random.default_rng(0)
    files = []
    for name in ("t1", "t2"):
        slices = [rng.integers(40, 200, (32, 32)).astype(np.uint8) for _ in range(12)]
        for number, pixels in enumerate(slices):
            files.append(ImageFile(f"real/{name}/{number}", library.add_pixels(pixels), Role.REAL_USED, name))
        for number in range(30):
            made = noisy(slices[number % 12], rng)
            files.append(ImageFile(f"generated/{name}/{number}", library.add_pixels(made), label=name))
    made_set = ImageSet("subsets", "membership", tuple(files))
    library.add(made_set)
    return made_set


@pytest.fixture
def embedder(store: Store, library: Library) -> Embedder:
    return Embedder(store, library, Effort(), silent)


def test_copies_are_assigned_to_the_subset_of_their_slice(embedder: Embedder, image_set: ImageSet) -> None:
    """Each generated image is nearest to the slice that it is a copy of: all 60 are right, kappa is 1."""
    found = read_subsets(embedder, image_set, None, PIXELS, 0)
    assert found.names == ("t1", "t2")
    assert found.without is not None
    assert found.without.table.tolist() == [[30, 0], [0, 30]]
    assert found.without.kappa.value == 1
    assert 0.9 < (found.without.accuracy.low or 0) < 1 == found.without.accuracy.high
    assert found.without.voted == 1
    assert found.with_labels.accuracy.chance == 0.5


def test_a_test_set_is_predicted_by_what_development_learnt(embedder: Embedder, image_set: ImageSet) -> None:
    """The same images without labels: the discriminant was fitted to them, so nearly all are right."""
    bare = tuple(replace(file, label=None) for file in image_set.generated)
    found = read_subsets(embedder, image_set, replace(image_set, name="test", files=bare), PIXELS, 0)
    truth = {file.sha256: file.label for file in image_set.generated}
    right = [truth[f.sha256] == p for f, p in zip(found.files, found.predicted, strict=True)]
    assert np.mean(right) > 0.9


def test_without_real_slices_there_is_one_reading_and_a_word(embedder: Embedder, image_set: ImageSet) -> None:
    only = replace(image_set, files=image_set.generated)
    found = read_subsets(embedder, only, None, PIXELS, 0)
    assert found.without is None
    assert "Without real slices of every subset" in found.notes[0]


def test_too_few_subsets_or_images(embedder: Embedder, image_set: ImageSet) -> None:
    one = replace(image_set, files=tuple(f for f in image_set.files if f.label == "t1"))
    with pytest.raises(BadChoice, match="1 training subset among its generated images; at least 2"):
        read_subsets(embedder, one, None, PIXELS, 0)
    some = [file for file in image_set.generated if file.label == "t2"][:4]
    few = replace(image_set, files=(*one.files, *some))
    with pytest.raises(BadChoice, match=r"fewer: t2 \(4\)"):
        read_subsets(embedder, few, None, PIXELS, 0)


def test_a_typical_slice_does_not_take_all_images() -> None:
    """Slice 0 of subset 0 is at 1.0 from everything, slice 1 of subset 1 at 0.9 from its copy and 9 from the
    others. As distances go image 1 is nearer to its own; images 2 and 3 have only the typical slice near."""
    distances = np.array([[1.0, 9.0], [1.0, 0.9], [1.0, 9.0], [1.0, 9.0]])
    assert nearest_subset(distances, np.array([0, 1]), 2).tolist() == [0, 1, 0, 0]
