"""What stands in the generator's place, and what excuses a difference."""

import numpy as np

from core.membership.metrics import GroundTruth
from core.membership.sets.copies import NO_COPIES
from core.membership.sets.facts import SetFacts
from core.release import controls
from core.release.controls import excess_p_values, find_placebo, half_splits
from core.release.parts import Part, part_of
from core.types import ImageFile, ImageSet, Role

USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED


def part(name: str, patients: str, slices: int = 2) -> Part:
    """Capital letters are used patients, small ones are not."""
    files = [
        ImageFile(f"{p}{i}", f"{name}{p}{i}", USED if p.isupper() else NOT_USED, group=f"patient {p}")
        for p in patients
        for i in range(slices)
    ]
    made = ImageFile("g", f"{name}g")
    return part_of(ImageSet(name, "membership", (made, *files)), SetFacts({}, NO_COPIES, ""))


def test_people_of_development_stand_in_for_the_generator() -> None:
    """All of them but patient a, who is in the test part as well."""
    test, development = part("test", "ABabc"), part("dev", "XYayz")
    found = find_placebo(test, development, (), 0)
    assert found is not None
    assert len(found.ids) == 8
    assert not any("deva" in sha for sha in found.ids)
    assert found.kept.all()
    assert found.words == "real images of other people (dev)"


def test_without_them_a_third_of_the_strangers_do_and_are_not_compared() -> None:
    alone = part("dev", "ABCDabcdefg")
    found = find_placebo(alone, alone, (), 0)
    assert found is not None
    assert len(found.ids) == 4  # of 7 patients 2, with 2 slices each
    out = {alone.real[i] for i in np.flatnonzero(~found.kept)}
    assert out == set(found.ids)
    assert all(role is NOT_USED for role in (f.role for f in alone.files if f.sha256 in out))


def test_too_few_strangers_are_no_control() -> None:
    few = part("dev", "ABCDab")
    assert find_placebo(few, few, (), 0) is None


def test_the_reference_comes_first_without_those_who_are_compared() -> None:
    alone = part("dev", "ABab")
    reference = [ImageFile("r", "r"), ImageFile("s", "devA0", USED), ImageFile("t", "t", group="patient B")]
    found = find_placebo(alone, alone, reference, 0)
    assert found is not None
    assert (found.ids, found.words) == (("r",), "the images of the reference set")


def test_halves_of_one_kind_are_told_apart_by_luck_alone() -> None:
    """Of 40 people without a difference: an interval around 1/2. Of five people there is none."""
    scores, groups = np.random.default_rng(0).normal(size=80), np.repeat(np.arange(40), 2)
    found = half_splits(scores, groups, 0)
    assert found is not None
    assert found[0] < 0.5 < found[1]
    assert 0.15 < found[1] - found[0] < 0.45
    assert half_splits(scores[:10], groups[:10], 0) is None


def test_the_excess_is_over_what_the_placebo_shows() -> None:
    """Two attacks that separate: the control of the first does so as well, that of the second sees noise.
    The first finds nothing beyond it (all differences are 0: p is 1), the second does."""
    rng = np.random.default_rng(0)
    used = np.arange(40) < 20
    truth = GroundTruth(used, np.arange(40))
    scores = np.stack([used + 0.1 * rng.normal(size=40)] * 2)
    placebo = np.stack([scores[0], rng.normal(size=40)])
    auc, alone, beyond = excess_p_values(scores, placebo, truth, 0)
    assert auc[0] == 1
    assert alone[0] < 0.01
    assert beyond[0] == 1
    assert beyond[1] < 0.01


def test_only_what_pixels_show_is_an_excuse() -> None:
    """Names, formats and bytes of files reach no attack."""
    assert not {"pattern", "number", "format", "bits", "bytes"} & set(controls.SEEN)
