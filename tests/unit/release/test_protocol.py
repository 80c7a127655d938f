"""What is fixed before the reported part is read, what keys hold, and what no step tells."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadChoice
from core.images.library import Library
from core.inference.runtime import Effort
from core.release import assessment
from core.release.assessment import Assessor, assessment_key
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.result import FOUND
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.unit.membership.test_cluster_distance import field, leaky
from tests.unit.release.conftest import changed, real_as

pytestmark = pytest.mark.usefixtures("without_fidelity")
CONFIG = ReleaseConfig()
USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


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
