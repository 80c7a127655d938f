"""Sets that are derived: all images through the same hands, everything else as it was."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.audit import transforms
from core.audit.derive import derive, derived_name
from core.audit.transforms import DeriveSpec
from core.errors import BadChoice, SetExists, UnknownName
from core.images.library import Library
from tests.support.samples import encoded, make_set, noise
from tests.unit.audit.planted_confounds import files, generators, membership, take

ALL = DeriveSpec(("histogram", "resize", "jpeg"), size=32, quality=60)


def test_names_roles_labels_and_groups_stay(library: Library) -> None:
    image_set = membership(library)
    grouped = replace(image_set, name="g", files=tuple(replace(f, group="1") for f in image_set.files))
    made = derive(library, grouped, ALL)
    assert made.name == "g, histogram matched, 32 px, JPEG 60"
    assert library.get(made.name) == made
    assert made.files == tuple(
        replace(old, sha256=new.sha256, origin=None)
        for old, new in zip(grouped.files, made.files, strict=True)
    )
    assert {library.pixels(file.sha256).shape for file in made.files} == {(32, 32)}


def test_the_same_again_is_the_same_set(library: Library) -> None:
    image_set = generators(library)
    assert derive(library, image_set, ALL) == derive(library, image_set, ALL)


def test_jpeg_is_what_pillow_encodes(library: Library) -> None:
    (pixels,) = noise(1)
    image_set = make_set(library, images={"a": [pixels]})
    made = derive(library, image_set, DeriveSpec(("jpeg",), quality=40))
    with Image.open(io.BytesIO(encoded(pixels, "JPEG", quality=40))) as image:
        assert np.array_equal(library.pixels(made.files[0].sha256), np.asarray(image))


def test_histograms_meet_in_the_middle() -> None:
    """Half an image is 10 and half 20, of the other 30 and 40: pooled, a quarter each. The lower half of
    either has rank 1/4, at which the pooled histogram has reached 10; the upper rank 3/4, at 30."""
    one, other = (np.repeat([low, low + 10], 128).astype(np.uint8).reshape(16, 16) for low in (10, 30))
    pooled = transforms.pooled_histogram([one, other])
    matched = [transforms.apply(each, DeriveSpec(("histogram",)), pooled) for each in (one, other)]
    assert np.array_equal(matched[0], matched[1])
    assert np.unique(matched[0]).tolist() == [10, 30]


def test_a_histogram_matched_to_itself_stays() -> None:
    (pixels,) = noise(1)
    pooled = transforms.pooled_histogram([pixels])
    assert np.array_equal(transforms.apply(pixels, DeriveSpec(("histogram",)), pooled), pixels)


def test_a_long_name_is_cut(library: Library) -> None:
    image_set = replace(take(library, files(("a", "b"))), name="n" * 80)
    name = derived_name(image_set, ALL)
    assert len(name) == 80
    assert name.endswith("n…, histogram matched, 32 px, JPEG 60")


def test_another_set_is_not_overwritten(library: Library) -> None:
    image_set = generators(library)
    with pytest.raises(SetExists):
        derive(library, image_set, ALL, name=image_set.name)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"steps": ()}, "Choose at least one step"),
        ({"steps": ("jpeg", "jpeg")}, "each once"),
        ({"steps": ("resize",), "size": 8}, "16 to 1024 px; got 8"),
        ({"steps": ("jpeg",), "quality": 0}, "quality is 1 to 100; got 0"),
    ],
)
def test_a_wrong_choice_is_one_sentence(choice: dict[str, object], words: str) -> None:
    with pytest.raises(BadChoice, match=words):
        DeriveSpec(**choice)  # type: ignore[arg-type]


def test_an_unknown_step_lists_the_known() -> None:
    with pytest.raises(
        UnknownName, match=r"There is no step 'sharpen'\. Choose one of: histogram, resize, jpeg"
    ):
        DeriveSpec(("sharpen",))
