"""The audit catches a planted confound of each kind, and finds nothing where nothing is planted."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.audit import blind_scores
from core.audit.derive import derive
from core.audit.pipeline import Audit, Auditor, before_and_after, best_result
from core.audit.transforms import DeriveSpec
from core.images.library import Library
from core.numeric.statistics import Score
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import encoded
from tests.unit.audit.planted_confounds import (
    BACKGROUND,
    GENERATORS,
    Write,
    files,
    generators,
    membership,
    take,
)

METHOD = Score(0.99, 0.97, 1.0)  # a method that nearly always tells the truth


@pytest.fixture
def auditing(store: Store, library: Library) -> Auditor:
    return Auditor(store, library)


def as_jpeg(pixels: np.ndarray) -> bytes:
    return encoded(pixels, "JPEG", quality=75)


def jpeg_as_png(pixels: np.ndarray) -> bytes:
    with Image.open(io.BytesIO(as_jpeg(pixels))) as image:
        return encoded(image.convert("L"))


def brighter(pixels: np.ndarray) -> bytes:
    return encoded((pixels + 3).astype(np.uint8))


def padded(pixels: np.ndarray) -> bytes:
    return encoded(np.pad(pixels[2:-2, 2:-2], 2, constant_values=BACKGROUND))


def smaller(pixels: np.ndarray) -> bytes:
    return encoded(pixels[:-4, :-4])


def sixteen_bits(pixels: np.ndarray) -> bytes:
    return encoded(pixels.astype(np.uint16) * 257)


def coarser(pixels: np.ndarray) -> bytes:
    return encoded(pixels // 4 * 4)


def outcomes(found: Audit) -> dict[str, str]:
    return {each.name: each.outcome(found.method) for each in found.findings}


PLANTED = [
    ("jpeg", as_jpeg),
    ("format", as_jpeg),
    ("bytes", as_jpeg),
    ("jpeg", jpeg_as_png),
    ("darkest", brighter),
    ("border", padded),
    ("size", smaller),
    ("bits", sixteen_bits),
    ("levels", coarser),
]


@pytest.mark.parametrize(("baseline", "write"), PLANTED)
def test_one_generator_given_away_is_a_warning(
    baseline: str, write: Write, auditing: Auditor, library: Library
) -> None:
    """No ARI shows it: clusters of 80 and 40 against three of 40 get 0.567 at best (test_blind_scores.py),
    less than the method's 0.97. But c alone is separated from the rest, with an AUC of 1."""
    found = auditing.audit(generators(library, write), METHOD)
    assert outcomes(found)[baseline] == "marks"
    finding = next(each for each in found.findings if each.name == baseline)
    assert finding.one is not None
    assert finding.one.score.value == pytest.approx(1, abs=0.02)
    assert "c, AUC" in found.remark(finding)


@pytest.mark.parametrize(("baseline", "write"), PLANTED)
def test_used_slices_given_away_are_a_warning(
    baseline: str, write: Write, auditing: Auditor, library: Library
) -> None:
    """All used images bear the mark and no other does, so the AUC is 1."""
    found = auditing.audit(membership(library, write), Score(0.9, 0.85, 0.95))
    assert found.score == "AUC"
    assert outcomes(found)[baseline] == "competes"
    finding = next(each for each in found.findings if each.name == baseline)
    assert finding.whole.score.value == pytest.approx(1, abs=0.02)
    assert "in used" in found.remark(finding)


def test_names_that_tell(auditing: Auditor, library: Library) -> None:
    """One generator's files are named otherwise, another's numbers go on where the first's end."""
    renamed = {
        path.replace("a/", "a/img_") if path < "b" else path.replace("b/0", "b/9"): data
        for path, data in files(GENERATORS).items()
    }
    found = outcomes(auditing.audit(take(library, renamed), METHOD))
    assert (found["pattern"], found["number"]) == ("marks", "marks")


@pytest.mark.parametrize("make", [generators, membership])
def test_a_clean_set_gives_no_warning(make, auditing: Auditor, library: Library) -> None:  # type: ignore[no-untyped-def]
    """Neither beside a good method, nor before there is a result."""
    image_set = make(library)
    for method in (METHOD, None):
        found = auditing.audit(image_set, method)
        assert found.warnings == ()
        assert found.crossings == ()
        assert found.sentence.startswith("None of 12 blind baselines matches the method")


def test_without_a_result_what_is_above_chance_is_a_warning(auditing: Auditor, library: Library) -> None:
    found = auditing.audit(generators(library, brighter))
    assert outcomes(found)["darkest"] == "competes"
    assert "the method has no result yet" in found.sentence


def test_copies_across_generators_are_found(auditing: Auditor, library: Library) -> None:
    """Two images of a stand under b as well, one of them exactly, one with faint noise."""
    content = files(GENERATORS)
    with Image.open(io.BytesIO(content["a/001.png"])) as image:
        pixels = np.asarray(image).astype(int)
    noisy = (pixels + np.random.default_rng(0).integers(-2, 3, pixels.shape)).clip(0, 255)
    content |= {"b/900.png": content["a/000.png"], "b/901.png": encoded(noisy.astype(np.uint8))}
    image_set = take(library, content)
    (crossing,) = auditing.audit(image_set).crossings
    assert (crossing.classes, crossing.total) == (("a", "b"), 2)
    pairs = [(image_set.files[p.first].name, image_set.files[p.second].name, p.how) for p in crossing.pairs]
    assert pairs == [("a/000.png", "b/900.png", "copy"), ("a/001.png", "b/901.png", "hash")]


def test_what_a_crossing_means(auditing: Auditor, library: Library) -> None:
    """A slice on both sides is a confound; a training slice that is generated again is the leak itself."""
    image_set = membership(library)
    used, not_used, made = (
        next(file for file in image_set.files if file.role is role)
        for role in (Role.REAL_USED, Role.REAL_NOT_USED, Role.GENERATED)
    )
    copies = (replace(not_used, sha256=used.sha256, name="x"), replace(made, sha256=used.sha256, name="y"))
    found = auditing.audit(replace(image_set, files=(*image_set.files, *copies)))
    meanings = {each.classes: found.meaning(each).confound for each in found.crossings}
    assert meanings == {
        ("generated", "used"): False,
        ("not used", "used"): True,
        ("generated", "not used"): False,
    }
    assert "across classes: 1 pair." in found.sentence


def test_embeddings_are_used_when_they_are_asked_for(auditing: Auditor, library: Library) -> None:
    """Not before, since a network takes its time; and from then on without being asked for."""
    image_set = take(library, files(("a",)))
    assert not auditing.audit(image_set).embedded
    assert auditing.audit(image_set, embedding=True).embedded
    assert auditing.audit(image_set).embedded, "they are there now"


def test_an_old_set_has_no_origins_and_says_so(auditing: Auditor, library: Library) -> None:
    image_set = generators(library)
    old = replace(image_set, files=tuple(replace(file, origin=None) for file in image_set.files))
    found = auditing.audit(old)
    for name in ("format", "bits", "bytes"):
        finding = next(each for each in found.findings if each.name == name)
        assert outcomes(found)[name] == "undefined"
        assert found.remark(finding) == "Undefined: not recorded when the data set was imported."


def test_unknown_truth_leaves_every_score_undefined(auditing: Auditor, library: Library) -> None:
    image_set = membership(library)
    hidden = replace(
        image_set,
        files=tuple(
            replace(file, role=Role.REAL_UNKNOWN) if file.role is not Role.GENERATED else file
            for file in image_set.files
        ),
    )
    found = auditing.audit(hidden)
    assert set(outcomes(found).values()) == {"undefined"}
    assert "no image is labelled" in found.remark(found.findings[0])


def test_a_second_look_computes_nothing(auditing: Auditor, library: Library) -> None:
    image_set = generators(library, brighter)
    first = auditing.audit(image_set)
    assert (first.cached, auditing.missing(image_set)) == (False, 0)
    for identity in {file.sha256 for file in image_set.files}:
        library._image(identity).unlink()  # what is looked up needs no image
    second = auditing.audit(image_set)
    assert second.cached
    assert (second.findings, second.crossings) == (first.findings, first.crossings)
    relabelled = replace(image_set, files=tuple(replace(file, label="x") for file in image_set.files))
    assert not auditing.audit(relabelled).cached


def test_matching_histograms_takes_the_offset_out(auditing: Auditor, library: Library) -> None:
    """What tells c by its background no longer does so in the derived set."""
    image_set = generators(library, brighter)
    assert outcomes(auditing.audit(image_set, METHOD))["darkest"] == "marks"
    matched = derive(library, image_set, DeriveSpec(("histogram",)))
    assert outcomes(auditing.audit(matched, METHOD))["darkest"] in ("chance", "undefined")


def test_the_methods_results_are_those_of_the_set() -> None:
    """Before and after are of one configuration: the best of those that were tried on both."""
    rows = [{"id": str(i), "kind": "attribution", "ari": 1 - i / 10, "ari_ci": [0.5, 1]} for i in range(3)]
    assert best_result([]) is None
    assert best_result(rows) == Score(1.0, 0.5, 1)
    assert before_and_after(rows, rows[1:]) == (rows[1], rows[1])
    assert before_and_after(rows, []) is None


def test_a_set_without_generators_is_told(auditing: Auditor, library: Library) -> None:
    image_set = take(library, files(("a",)))
    nameless = ImageSet("n", "flat", tuple(ImageFile(f.name, f.sha256) for f in image_set.files))
    assert set(outcomes(auditing.audit(nameless)).values()) == {"undefined"}
    assert set(outcomes(auditing.audit(image_set)).values()) == {"undefined"}


@pytest.mark.parametrize("made", [generators, membership])
def test_other_file_names_change_no_score_of_the_pixels(
    made: Callable, auditing: Auditor, library: Library
) -> None:
    """Nothing is planted, so p-values are shares of permutations. Only the baselines that read names may
    change, so p-values are compared before Holm's correction ranks them all."""
    image_set = made(library)
    names = [f"{number:03}.png" for number in range(len(image_set.files))]
    renamed = replace(
        image_set,
        files=tuple(
            replace(file, name=name) for file, name in zip(image_set.files[::-1], names, strict=True)
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blind_scores, "holm_corrected", tuple)
        first, second = (
            {each.name: each for each in auditing.audit(those).findings} for those in (image_set, renamed)
        )
    kept = set(first) - {"pattern", "number"}
    assert 0 < first["mean"].whole.p_value < 1
    assert {name: first[name] for name in kept} == {name: second[name] for name in kept}


def test_a_class_of_copies_is_named(auditing: Auditor, library: Library) -> None:
    """All baselines tell such a class, and copies count once, so that no p-value shows it."""
    image_set = generators(library)
    only = next(file for file in image_set.files if file.label == "b")
    files = tuple(
        replace(file, sha256=only.sha256) if file.label == "b" else file for file in image_set.files
    )
    found = auditing.audit(replace(image_set, files=files))
    assert found.sentence.startswith("All 40 images of class “b” are copies of one image")
    assert "copies" not in auditing.audit(image_set).sentence
