"""Fingerprints of a labelled set, through the store, and their pictures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.attribution.fingerprint_pictures import difference_picture, picture
from core.attribution.fingerprints import UNLABELLED, fingerprints
from core.errors import BadChoice
from core.images.library import Library
from core.store import Store
from core.types import ImageSet
from tests.support.samples import make_set
from tests.unit.attribution.test_residuals import noisy, with_grid


@pytest.fixture
def planted(library: Library) -> ImageSet:
    """Generator "grid" has lines every 8 px, "plain" has none; the noise is of one kind."""
    images = {"grid": with_grid(noisy(30, seed=1), 8, 4), "plain": noisy(30, seed=2)}
    return make_set(library, "s", images)


def test_the_generator_with_the_grid_is_told_by_its_period(library: Library, planted: ImageSet) -> None:
    """8 px as planted; the other has the same noise and no grid."""
    found = fingerprints(Store(), library, planted)
    grid, plain = found.generators
    assert (found.shape, grid.n, plain.n, found.notes) == ((64, 64), 30, 30, ())
    assert (grid.generator, grid.period, plain.period) == ("grid", 8, None)
    assert "a grid of 8 px" in grid.words
    assert plain.words.endswith("no grid")
    (pair,) = found.pairs
    assert pair.p_value == 1 / 200  # no permutation of 199 differs as much
    at = int(np.argmax(abs(pair.difference.value)))
    assert (at + 1) % 8 == 0  # rings at multiples of 64 / 8 cycles
    assert "grid has" in pair.words


def test_the_second_time_nothing_is_computed(library: Library, planted: ImageSet) -> None:
    store = Store()
    first = fingerprints(store, library, planted)
    again = fingerprints(store, library, replace(planted, name="other"))
    assert (first.cached, again.cached) == (False, True)
    assert again.generators[0].peaks == first.generators[0].peaks
    np.testing.assert_array_equal(again.generators[1].residuals.mean, first.generators[1].residuals.mean)


def test_copies_count_once(library: Library) -> None:
    images = noisy(6)
    image_set = make_set(library, "c", {"a": [*images, images[0], images[0]]})
    assert fingerprints(Store(), library, image_set).generators[0].n == 6


def test_images_of_another_size_are_left_out_and_told(library: Library) -> None:
    """A resized image has lost its grid. Of "small" nothing is left, so that it is left out as a whole."""
    image_set = make_set(library, "m", {"a": noisy(8), "small": noisy(6, 32)})
    found = fingerprints(Store(), library, image_set)
    assert [each.generator for each in found.generators] == ["a"]
    assert found.pairs == ()
    assert found.notes == (
        "6 images of another size than 64 x 64 px left out: resized, they would lose their grid.",
        "small: fewer than 5 images of this size, left out.",
    )


def test_a_set_without_labels_is_one_generator(library: Library) -> None:
    image_set = make_set(library, "u", {"a": noisy(6)})
    unlabelled = replace(image_set, files=tuple(replace(file, label=None) for file in image_set.files))
    assert [each.generator for each in fingerprints(Store(), library, unlabelled).generators] == [UNLABELLED]


def test_too_few_images_are_refused(library: Library) -> None:
    image_set = make_set(library, "few", {"a": noisy(4)})
    with pytest.raises(BadChoice, match="at least 5 different images"):
        fingerprints(Store(), library, image_set)


def test_pictures_have_three_panels_and_rings_where_peaks_are(library: Library, planted: ImageSet) -> None:
    """The spectrum of 64 px is drawn 7.5 times as large; the ring's left edge is 8 px left of a peak's
    middle."""
    grid, plain = fingerprints(Store(), library, planted).generators
    drawn, without = np.asarray(picture(grid)), np.asarray(picture(plain))
    assert drawn.shape == without.shape == (616, 1536, 3)
    red = (drawn == (0xD6, 0x27, 0x28)).all(2)
    assert not (without == (0xD6, 0x27, 0x28)).all(2).any()
    strongest = grid.peaks[0]
    x = round(24 + 480 + 24 + ((strongest.x + 32) % 64 + 0.5) * 7.5)
    y = round(112 + ((strongest.y + 32) % 64 + 0.5) * 7.5)
    assert red[y, x - 10 : x - 5].any() or red[y, x + 6 : x + 11].any()


def test_a_difference_is_drawn_with_its_bands(library: Library, planted: ImageSet) -> None:
    (pair,) = fingerprints(Store(), library, planted).pairs
    colours = {tuple(pixel) for pixel in np.asarray(difference_picture(pair)).reshape(-1, 3)}
    assert {(0xD6, 0x27, 0x28), (0xD0, 0xD7, 0xDE), (0xA8, 0xB3, 0xBF)} <= colours


def test_the_verb_writes_pictures_and_numbers(
    told: Callable[..., Any], ran: Callable[..., Any], tmp_path: Path, library: Library, planted: ImageSet
) -> None:
    out = tmp_path / "pictures"
    found = told("fingerprint", "s", "--out", out)
    assert [each["grid_period"] for each in found["generators"]] == [8, None]
    assert len(found["generators"][0]["radial_spectrum"]) == 32
    assert len(found["differences"][0]["band"]) == 32
    names = ["difference-grid-plain.png", "fingerprint-grid.png", "fingerprint-plain.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    with Image.open(out / names[1]) as image:
        assert image.size == (1536, 616)
    assert "grid: 30 images" in ran("fingerprint", "s")[1]
