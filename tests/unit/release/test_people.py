"""Who is named, which generated images point at them, and what remains without those."""

from dataclasses import replace

import numpy as np
import pytest

from core.battery.nearness import measure
from core.errors import BadChoice
from core.images.library import Library
from core.membership.sets.copies import NO_COPIES
from core.membership.sets.facts import SetFacts
from core.numeric.distances import euclidean_distances
from core.release import people, remaining
from core.release.assessment import Assessor
from core.release.attacks.family import Scored
from core.release.attacks.grid import GridAttack
from core.release.config import ReleaseConfig
from core.release.parts import Part, part_of
from core.release.people import Calibration, find_exposed
from core.release.result import FOUND, AtRisk
from core.types import ImageFile, ImageSet, Role

NEAREST, SCALED = GridAttack("pixels/nearest"), GridAttack("pixels/scaled")
STRANGERS = Calibration(np.arange(-30.0, -10), np.arange(100, 120))  # 20 people, all farther than 10


def line(real: list[float], made: list[float], groups: list[str | None]) -> tuple[Part, Scored]:
    """Images as points on a line, named by their places."""
    files = [
        ImageFile(f"real_used/{i}.png", f"r{i}", Role.REAL_USED, group=group)
        for i, group in enumerate(groups)
    ]
    files += [ImageFile(f"generated/{i}.png", f"g{i}") for i in range(len(made))]
    part = part_of(ImageSet("line", "membership", tuple(files)), SetFacts({}, NO_COPIES, ""))
    found = measure(np.array(real)[:, None], [np.array(made)[:, None]], euclidean_distances)
    return part, Scored(-found.nearest[:, 0], found, part.generated)


def named(at_risk: AtRisk) -> list[str]:
    return [each.sha256 for each in at_risk.images]


def test_people_are_named_by_what_strangers_never_reach() -> None:
    """r0 and r1 are nearer than all 20 strangers, p = 1/21, r2 is not: p = 1. At 10% of three, two of 1/21
    pass 2/3 of 10%. Their patient has Simes' 1/21, of two 10% / 2 = 1/20."""
    part, found = line([0, 10, 50], [1, 12, 90], ["A", "A", "B"])
    at_risk = find_exposed(part, NEAREST, found, STRANGERS, {}, 0.10, set())
    assert named(at_risk) == ["r0", "r1"]
    assert [each.p_value for each in at_risk.images] == pytest.approx([1 / 21, 1 / 21])
    assert [(each.group, each.images, each.of) for each in at_risk.groups] == [("A", 2, 2)]
    assert at_risk.exposing == ("g0", "g1")
    assert at_risk.images[0].nearest == ("g0", "g1", "g2")
    assert (at_risk.calibrated_on, at_risk.false_images) == (20, 0)


def test_one_group_of_strangers_says_too_little() -> None:
    """The same scores of 9 people: nobody is named."""
    few = Calibration(STRANGERS.scores, np.arange(20) % 9)
    part, found = line([0, 10, 50], [1, 12, 90], ["A", "A", "B"])
    assert named(find_exposed(part, NEAREST, found, few, {}, 0.10, set())) == []


def test_copies_are_certain_and_allow_for_no_more_errors() -> None:
    """Three of four are copies. The fourth has p = 2/21 = 0.095, which as one of four would pass if copies
    counted among the named (4/4 of 10%), and passes by itself as well; at 5% it passes in neither way."""
    part, found = line([0, 10, 20, 30], [0, 10, 20, 40], ["A", "B", "C", "D"])
    strangers = Calibration(np.append(STRANGERS.scores, -9.0), np.append(STRANGERS.groups, 200))
    copies = {"r0", "r1", "r2"}
    at_risk = find_exposed(part, NEAREST, found, strangers, {}, 0.05, copies)
    assert [(each.sha256, each.copy) for each in at_risk.images] == [("r0", True), ("r1", True), ("r2", True)]
    assert [each.group for each in at_risk.groups] == ["A", "B", "C"]


def test_of_many_copies_the_rest_is_judged_by_itself() -> None:
    """9 copies and one p of 1/21 beside 10 of p = 1: with copies counted it would pass 10/20 of 10%, by
    itself it would have to pass 1/11 of 10%."""
    p, copied = np.array([0.0] * 9 + [1 / 21] + [1.0] * 10), np.arange(20) < 9
    assert people._discovered(p, copied, 0.10).tolist() == copied.tolist()
    assert people._discovered(p, np.zeros(20, bool), 0.10).sum() == 10


def test_the_image_that_decided_is_shown_although_others_are_nearer() -> None:
    """60 generated images lie at 10 of the first real one, among 30 other real ones, as any slice would; one
    lies at 11 of it and near to no other. The scaled attack means that one: it is shown and taken out, though
    51 others are nearer."""
    steps = np.arange(60)[:, None] * [0, 1e-3]
    real = np.concatenate([[[0.0, 0.0]], np.array([10.0, 0.0]) + steps[:30]])
    made = np.concatenate([np.array([10.0, 0.0]) + steps, [[0.0, 11.0]]])
    near = measure(real, [made], euclidean_distances)
    assert near.match[0] == 60
    assert 60 not in near.places[0]
    pairs, places = people._pairs(SCALED, Scored(-near.scaled, near))
    assert places[0, np.argmin(pairs[0])] == 60
    assert pairs.min(1) == pytest.approx(near.scaled)


def test_a_patient_is_the_same_in_both_parts() -> None:
    names: dict[str, int] = {}
    first, _ = line([0, 1], [5], ["A", "B"])
    second, _ = line([0, 1], [5], ["B", None])
    numbers = [people.group_names(part, names).tolist() for part in (first, second)]
    assert numbers[0][1] == numbers[1][0]
    assert len({*numbers[0], *numbers[1]}) == 3


# -- what remains -------------------------------------------------------------------------------------


def test_the_set_that_remains_has_no_exposing_image(
    assessor: Assessor, library: Library, leak: ImageSet
) -> None:
    """Half of the generated images of a larger set are copies; without them the attacks find no leak."""
    rng = np.random.default_rng(9)
    blocks = [np.kron(rng.integers(30, 226, (4, 4)), np.ones((8, 8))).astype(np.uint8) for _ in range(24)]
    more = tuple(ImageFile(f"m{i}.png", library.add_pixels(each)) for i, each in enumerate(blocks))
    whole = replace(leak, files=(*leak.files, *more))
    found = assessor.assess([whole], ReleaseConfig())
    assert found.verdict == FOUND
    left = remaining.keep_remaining(library, whole, found.at_risk, "left")
    assert library.get("left").generated == left.generated
    assert not {file.sha256 for file in left.generated} & set(found.at_risk.exposing)
    assert left.real == whole.real
    again = assessor.assess([left], ReleaseConfig())
    assert again.verdict != FOUND or (again.headline and found.headline and again.headline.auc < 0.8)


def test_nothing_to_take_out_and_nothing_left_are_refused(library: Library, leak: ImageSet) -> None:
    at_risk = AtRisk(0.1, "pixels/scaled", (), (), 0, 0, 0, (), 20)
    with pytest.raises(BadChoice, match="points at anybody"):
        remaining.keep_remaining(library, leak, at_risk, None)
    every = replace(at_risk, exposing=tuple(file.sha256 for file in leak.generated))
    with pytest.raises(BadChoice, match="only 0 generated images would remain"):
        remaining.keep_remaining(library, leak, every, None)
