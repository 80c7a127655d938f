"""New images against known generators: pixel features of flat noise whose grey tells the generator."""

from dataclasses import replace

import numpy as np
import pytest

from core.attribution.identification import Known, noise_level
from core.errors import BadChoice
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import silent
from core.store import Store
from core.types import ImageSet
from tests.support.samples import make_set

PIXELS = catalog.spec("pixels", options={"side": 8})


def images(grey: int, count: int, seed: int = 0, noise: float = 6.0) -> list[np.ndarray]:
    rng = np.random.default_rng((seed, grey))
    return [
        np.clip(grey + noise * rng.standard_normal((32, 32)), 0, 255).astype(np.uint8) for _ in range(count)
    ]


@pytest.fixture
def embedder(store: Store, library: Library) -> Embedder:
    return Embedder(store, library, Effort(), silent)


@pytest.fixture
def known_set(library: Library) -> ImageSet:
    return make_set(library, "known", {"dark": images(60, 40), "bright": images(180, 40)})


def test_new_images_of_known_generators_and_of_none(embedder: Embedder, known_set: ImageSet) -> None:
    """Grey 60 and 180 are known, 120 is not: its sets are empty, those of the others hold their own only."""
    known = Known(embedder, known_set, PIXELS)
    new = [*images(60, 20, 1), *images(180, 20, 1), *images(120, 20, 1)]
    found = known.identify_pixels([f"{i}.png" for i in range(60)], new, 0.9)
    assert {each.possible for each in found.images[:20]} <= {("dark",), ()}
    assert sum(each.possible == ("dark",) for each in found.images[:20]) >= 15
    assert {each.possible for each in found.images[20:40]} <= {("bright",), ()}
    assert {each.possible for each in found.images[40:]} == {()}
    assert max(each.score for each in found.images[40:]) < min(each.score for each in found.images[:40])
    assert all(file.label == "dark" for file in found.images[0].nearest["dark"])
    assert found.covered == pytest.approx(0.9, abs=0.03)
    assert found.right == 1


def test_a_data_set_and_its_pixels_get_the_same_answers(
    embedder: Embedder, library: Library, known_set: ImageSet
) -> None:
    new = images(60, 5, 2)
    known = Known(embedder, known_set, PIXELS)
    other = make_set(library, "new", {"?": new})
    by_set = known.identify_set(other, 0.9)
    by_pixels = known.identify_pixels([file.name for file in other.files], new, 0.9)
    by_hash = {tuple(sorted(each.p_values.items())) for each in by_set.images}
    assert by_hash == {tuple(sorted(each.p_values.items())) for each in by_pixels.images}


def test_a_noisy_image_is_told(embedder: Embedder, known_set: ImageSet) -> None:
    """Four times the noise of all known images, so what it is like can't be told."""
    known = Known(embedder, known_set, PIXELS)
    loud, usual = known.identify_pixels(["a", "b"], [*images(60, 1, 3, 24), *images(60, 1, 4)], 0.9).images
    assert loud.possible == ()
    assert loud.warning.startswith("noisier than any known image of dark")
    assert not usual.warning


def test_too_few_images_of_a_generator(embedder: Embedder, library: Library, known_set: ImageSet) -> None:
    few = make_set(library, "few", {"a": images(60, 12), "b": images(180, 4)})
    with pytest.raises(BadChoice, match=r"'few' has fewer of b \(4\)"):
        Known(embedder, few, PIXELS)
    bare = replace(known_set, files=tuple(replace(file, label=None) for file in known_set.files))
    with pytest.raises(BadChoice, match="no labelled generated images"):
        Known(embedder, bare, PIXELS)


def test_a_level_that_the_known_images_can_not_reach_is_told(embedder: Embedder, known_set: ImageSet) -> None:
    """40 images of a generator: each p-value is at least 1 / 41, so at 0.99 nothing is ever ruled out."""
    known = Known(embedder, known_set, PIXELS)
    found = known.identify_pixels(["x"], images(120, 1), 0.99)
    assert found.images[0].possible == ("bright", "dark")
    assert "no image can be ruled out" in found.notes[0]
    with pytest.raises(BadChoice, match=r"from 0\.5 to below 1"):
        known.identify_pixels(["x"], images(120, 1), 1.0)


def test_noise_is_estimated_as_it_was_drawn() -> None:
    """White noise of 8 grey levels on a ramp, which the estimator does not see; a flat image has none."""
    ramp = np.linspace(60, 180, 200)[None, :] + 8 * np.random.default_rng(0).standard_normal((200, 200))
    assert noise_level(np.rint(ramp).astype(np.uint8)) == pytest.approx(8, rel=0.05)
    assert noise_level(np.full((20, 20), 7, np.uint8)) == 0
