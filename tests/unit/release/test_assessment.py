"""One verdict of three for every kind of set, and what may not change it."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadChoice
from core.images.library import Library
from core.inference.runtime import Effort
from core.release import assessment, worth
from core.release.assessment import Assessor, assessment_key
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.result import CANNOT_TELL, FOUND, NOT_FOUND, Release
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.unit.membership.test_cluster_distance import field, leaky
from tests.unit.release.conftest import changed, real_as

CONFIG = ReleaseConfig()
USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


@pytest.fixture(autouse=True)
def without_fidelity(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "fidelity" not in request.node.name:
        monkeypatch.setattr(worth, "measure_worth", lambda *_: {})


def numbers(found: Release) -> dict:
    """What is told, but for names, seconds and the configuration."""
    told = found.as_json()
    for row in (*told["attacks"], told["headline"] or {}, told):
        row.pop("seconds", None)
    for each in told["at_risk"]["images"]:
        each.pop("name")
    for each in told["sets"]:
        each.pop("truth")  # a hash of file names as well
        each.pop("content")
    return {name: value for name, value in told.items() if name != "config"}


def test_a_leak_is_found_and_its_people_named(assessor: Assessor, library: Library, leak: ImageSet) -> None:
    """Every used image has a noisy copy: AUC 1, all 24 named, and at a rate of 10% few others."""
    found = assessor.assess([leak, leaky(library, "test", 1)], CONFIG)
    assert (found.verdict, found.reported) == (FOUND, "test")
    assert found.headline is not None
    assert found.headline.auc == 1
    assert found.headline.attack == "pixels/scaled"
    assert found.sentence.startswith("Exposure found: Pixels, locally scaled tells used images from others")
    named = [each.role for each in found.at_risk.images]
    assert named.count("real_used") == 24
    assert len(named) <= 27
    assert found.at_risk.n_groups >= 12
    assert found.power is None
    assert len(found.at_risk.exposing) >= 24


def test_where_nothing_was_copied_nobody_is_accused(
    assessor: Assessor, library: Library, clean: ImageSet
) -> None:
    found = assessor.assess([clean, leaky(library, "clean test", 0)], CONFIG)
    assert found.verdict == NOT_FOUND
    assert found.at_risk.images == ()
    assert found.at_risk.exposing == ()
    assert found.power is not None
    assert found.power.share is not None
    assert f"Had {found.power.share:.0%} of the used images been copied" in found.sentence


def test_no_verdict_says_safe(assessor: Assessor, library: Library, leak: ImageSet, clean: ImageSet) -> None:
    for each in (leak, clean):
        told = json.dumps(assessor.assess([each], CONFIG).as_json()).lower()
        assert "safe" not in told


def test_a_second_look_is_the_same_and_computes_nothing(
    assessor: Assessor, leak: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = assessor.assess([leak], CONFIG)
    monkeypatch.setattr(Assessor, "_assess", None)  # it may not be called
    again = assessor.assess([leak], CONFIG)
    assert again == first
    assert Release.from_json(json.loads(json.dumps(first.as_json()))) == replace(
        first, config=json.loads(json.dumps(first.config))
    )


def test_fidelity_is_read_back_as_well(assessor: Assessor, leak: ImageSet) -> None:
    first = assessor.assess([leak], CONFIG)
    assert first.fidelity.keys() == {"pixels at 32 px"}
    assert assessor.assess([leak], CONFIG) == first


def test_the_context_changes_no_number(assessor: Assessor, leak: ImageSet) -> None:
    """It is declared, and taken from what was kept; the configuration tells which."""
    first = assessor.assess([leak], CONFIG)
    other = assessor.assess([leak], ReleaseConfig(context="weights"))
    assert other.seconds == first.seconds
    assert numbers(other) == numbers(first)
    assert other.config["context"] == "weights"


def test_file_names_and_order_change_no_number(
    store: Store, library: Library, leak: ImageSet, tmp_path: object
) -> None:
    """Names with every trace of the role, backwards: the same by content, and no excuse for a leak."""
    named = changed(leak, lambda f: replace(f, name=f"{f.role}/zz_{f.role}_{f.sha256[:8]}.png"))
    turned = replace(named, files=named.files[::-1])
    first, other = (Assessor(store, library).assess([each], CONFIG) for each in (leak, turned))
    assert numbers(other) == numbers(first)
    assert other.verdict == FOUND


def test_threads_and_batches_change_nothing(store: Store, library: Library, leak: ImageSet) -> None:
    found = []
    for effort in (Effort(1, 1), Effort(16, 4)):
        found.append(numbers(Assessor(store, library, effort)._assess([leak], CONFIG)))
        store.clear()
    assert found[0] == found[1]


def test_scores_know_no_label(assessor: Assessor, leak: ImageSet) -> None:
    """Roles turned around: the same scores in the same order."""
    swap = {USED: NOT_USED, NOT_USED: USED}
    turned = changed(leak, lambda f: replace(f, role=swap.get(f.role, f.role)))
    protocols = [assessor._protocol([each], CONFIG) for each in (leak, turned)]
    first, other = (assessor._measured(each, each.development).scored for each in protocols)
    for name in first:
        assert (first[name].scores == other[name].scores).all()


# -- sets that can't tell -----------------------------------------------------------------------------


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


# -- protocol -----------------------------------------------------------------------------------------


def test_an_unlabelled_test_set_does_not_choose_the_headline_where_it_is_reported(
    assessor: Assessor, library: Library, leak: ImageSet
) -> None:
    """Development is reported then: the best attack on it would be declared after the look."""
    found = assessor.assess([leak, leaky(library, "test", 1, unknown=True)], CONFIG)
    assert found.reported == "development"
    assert found.declared == "the default, since no labelled set is left to choose on"
    assert found.sets[1].unlabelled == 48
    assert found.at_risk.n_images >= 20  # of the test set


def test_the_test_part_does_not_enter_the_declaration(
    assessor: Assessor, library: Library, leak: ImageSet, clean: ImageSet
) -> None:
    """Whatever the test set is, the same attack is declared for the same reason."""
    declared = {
        (found.headline.attack, found.declared)
        for test in (clean, leaky(library, "other", 1))
        if (found := assessor.assess([leak, test], CONFIG)).headline
    }
    assert len(declared) == 1


def test_an_attack_that_compares_runs_with_a_reference_only(
    assessor: Assessor, library: Library, leak: ImageSet
) -> None:
    """Development's own images would be at distance 0 of themselves, and their labels told by that."""
    config = ReleaseConfig(attacks=("pixels/calibrated",))
    found = assessor.assess([leak, leaky(library, "test", 1)], config)
    assert found.not_run == ("Pixels, calibrated: needs a reference set",)
    other = leaky(library, "reference", 0)
    found = assessor.assess([leak, other], replace(config, reference=True))
    assert "pixels/calibrated" in {row.attack for row in found.attacks}
    assert found.controls is not None
    assert found.controls.placebo == "the images of the reference set"
    assert [each.part for each in found.sets] == ["development", "reference"]


def test_a_reference_of_the_same_people_is_none(assessor: Assessor, leak: ImageSet) -> None:
    with pytest.raises(BadChoice, match="All images of the reference set 'x' are of the assessed sets"):
        assessor.assess([leak, replace(leak, name="x")], ReleaseConfig(reference=True))


def test_test_is_not_development(assessor: Assessor, leak: ImageSet) -> None:
    with pytest.raises(BadChoice, match="would be no test"):
        assessor.assess([leak, replace(leak, name="x")], CONFIG)


@pytest.mark.parametrize("role", [Role.GENERATED, None])
def test_a_set_of_one_side_is_refused(role: Role | None, assessor: Assessor, leak: ImageSet) -> None:
    one = changed(leak, lambda f: None if (f.role is Role.GENERATED) == (role is not None) else f)
    with pytest.raises(BadChoice, match="a release is assessed by comparing generated images with real"):
        assessor.assess([one], CONFIG)


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"rate": 0.2}, {"headline": "pixels/nearest"}, {"attacks": ("pixels/scaled",)}]
)
def test_what_can_change_a_number_is_in_the_key(changes: dict, leak: ImageSet) -> None:
    assert assessment_key([leak], replace(CONFIG, **changes)) != assessment_key([leak], CONFIG)


def test_weights_behind_a_name_are_in_the_key(leak: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's network may be replaced by another of the same name."""
    before = assessment_key([leak], CONFIG)
    monkeypatch.setattr(GridAttack, "identity", lambda each: (each.name, "other weights"))
    assert assessment_key([leak], CONFIG) != before


def test_patients_are_in_the_key(leak: ImageSet) -> None:
    assert assessment_key([changed(leak, real_as(group=None))], CONFIG) != assessment_key([leak], CONFIG)


def test_a_control_that_cannot_be_measured_is_said_to_be_none(
    assessor: Assessor, leak: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where no lung is found in the few images that stand in the generator's place."""
    real = assessment.measure

    def refuse(*arguments: object) -> object:
        if len(arguments) > 4:
            raise BadChoice("No lung was found.")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(assessment, "measure", refuse)
    found = assessor.assess([leak], CONFIG)
    assert found.verdict == FOUND
    assert found.controls is not None
    assert (found.controls.placebo_images, found.controls.placebo_p) == (0, None)


def test_no_step_tells_a_name(store: Store, library: Library) -> None:
    """Progress is kept with jobs and in logs."""
    rng = np.random.default_rng(0)
    roles = [Role.GENERATED, USED, NOT_USED] * 12
    files = [
        ImageFile(f"Mustermann_{i}.png", library.add_pixels(field(rng)), role, group=f"Mustermann {i}")
        for i, role in enumerate(roles)
    ]
    steps: list[object] = []
    image_set = ImageSet("some", "membership", tuple(files))
    found = Assessor(store, library, Effort(8, 2), steps.append).assess([image_set], CONFIG)
    assert steps
    assert "Mustermann" not in repr(steps)
    assert "Mustermann" not in found.sentence + " ".join(found.notes)
