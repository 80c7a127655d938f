"""Which of three verdicts, and in which words."""

from dataclasses import replace

import numpy as np
import pytest

from core.membership.sets.copies import NO_COPIES
from core.membership.sets.facts import SetFacts
from core.release import verdict
from core.release.parts import Part, part_of
from core.release.result import (
    CANNOT_TELL,
    FOUND,
    NOT_FOUND,
    AtRisk,
    AttackRow,
    Controls,
    Copied,
    Power,
)
from core.release.verdict import Evidence, decide, notes
from core.types import ImageFile, ImageSet, Role

ROW = AttackRow(
    *("pixels/scaled", "Pixels, locally scaled", "source", True),
    *(0.8, (0.7, 0.9), 0.4, 0.001, 0.001, 0.001, None, None, 0.5, (0.3, 0.7), ()),
    *(0.5, 0.05, 0.47, (0.2, 0.7), 0.1, 3.0, None, 0.55, 0.5, 0.01, 1.0),
)
NOBODY = AtRisk(0.1, "pixels/scaled", (), (), 0, 0, 0, (), 20)
CONTROLS = Controls((0.4, 0.6), (0.4, 0.6), "real images of other people (dev)", 48, 0.5)


def part(count: int = 20, generated: int = 500, group: bool = True) -> Part:
    roles = (Role.REAL_USED, Role.REAL_NOT_USED)
    files = [
        ImageFile(f"{role}{i}", f"{role}{i}", role, group=f"{role}{i}" if group else None)
        for role in roles
        for i in range(count)
    ]
    files += [ImageFile(f"g{i}", f"g{i}") for i in range(generated)]
    return part_of(ImageSet("S", "membership", tuple(files)), SetFacts({}, NO_COPIES, ""))


def evidence(**changes: object) -> Evidence:
    found = Evidence(
        part(), Copied(0, 0, 0, 0), ROW, (ROW,), 0.001, 1.0, 1e-9, CONTROLS, (), NOBODY, Power(0.1, (), 50)
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def test_found_with_its_size() -> None:
    assert decide(evidence()) == (
        FOUND,
        "Exposure found: Pixels, locally scaled tells used images from others with an AUC of 0.80 (0.70 to "
        "0.90; corrected p of all attacks = 0.001). It names nobody at this sample size.",
    )


def test_not_found_with_the_leak_that_would_have_shown() -> None:
    outcome, sentence = decide(evidence(corrected_p=0.3))
    assert outcome == NOT_FOUND
    assert sentence == (
        "Not found by these attacks: 1 attack on 20 used and 20 not used images of 40 patient groups "
        "(corrected p of all = 0.300). Had 10% of the used images been copied, with mild changes, "
        "these attacks would probably have shown it (80% power); a smaller leak, or one of "
        "another kind, may be there."
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(None, "even if all used images had been copied"), (1.0, "a leak of less than 100% of the used images")],
)
def test_a_sample_that_would_have_missed_half_cannot_tell(share: float | None, words: str) -> None:
    outcome, sentence = decide(evidence(corrected_p=0.3, power=Power(share, (), 50)))
    assert outcome == CANNOT_TELL
    assert words in sentence
    assert "20 used and 20 not used images of 40 patient groups are too few" in sentence


def test_the_placebo_excuses_what_does_not_exceed_it() -> None:
    """It tells used images from others by itself, and the attack finds no more; if it does, it stands."""
    differ = replace(CONTROLS, placebo_p=0.01)
    outcome, sentence = decide(evidence(controls=differ, attacks=(replace(ROW, excess_p=0.2),)))
    assert outcome == CANNOT_TELL
    assert "used images differ from the others by more than memory" in sentence
    assert "(AUC 0.55 against 0.80 by Pixels, locally scaled)" in sentence
    assert decide(evidence(controls=differ))[0] == FOUND


def test_a_blind_baseline_excuses_a_difference() -> None:
    outcome, sentence = decide(evidence(confounds=("Mean intensity",)))
    assert outcome == CANNOT_TELL
    assert "by what shows no anatomy (Mean intensity; AUC of Pixels, locally scaled 0.80)" in sentence


def test_copies_are_told_first_and_excuse_nothing_else() -> None:
    """What prevents a comparison, or explains a difference, is said of the attacks beside the copies too."""
    copied = Copied(2, 0, 0, 3)
    start = "Exposure found: 3 generated images are, pixel for pixel, 2 slices of the training set. "
    assert decide(evidence(copies=copied, corrected_p=0.3)) == (
        FOUND,
        start + "The attacks found no exposure beyond that.",
    )
    assert decide(evidence(copies=copied))[1].startswith(
        start + "The attacks find exposure as well, these copies included: Pixels, locally scaled tells"
    )
    for changes in ({"confounds": ("Mean intensity",)}, {"least_p": 0.5}):
        outcome, sentence = decide(evidence(copies=copied, **changes))
        assert outcome == FOUND
        assert sentence.startswith(start + "Whether there is more can't be told: ")


def test_too_few_patients_for_any_p_value() -> None:
    """The least possible p-value is no smaller than the level."""
    outcome, sentence = decide(evidence(least_p=0.05))
    assert outcome == CANNOT_TELL
    assert "chance alone gives any result with a probability of 0.05" in sentence


def test_swapped_folders_need_a_stronger_claim() -> None:
    assert decide(evidence(corrected_p=1.0, reversed_p=0.009))[0] == CANNOT_TELL
    assert decide(evidence(corrected_p=1.0, reversed_p=0.011))[0] == NOT_FOUND


def test_notes_on_the_sample() -> None:
    assert notes(part(), None) == []
    few = notes(part(generated=100, group=False), None)
    assert "no patients are known, so slices count as people" in few[0]
    assert "with 100 generated images the attacks are weaker than they could be" in few[1]
    unequal = notes(part(), part(generated=1500))
    assert "S has 500 generated images and S 1,500" in unequal[0]


def test_the_strongest_is_the_most_certain() -> None:
    sure, large = replace(ROW, corrected_p=0.001, auc=0.7), replace(ROW, corrected_p=0.01, auc=0.9)
    assert verdict.strongest((large, sure)) is sure
    assert np.isclose(verdict.strongest((ROW, replace(ROW, auc=0.9))).auc, 0.9)
