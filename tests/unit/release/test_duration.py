"""How long an assessment is said to take, and what can't be assessed is said before anything is computed."""

import pytest

from core.errors import BadChoice
from core.features import catalog
from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.duration import AFTERWARDS, COMPARED
from core.store import Store
from core.types import ImageSet
from tests.support.samples import make_set
from tests.unit.membership.test_cluster_distance import leaky


@pytest.fixture(autouse=True)
def battery() -> None:
    """The whole battery, in place of the quick one of the other tests: its networks' time is what is told."""


def seconds(store: Store, library: Library, *sets: ImageSet, **choice: object) -> float:
    return Assessor(store, library).expected_seconds(sets, ReleaseConfig(**choice))  # type: ignore[arg-type]


def test_what_is_embedded_takes_no_time(store: Store, library: Library) -> None:
    """12 + 12 patients with 2 slices each are 48 real images, and 24 are generated: 48 * 24 pairs. The three
    feature spaces (pixels, the map of places, averaged features) are embedded one after another, and the
    estimate falls each time, to what comparing takes and what comes afterwards."""
    image_set = leaky(library, "set", 1)
    assessor = Assessor(store, library)
    ids = [file.sha256 for file in image_set.files]
    before = seconds(store, library, image_set)
    for feature in (
        catalog.spec("pixels"),
        catalog.spec(options={"layer": "block10"}),
        catalog.spec(),
    ):
        assessor.embedder.embed(feature, ids)
        after = seconds(store, library, image_set)
        assert after < before
        before = after
    assert before == pytest.approx(48 * 24 / COMPARED + AFTERWARDS)


def test_further_attacks_take_further_time(store: Store, library: Library) -> None:
    """Training an autoencoder costs more than the battery on so few images; a crop needs masks."""
    image_set = leaky(library, "set", 1)
    usual = seconds(store, library, image_set)
    assert seconds(store, library, image_set, attacks=("pixels@lung/nearest",)) > usual
    assert seconds(store, library, image_set, attacks=("reconstruction",)) > usual + 5


def test_a_set_that_lacks_images_is_refused_at_once(store: Store, library: Library) -> None:
    """Three generators of 6 images each: 18 generated ones and no real one."""
    with pytest.raises(BadChoice, match="18 generated images and 0 real images"):
        seconds(store, library, make_set(library))


def test_test_can_not_be_development_again(store: Store, library: Library) -> None:
    image_set = leaky(library, "set", 1)
    with pytest.raises(BadChoice, match="the same real images as the development set"):
        seconds(store, library, image_set, image_set)


def test_a_reference_need_not_have_real_images(store: Store, library: Library) -> None:
    """The last set is a reference if the configuration says so, and is no part that is assessed."""
    sets = leaky(library, "assessed", 1), make_set(library)
    assert seconds(store, library, *sets, reference=True) > 0
