"""Published scores: which can all be true. Small cases are compared with every matrix there is."""

import itertools
import random

import pytest

from core.errors import BadChoice
from core.paper import consistency, reference
from core.paper.consistency import CUT_OFF, ROUNDED, SCORES, Consistency, Counts, Matrix, parse, sentences

IMPOSSIBLE = {"accuracy": "0.883", "precision": "0.461", "f1": "0.540"}


def check(counts: Counts | None, **scores: str) -> Consistency:
    return consistency.check({name: parse(name, text) for name, text in scores.items()}, counts)


def matrices(used: int, not_used: int) -> list[Matrix]:
    return [
        Matrix(tp, fp, used - tp, not_used - fp)
        for tp, fp in itertools.product(range(used + 1), range(not_used + 1))
    ]


def test_figures_that_can_not_be_true() -> None:
    """On balanced classes they can't. By hand: recall = F1 p / (2 p - F1) = 0.652, and the share of errors
    0.117 = prevalence (1 - recall + recall (1 - p) / p) = 1.110 prevalence, so the prevalence is 0.105."""
    found = check(Counts(200, 100), **IMPOSSIBLE)
    assert not found.possible
    assert found.example is None
    assert found.prevalence is not None
    low, high = found.prevalence
    assert 0.104 < low < 0.105 < high < 0.107
    said = " ".join(sentences(found, Counts(200, 100)))
    assert "can't all be true on 100 used and 100 not used images" in said
    assert "would need a prevalence of 10.47% to 10.61% used images, and another number of images" in said


def test_without_counts_they_could_be_at_that_prevalence_only() -> None:
    free = check(None, **IMPOSSIBLE)
    assert free.possible
    assert free.prevalence == pytest.approx((0.1047, 0.1060), abs=1e-4)
    assert check(None, **IMPOSSIBLE, prevalence="0.105").possible
    balanced = check(None, **IMPOSSIBLE, prevalence="50%")
    assert not balanced.possible
    assert balanced.prevalence == free.prevalence


@pytest.mark.parametrize(
    ("row", "matrix", "reading"),
    [
        (0, Matrix(3, 0, 1997, 2000), CUT_OFF),
        (1, Matrix(885, 894, 1115, 1106), CUT_OFF),
        (2, Matrix(1955, 1958, 45, 42), CUT_OFF),
        (3, Matrix(1394, 1301, 606, 699), ROUNDED),
    ],
)
def test_the_papers_table_4(row: int, matrix: Matrix, reading: str) -> None:
    """2,000 used and 2,000 not used: recall gives tp, accuracy then fp. F1 is 6 / 2003 = 0.0029955, printed
    0.002995: cut off. So are 1770 / 3779 = 0.468378 and 3910 / 5913 = 0.6612549; 2788 / 4695 = 0.5938232 is
    either."""
    printed = reference.table4()[row]
    found = check(Counts(4000, 2000), **{name: printed[name] for name in SCORES if name != "kappa"})
    assert (found.possible, found.example, found.reading) == (True, matrix, reading)
    assert found.prevalence == (0.5, 0.5)


@pytest.mark.parametrize("seed", range(60))
def test_every_matrix_of_a_small_set_agrees(seed: int) -> None:
    """Printed scores of a random matrix, some of them shifted: possible if, and only if, one of all matrices
    has them all."""
    draw = random.Random(seed)
    used, not_used = draw.randint(1, 12), draw.randint(1, 12)
    names = draw.sample(SCORES, draw.randint(1, 4))
    true = draw.choice(matrices(used, not_used))
    scores = {}
    for name in names:
        value = true.score(name)
        if value is not None:
            shifted = min(max(float(value) + draw.choice([0, 0, 0.03, -0.05]), 0), 1)
            scores[name] = parse(name, f"{shifted:.{draw.randint(1, 3)}f}")
    if not scores:
        return
    found = consistency.check(scores, Counts(used + not_used, used))
    for reading in (ROUNDED, CUT_OFF):
        limits = {name: printed.limits(reading) for name, printed in scores.items()}
        fitting = [matrix for matrix in matrices(used, not_used) if matrix.fits(limits)]
        if fitting:
            assert (found.possible, found.reading) == (True, reading)
            assert found.example in fitting
            break
    else:
        assert not found.possible
    if found.possible:  # what integers allow, shares allow
        assert consistency.check(scores).possible


def test_a_split_that_is_not_known_is_searched() -> None:
    """Accuracy 0.75 of 4 images: 3 are right. Recall 1 and precision 0.5: 1 used of 4, 1 false alarm."""
    found = check(Counts(4), accuracy="0.75", recall="1.00", precision="0.50")
    assert found.example == Matrix(1, 1, 0, 2)
    assert found.prevalence == (0.25, 0.25)
    assert "on 4 images" in sentences(found, Counts(4))[0]


def test_a_number_of_images_may_rule_out_a_score_by_itself() -> None:
    """0.883 of 200 is 176.6 images; 0.88 and 0.885 are there, 0.883 is not. Of 60 it is 53, 0.8833."""
    assert not check(Counts(200), accuracy="0.883").possible
    assert check(Counts(60), accuracy="0.883").possible


def test_kappa_without_counts() -> None:
    """Accuracy 0.9 and kappa 0.8 on balanced classes is exact: kappa = 2 accuracy - 1 for every prediction;
    kappa 0.9 would need an expected agreement of 0, which no prevalence gives."""
    found = check(None, accuracy="0.900", kappa="0.800")
    assert found.possible
    assert found.prevalence is not None
    assert found.prevalence[0] < 0.5 < found.prevalence[1]
    assert check(None, accuracy="0.900", kappa="0.800", prevalence="0.5").possible
    none = check(None, accuracy="0.900", kappa="0.900")
    assert (none.possible, none.prevalence) == (False, None)
    assert "No prevalence makes them true" in sentences(none, None)[1]


def test_an_undefined_score_is_not_any_number() -> None:
    """Without a prediction of "used" there is no precision; F1 is 0 then."""
    assert check(Counts(4, 2), recall="0.0", precision="0.0").example == Matrix(0, 1, 2, 1)
    assert not check(Counts(4, 0), recall="0.5").possible


def test_large_numbers_of_unknown_split_are_taken_as_shares() -> None:
    assert not check(Counts(1_000_000), **IMPOSSIBLE, prevalence="0.5").possible
    assert check(Counts(1_000_000), **IMPOSSIBLE).example is None


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("0.540", 0.54, 0.001), (".5", 0.5, 0.1), ("54.0%", 0.54, 0.001), ("0,461", 0.461, 0.001), ("1", 1, 1)],
)
def test_numbers_as_printed(text: str, value: float, unit: float) -> None:
    printed = parse("f1", text)
    assert (float(printed.value), float(printed.unit)) == pytest.approx((value, unit))


@pytest.mark.parametrize("text", ["", ".", "x", "1.2", "-0.1", "1e-3", "nan", "101%", "0." + "1" * 30])
def test_what_is_no_score_is_refused(text: str) -> None:
    with pytest.raises(BadChoice):
        parse("f1", text)


def test_nothing_to_check_is_refused() -> None:
    with pytest.raises(BadChoice, match="at least one of"):
        check(Counts(4, 2), prevalence="0.5")
    with pytest.raises(BadChoice, match="numbers of images"):
        check(Counts(0, 0), f1="0.5")
