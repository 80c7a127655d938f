"""One verdict of three for every kind of set, and what may not change it."""

import json
from dataclasses import replace

import pytest

from core.images.library import Library
from core.inference.runtime import Effort
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.result import FOUND, NOT_FOUND, Release
from core.store import Store
from core.types import ImageSet, Role
from tests.unit.membership.test_cluster_distance import leaky
from tests.unit.release.conftest import changed

pytestmark = pytest.mark.usefixtures("without_fidelity")
CONFIG = ReleaseConfig()
USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


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
