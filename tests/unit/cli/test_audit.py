"""The verbs audit and derive: one JSON object, and sentences for people."""

from collections.abc import Callable
from typing import Any

import pytest

from core.attribution.pipeline import Pipeline
from core.config import PipelineConfig
from core.experiments import run_log
from core.features.catalog import spec
from core.images.library import Library
from core.store import Store
from tests.support.samples import encoded
from tests.unit.audit.planted_confounds import files, generators, membership, take

Told = Callable[..., dict[str, Any]]
Ran = Callable[..., tuple[int, str, str]]


def by_name(facts: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row for row in facts["baselines"]}


def test_audit_tells_every_baseline(told: Told, library: Library) -> None:
    generators(library, lambda pixels: encoded(pixels + 3))
    facts = told("audit", "set")
    assert (facts["set"], facts["score"], facts["method"], facts["cached"]) == ("set", "ARI", None, False)
    assert len(facts["baselines"]) == 12
    assert by_name(facts)["darkest"]["outcome"] == "competes"
    assert "darkest" in facts["warnings"]
    assert "darkest grey" in facts["sentence"]
    assert told("audit", "set")["cached"]


def test_audit_compares_with_the_best_of_the_run_log(told: Told, library: Library, store: Store) -> None:
    image_set = generators(library)
    answer = Pipeline(store, library).attribute(image_set, PipelineConfig(spec("lbp")))
    run_log.record([image_set], answer)
    ari = answer.agreement.scores["ari"]
    method = told("audit", "set")["method"]
    assert (method["value"], method["low"], method["high"]) == (ari.value, ari.low, ari.high)


def test_audit_in_words(ran: Ran, library: Library) -> None:
    membership(library)
    status, out, _ = ran("audit", "set")
    assert status == 0
    assert out.startswith("set: None of 12 blind baselines matches the method")
    assert "  Mean intensity: AUC " in out
    assert "  File format: The same for all images, so it predicts nothing." in out
    assert out.rstrip().endswith("p-values are corrected for the number of tests (Holm).")


def test_audit_names_pairs_across_classes(told: Told, ran: Ran, library: Library) -> None:
    content = files(("a", "b"))
    take(library, content | {"b/900.png": content["a/000.png"]})
    (crossing,) = told("audit", "set")["crossings"]
    assert (crossing["classes"], crossing["total"], crossing["confound"]) == (["a", "b"], 1, True)
    assert crossing["pairs"] == [
        {"first": "a/000.png", "second": "b/900.png", "how": "copy", "likeness": 1.0}
    ]
    assert "1 pair, a ~ b: The same image is labelled with two generators" in ran("audit", "set")[1]


def test_derive_makes_a_set(told: Told, ran: Ran, library: Library) -> None:
    image_set = generators(library)
    made = told("derive", "set", "--steps", "resize,jpeg", "--size", 32, "--quality", 50)
    assert (made["name"], made["n"], made["of"]) == ("set, 32 px, JPEG 50", 120, "set")
    assert len(library.get(made["name"])) == len(image_set)
    assert told("derive", "set", "--steps", "histogram", "--name", "new")["name"] == "new"
    assert "120 images of set, 32 px" in ran("derive", "set", "--steps", "resize", "--size", 32)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("derive", "set", "--steps", "sharpen"), "Choose one of: histogram, resize, jpeg"),
        (("derive", "set", "--steps", "jpeg", "--quality", "101"), "quality is 1 to 100; got 101"),
        (("derive", "set", "--steps", "jpeg", "--name", "set"), "different content already exists"),
        (("audit", "none"), "There is no data set 'none'"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], words: str, ran: Ran, library: Library) -> None:
    generators(library)
    status, out, err = ran(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
