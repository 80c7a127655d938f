"""Sets that can't tell, or whose answer is not one of distances: a clear outcome for each."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.result import CANNOT_TELL, FOUND
from core.types import ImageFile, ImageSet, Role
from tests.unit.release.conftest import changed, real_as

pytestmark = pytest.mark.usefixtures("without_fidelity")
CONFIG = ReleaseConfig()
USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


def test_without_images_that_were_not_used(assessor: Assessor, leak: ImageSet) -> None:
    found = assessor.assess([changed(leak, lambda f: None if f.role is NOT_USED else f)], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "no real images that are known not to be in the training set" in found.sentence
    assert (found.headline, found.attacks, found.corrected_p, found.controls) == (None, (), None, None)
    assert found.at_risk.images == ()


def test_without_images_that_were_used(assessor: Assessor, leak: ImageSet) -> None:
    found = assessor.assess([changed(leak, lambda f: None if f.role is USED else f)], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "no real images that are known to be in the training set" in found.sentence


def test_ten_images_a_class(assessor: Assessor, leak: ImageSet, clean: ImageSet) -> None:
    """Five patients a class: the least p-value is 1 / 252, so a plain leak is seen, and nothing smaller."""

    def ten(image_set: ImageSet) -> ImageSet:
        kept = [f for role in Role for f in [f for f in image_set.files if f.role is role][:10]]
        return replace(image_set, files=tuple(kept))

    found = assessor.assess([ten(leak)], CONFIG)
    assert found.verdict == FOUND
    assert found.least_p == pytest.approx(1 / 252)
    assert found.sentence.endswith("It names nobody at this sample size.")
    found = assessor.assess([ten(clean)], CONFIG)
    assert found.verdict != FOUND
    assert found.power is not None
    assert found.power.share is None or found.power.share >= 0.25


def test_one_patient_of_each_kind(assessor: Assessor, leak: ImageSet) -> None:
    """Two ways to give out the roles: p is at least 1/2. One stranger says nothing of strangers."""
    found = assessor.assess(
        [changed(leak, lambda f: f if f.role is Role.GENERATED else replace(f, group=str(f.role)))], CONFIG
    )
    assert found.verdict == CANNOT_TELL
    assert "the images are of 2 patient groups" in found.sentence
    assert "a probability of 0.5" in found.sentence
    assert found.at_risk.images == ()


def test_without_groups_it_says_what_that_means(assessor: Assessor, leak: ImageSet) -> None:
    found = assessor.assess([changed(leak, real_as(group=None))], CONFIG)
    assert found.verdict == FOUND
    assert any("no patients are known" in note and "--patients" in note for note in found.notes)


def test_exact_copies_come_first(assessor: Assessor, clean: ImageSet) -> None:
    """Three used images among the generated: found, whatever the attacks say, and named."""
    three = [f for f in clean.real if f.role is USED][:3]
    copies = tuple(ImageFile(f"copy{i}.png", f.sha256) for i, f in enumerate(three))
    found = assessor.assess([replace(clean, files=(*clean.files, *copies))], CONFIG)
    assert found.sentence.startswith(
        "Exposure found: 3 generated images are, pixel for pixel, 3 slices of the training set."
    )
    assert (found.copies.used, found.copies.generated) == (3, 3)
    assert {each.sha256 for each in found.at_risk.images if each.copy} == {f.sha256 for f in three}
    assert all(each.nearest[0] == each.sha256 for each in found.at_risk.images if each.copy)
    assert {f.sha256 for f in three} <= set(found.at_risk.exposing)


def test_copies_of_images_that_were_not_used_are_swapped_folders(assessor: Assessor, clean: ImageSet) -> None:
    three = [f for f in clean.real if f.role is NOT_USED][:3]
    copies = tuple(ImageFile(f"copy{i}.png", f.sha256) for i, f in enumerate(three))
    found = assessor.assess([replace(clean, files=(*clean.files, *copies))], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "3 images labelled “not used” are, pixel for pixel, among the generated images" in found.sentence


def test_both_classes_the_same_files(assessor: Assessor, leak: ImageSet) -> None:
    """Nothing is left to compare: an answer, not a crash."""
    same = [replace(f, name=f"n{f.name}", role=NOT_USED) for f in leak.real if f.role is USED]
    kept = [f for f in leak.files if f.role is not NOT_USED]
    found = assessor.assess([replace(leak, files=(*kept, *same))], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "the same images are labelled used and not used (24 images)" in found.sentence


def test_swapped_folders(assessor: Assessor, leak: ImageSet) -> None:
    swap = {USED: NOT_USED, NOT_USED: USED}
    found = assessor.assess([changed(leak, lambda f: replace(f, role=swap.get(f.role, f.role)))], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "Are the folders of used and not used images swapped?" in found.sentence


def darker(library: Library) -> Callable[[ImageFile], ImageFile]:
    def change(file: ImageFile) -> ImageFile:
        lifted = library.pixels(file.sha256) // 2 + (0 if file.role is NOT_USED else 90)
        return replace(file, sha256=library.add_pixels(lifted.astype(np.uint8)))

    return change


def test_classes_that_differ_in_brightness(assessor: Assessor, library: Library, clean: ImageSet) -> None:
    """Generated and used images are brighter by 90: the attacks see that, and so does the mean grey."""
    found = assessor.assess([changed(clean, darker(library))], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "told apart as well by what shows no anatomy (Mean intensity" in found.sentence


def test_greys_that_cannot_be_compared(assessor: Assessor, library: Library, leak: ImageSet) -> None:
    """Used images of two grey levels."""

    def two(file: ImageFile) -> ImageFile:
        if file.role is not USED:
            return file
        made = library.pixels(file.sha256) // 128 * 8 + 100
        return replace(file, sha256=library.add_pixels(made.astype(np.uint8)))

    found = assessor.assess([changed(leak, two)], CONFIG)
    assert found.verdict == CANNOT_TELL
    assert "can't be compared (the typical generated image has" in found.sentence
