"""What a dossier holds, what it doesn't, and what its hash is of."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.dossier import sentences
from core.release.dossier.document import SCHEMA, as_text, document
from core.release.dossier.page import page
from core.release.result import AtRisk, Copied
from tests.support.releases import leaking
from tests.unit.release.dossier.conftest import Case


def test_sections_and_context_as_declared(case: Case) -> None:
    """ISO/IEC 27559:2022 has context, data, identifiability assessment, mitigation, governance."""
    found = case.document()
    order = ["question", "answer", "context", "data", "identifiability", "mitigation", "governance", "sha256"]
    assert [name for name in found if name in order] == order
    assert (found["schema"], found["schema"]) == (SCHEMA, "imprint-release-dossier/1")
    assert found["context"]["declared"]
    assert found["context"]["in_words"].startswith("public: anybody")
    silent = document(case.release, ReleaseConfig(), case.sets)["context"]
    assert (silent["declared"], silent["in_words"]) == (False, "not declared")
    assert "was not declared" in silent["sentences"][0]
    weights = document(case.release, ReleaseConfig(context="weights"), case.sets)["context"]
    assert "Attacks on the weights were not run" in weights["sentences"][0]


def test_data_by_count_and_hash(case: Case) -> None:
    """The sample has 10 used and 10 unused people, 2 slices each, and 40 generated images."""
    (found,) = case.document()["data"]["sets"]
    counts = [found[name] for name in ("generated", "used", "not_used", "unlabelled", "groups", "files")]
    assert counts == [40, 20, 20, 0, 20, 80]
    assert (found["content"], found["truth"]) == (case.sets[0].content, case.sets[0].truth)
    assert found["role"].startswith("development and report: there is no test set")
    assert found["provenance"]["formats"]["used"] == {"not recorded": 20}


def test_results_are_the_assessments(case: Case) -> None:
    found, release = case.document()["identifiability"], case.release
    assert found["corrected_p"] == release.corrected_p
    assert [row["auc"] for row in found["attacks"]] == [row.auc for row in release.attacks]
    assert sum(row["headline"] for row in found["attacks"]) == 1
    assert found["protocol"]["permutations"] == 4999
    assert (found["protocol"]["seed"], found["protocol"]["false_discovery_rate"]) == (0, 0.1)


def test_what_was_not_run_is_named_and_is_no_pass(case: Case) -> None:
    """The tests of EDPB Opinion 28/2024, paragraph 55, but for membership inference."""
    found = case.document()["identifiability"]
    names = " ".join(each["name"].lower() for each in found["out_of_scope"])
    for word in ("attribute inference", "exfiltration", "regurgitation", "inversion", "reconstruction"):
        assert word in names
    assert not any(each["run"] for each in found["out_of_scope"])
    assert "is not a pass" in found["not_a_pass"]


def test_people_by_number_only(case: Case) -> None:
    """Files are called secret, people Jane Roe; neither the images' hashes are told."""
    assert case.release.at_risk.n_images
    plain = as_text(case.document())
    assert "secret" not in plain
    assert "Jane" not in plain
    assert not [file for file in case.sets[0].files if file.sha256 in plain]
    risk = case.document()["identifiability"]["people_at_risk"]
    assert (risk["images"], risk["named"]) == (case.release.at_risk.n_images, False)


def test_people_by_name_if_asked_for(case: Case) -> None:
    risk = case.document(name_people=True)["identifiability"]["people_at_risk"]
    assert [each["name"] for each in risk["list"]] == [each.name for each in case.release.at_risk.images]
    assert all(each["group"].startswith("Jane Roe") for each in risk["group_list"])


def test_the_hash_is_of_all_the_rest(case: Case) -> None:
    """By the rule that the page states, without any of our code."""
    found = case.document(decided_by="A. Person")
    rest = {name: value for name, value in found.items() if name != "sha256"}
    plain = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert found["sha256"] == hashlib.sha256(plain.encode()).hexdigest()
    assert case.document()["sha256"] != found["sha256"]
    assert case.document(decided_by="A. Person") == found


def _empty(risk: AtRisk) -> AtRisk:
    return replace(risk, images=(), groups=(), n_images=0, n_groups=0, false_images=0, exposing=())


def test_zero_is_a_cap(case: Case) -> None:
    """Clopper and Pearson: 0 of 100 caps the rate at 1 - 0.025^(1/100) = 3.6%."""
    none = replace(case.release, at_risk=_empty(case.release.at_risk), attacks=())
    copies, named = sentences.caps(none, 100, 20)
    assert copies["at_most"] == pytest.approx(0.0362, abs=5e-5)
    assert "0 of 100 generated images are exact copies: at most 3.6%" in str(copies["sentence"])
    assert named["at_most"] == pytest.approx(1 - 0.025 ** (1 / 20))
    copied = replace(none, copies=Copied(2, 0, 0, 3))
    assert [each["what"] for each in sentences.caps(copied, 100, 20)] == ["used images are named"]


def test_copies_and_mitigation_in_words(case: Case) -> None:
    copied = replace(case.release, copies=Copied(used=2, not_used=1, unlabelled=0, generated=3))
    said = sentences.copies(copied)
    assert said[0] == ("3 generated images are, pixel for pixel, 2 images that the generator was trained on.")
    assert said[1].startswith("1 image labelled “not used” is among the generated images")
    assert "no proof" in sentences.mitigation(case.release)[1]
    nobody = replace(case.release, at_risk=_empty(case.release.at_risk))
    assert sentences.mitigation(nobody) == [
        "No generated image points at anybody, so there is none to take out."
    ]
    assert "names nobody" in sentences.people(nobody)[0]


def test_copies_are_certain_and_the_others_are_not(case: Case) -> None:
    """All 20 used slices leak with noise; the first is made an exact copy here."""
    risk = case.release.at_risk
    assert "10% of them are expected to be wrong" in sentences.people(case.release)[1]
    copied = replace(risk, images=(replace(risk.images[0], copy=True), *risk.images[1:]))
    said = sentences.people(replace(case.release, at_risk=copied))
    assert said[1] == "1 of the images has an exact copy among the generated ones. That is certain."
    assert said[2].startswith("The others are named by “")
    alone = replace(copied, images=copied.images[:1], n_images=1)
    assert not [each for each in sentences.people(replace(case.release, at_risk=alone)) if "10%" in each]


def test_a_set_without_a_comparison_has_a_dossier(assessor: Assessor, library: Library) -> None:
    """No image that was not used: cannot tell, no attack row, and the dossier says why."""
    whole = leaking(library, "whole", 0.5)
    files = tuple(file for file in whole.files if file.role != "real_not_used")
    partial = replace(whole, name="partial", files=files)
    library.add(partial)
    config = ReleaseConfig()
    found: dict[str, Any] = document(assessor.assess([partial], config), config, [partial])
    assert found["answer"]["verdict"] == "cannot tell"
    assert found["identifiability"]["attacks"] == []
    assert found["identifiability"]["people_at_risk"]["sentences"][0].startswith("Nobody can be named")
    assert [each["what"] for each in found["identifiability"]["caps"]] == [
        "generated images are exact copies"
    ]
    assert "</b>partial has no real images" in page(found)  # a name keeps its first letter
    assert found["identifiability"]["power"]["measured"] is False
    assert "could not be scored" in found["identifiability"]["controls"]["sentences"][0]
