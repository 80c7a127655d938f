"""What a verdict says, and what it says first."""

from dataclasses import replace

import numpy as np

from core.membership import metrics, verdict
from core.membership.evaluation import PartResult, Reversal
from core.membership.metrics import GroundTruth
from core.membership.sets.copies import Copies
from core.types import ImageFile, Role

N = 120
PATIENTS = np.repeat(np.arange(30), 4)
USED = PATIENTS % 2 == 0
TRUTH = GroundTruth(USED, PATIENTS)
FILES = tuple(
    ImageFile(f"{i}", f"{i}", Role.REAL_USED if use else Role.REAL_NOT_USED, group=f"p{patient}")
    for i, (use, patient) in enumerate(zip(USED, PATIENTS, strict=True))
)


def part(distances: np.ndarray, truth: GroundTruth = TRUTH) -> PartResult:
    """A part with one distance, whose reversal is that distance's."""
    found = metrics.score_predictions(distances < 0.5, distances, truth)
    auc, reversal = found.scores["auc"].value, None
    if auc is not None:
        lowest, _ = metrics.permuted_extreme_aucs(distances[None], truth, 0)
        reversal = Reversal(auc, metrics.p_value(-auc, -lowest), auc)
    known = np.ones(len(distances), bool)
    return PartResult("some", FILES, distances, known, known, found, found.p_value, {}, reversal)


def words(leak: float, meaning: verdict.Meaning | None = None) -> tuple[str, str]:
    found = part(np.random.default_rng(0).random(N) + leak * ~USED)
    return verdict.describe(found, found, meaning or verdict.Meaning())


def test_a_leak_is_named() -> None:
    outcome, sentence = words(1)
    assert outcome == "leak"
    assert sentence.startswith("A leak was found: used images are nearer to the generated images")


def test_nothing_found_is_never_called_safe() -> None:
    outcome, sentence = words(0)
    assert outcome == "none found"
    assert "at this sample size" in sentence
    assert "smallest detectable AUC" in sentence
    for promise in ("safe", "secure", "anonym", "private", "no risk"):
        assert promise not in sentence.lower()


def test_centroids_that_know_the_labels_are_said_on_development_alone() -> None:
    """The p-value is of permuted labels that make their own centroids; the interval takes them as given."""
    dev, test = (part(np.random.default_rng(seed).random(N) + ~USED) for seed in (0, 1))
    meaning = verdict.Meaning("more alike", None)
    assert verdict.CENTROIDS_KNOW in verdict.describe(dev, dev, meaning)[1]
    assert verdict.CENTROIDS_KNOW not in verdict.describe(dev, test, meaning)[1]
    assert verdict.CENTROIDS_KNOW not in verdict.describe(dev, dev, verdict.Meaning())[1]


def test_one_class_is_undefined() -> None:
    found = part(np.zeros(N), GroundTruth(np.ones(N, bool), PATIENTS))
    assert verdict.describe(found, found, verdict.Meaning())[0] == "undefined"


def test_a_reversed_sign_is_said_first() -> None:
    """Used images farther by as much as the leak above makes them nearer: AUC 0.00 is no "no leak"."""
    outcome, sentence = words(-1)
    assert outcome == "reversed"
    assert sentence.startswith("Used images are farther from the generated images than images that were not")
    assert "swapped?" in sentence
    assert "some: AUC 0.00, p < 0.001 in this direction" in sentence


def test_a_distance_that_follows_the_labels_has_no_reversed_sign() -> None:
    assert words(-1, verdict.Meaning("reconstructed alike", None))[0] == "none found"


def test_a_swapped_development_set_is_said_whatever_test_shows() -> None:
    rng = np.random.default_rng(0)
    dev, test = part(rng.random(N) - ~USED), part(rng.random(N))
    outcome, sentence = verdict.describe(dev, test, verdict.Meaning())
    assert outcome == "reversed"
    assert "No leak was found" in sentence


def test_a_reversed_distance_beside_a_clear_leak_is_no_matter() -> None:
    """Among many candidates one may be reversed, as the typicality of slices is: the leak is the verdict."""
    found = part(np.random.default_rng(0).random(N) + ~USED)
    turned = Reversal(0.3, 0.001, 1.0)
    both = PartResult(**{**vars(found), "reversal": turned})
    assert verdict.describe(both, both, verdict.Meaning())[0] == "leak"


def with_copies(copies: Copies) -> tuple[str, str]:
    found = PartResult(**{**vars(part(np.random.default_rng(0).random(N))), "copies": copies})
    return verdict.describe(found, found, verdict.Meaning())


def test_training_images_among_the_generated_ones_are_the_leak() -> None:
    """Three of them are a leak, though the distances of all others say nothing."""
    outcome, sentence = with_copies(Copies(used=3, of_used=3))
    assert outcome == "leak"
    assert sentence.startswith(
        "A leak was found: 3 generated images are, pixel for pixel, 3 training images of some. These are the "
        "leak. Beyond that, this attack found no leak at this sample size"
    )
    assert "No leak was found" not in sentence


def test_copies_of_images_that_were_not_used_question_the_labels() -> None:
    outcome, sentence = with_copies(Copies(not_used=1, of_not_used=2))
    assert outcome == "reversed"
    assert sentence.startswith("2 generated images are, pixel for pixel, 1 image of some labelled “not used”")


def test_without_groups_every_verdict_says_that_slices_count_as_people() -> None:
    for leak in (-1, 0, 1):
        found = part(np.random.default_rng(0).random(N) + leak * ~USED)
        alone = replace(found, files=tuple(replace(file, group=None) for file in FILES))
        sentence = verdict.describe(alone, alone, verdict.Meaning())[1]
        assert "No patient groups are given, so slices count as people" in sentence
        some = replace(found, files=(replace(FILES[0], group=None), *FILES[1:]))
        sentence = verdict.describe(some, some, verdict.Meaning())[1]
        assert "1 of 120 images have no patient group" in sentence


def test_greys_that_can_not_be_compared_allow_no_verdict() -> None:
    """Whatever the numbers; but training images among the generated ones are a leak all the same."""
    for leak in (-1, 0, 1):
        found = replace(part(np.random.default_rng(0).random(N) + leak * ~USED), incomparable="8 grey levels")
        outcome, sentence = verdict.describe(found, found, verdict.Meaning())
        assert outcome == "cannot tell"
        assert sentence.startswith(
            "Cannot tell: the grey values of the classes of some can't be compared (8 grey"
        )
        assert "leak was found" not in sentence
    copied = replace(found, copies=Copies(used=1, of_used=1))
    assert verdict.describe(copied, copied, verdict.Meaning())[0] == "leak"
