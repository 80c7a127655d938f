"""The images of a set as attacks see them, and a table of patients."""

from dataclasses import replace

import pytest

from core.errors import BadChoice
from core.membership.sets.copies import NO_COPIES
from core.membership.sets.facts import SetFacts
from core.release.parts import part_of, with_patients
from core.types import ImageFile, ImageSet, Role

USED, NOT_USED = Role.REAL_USED, Role.REAL_NOT_USED
NOTHING = SetFacts({}, NO_COPIES, "")


def real(name: str, sha: str, role: Role = USED, group: str | None = None) -> ImageFile:
    return ImageFile(name, sha, role, group=group)


def image_set(*files: ImageFile) -> ImageSet:
    return ImageSet("s", "membership", (ImageFile("g0", "g0"), ImageFile("g1", "g0"), *files))


def test_each_content_counts_once_in_the_order_of_hashes() -> None:
    part = part_of(image_set(real("z", "b"), real("y", "a", NOT_USED), real("x", "b")), NOTHING)
    assert part.real == ("a", "b")
    assert part.generated == ("g0",)
    assert part.truth.used.tolist() == [False, True]
    assert part.notes == (
        "s: 1 real image is an exact copy of other real images and does not count.",
        "s: 1 generated image is an exact copy of other generated images and does not count.",
    )


def test_an_image_with_both_labels_is_left_out_and_one_with_a_label_has_it() -> None:
    files = [real("a", "a"), real("b", "a", NOT_USED), real("c", "c", Role.REAL_UNKNOWN), real("d", "c")]
    part = part_of(image_set(*files, real("e", "e", NOT_USED)), NOTHING)
    assert (part.real, part.shared) == (("c", "e"), 1)
    assert part.known.all()
    assert "1 image is labelled both used and not used, and left out" in part.notes[0]


def test_near_duplicates_are_one_person() -> None:
    part = part_of(image_set(*(real(n, n) for n in "abc")), SetFacts({"a": "a", "b": "a"}, NO_COPIES, ""))
    assert part.groups[0] == part.groups[1] != part.groups[2]
    assert (part.n_groups, part.ungrouped) == (2, 3)


def test_what_development_has_is_left_out_by_content_and_by_patient() -> None:
    development = [real("a", "a"), real("p1", "p1", group="P")]
    files = [real("b", "a"), real("p2", "p2", NOT_USED, "P"), real("q", "q", NOT_USED, "Q")]
    part = part_of(image_set(*files), NOTHING, development)
    assert part.real == ("q",)
    assert "2 real images are of the development set or of its patients, and left out" in part.notes[0]
    with pytest.raises(BadChoice, match="so nothing is left to test on"):
        part_of(image_set(*files[:2]), NOTHING, development)


def test_a_table_names_patients_by_path_or_by_name() -> None:
    source = image_set(real("real_used/1.png", "a"), real("real_not_used/2.png", "b", NOT_USED, "old"))
    made = with_patients(source, {"1.png": "P", "real_not_used/2.png": "Q"})
    assert [file.group for file in made.real] == ["P", "Q"]
    assert all(file.group is None for file in made.generated)
    assert [f.group for f in with_patients(source, {"1.png": "P"}).real] == ["P", "old"]


def test_a_table_that_names_nobody_or_two_is_refused() -> None:
    """real_used/1.png and real_not_used/1.png are not one patient because a table says 1.png."""
    source = image_set(real("real_used/1.png", "a"), real("real_not_used/1.png", "b", NOT_USED))
    with pytest.raises(BadChoice, match="names none of the real images of 's'"):
        with_patients(source, {"7.png": "P"})
    with pytest.raises(BadChoice, match="2 real images of 's' share in different folders"):
        with_patients(source, {"1.png": "P"})
    both = {"real_used/1.png": "P", "real_not_used/1.png": "Q"}
    assert [file.group for file in with_patients(source, both).real] == ["P", "Q"]
    twice = replace(source, files=(*source.files, real("real_used/2.png", "c")))
    assert with_patients(twice, both).real[-1].group is None
