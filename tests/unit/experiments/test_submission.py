"""The challenge's form: what is written is valid, and every broken rule is told with its line."""

from collections.abc import Sequence

import numpy as np
import pytest

from core.engine import ATTRIBUTION, MEMBERSHIP
from core.errors import BadChoice, UnknownName
from core.experiments import submission
from core.experiments.submission import Problem
from core.types import ImageFile, Role
from demo.sets import Recipe, recipes

KNOWN = ("a1", "a2", "b.3")
VALID = "a1,1\na2,0\nb.3,1\n"


def files(*names: str, role: Role = Role.REAL_UNKNOWN) -> list[ImageFile]:
    return [ImageFile(name, f"{place:064}", role) for place, name in enumerate(names)]


def broken(text: str | bytes, task: str = MEMBERSHIP, known: Sequence[str] = KNOWN) -> list[tuple[int, str]]:
    """Line and rule of each problem."""
    return [(each.line, each.rule) for each in submission.validate(text, known, task)]


# -- validating ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        VALID,
        VALID.rstrip("\n"),
        VALID.replace("\n", "\r\n"),
        VALID.replace("\n", "\r"),
        "b.3,1\na1,0\na2,0\n",
        VALID.encode(),
    ],
    ids=["as written", "no last line end", "Windows", "old Mac", "any order", "bytes"],
)
def test_what_is_valid_has_no_problem(text: str | bytes) -> None:
    assert broken(text) == []


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("image,used\n" + VALID, 1, submission.HEADER),
        (VALID.replace("a2", "\na2"), 2, submission.BLANK),
        (VALID + "\n", 4, submission.BLANK),
        (VALID.replace("a2,0", "a2"), 2, submission.COLUMNS),
        (VALID.replace("a2,0", "a2,0,0.7"), 2, submission.COLUMNS),
        (VALID.replace("a2,0", "a2 0"), 2, submission.COLUMNS),
        (VALID.replace("a2,", "a2;"), 2, submission.SEPARATOR),
        (VALID.replace("a2,", "a2\t"), 2, submission.SEPARATOR),
        (VALID.replace("a2,0", "a2, 0"), 2, submission.SPACES),
        (VALID.replace("a2,0", " a2,0"), 2, submission.SPACES),
        (VALID.replace("a2,0", "a2,0 "), 2, submission.SPACES),
        (VALID.replace("a2", "a2.png"), 2, submission.EXTENSION),
        (VALID.replace("b.3", "b.3.jpeg"), 3, submission.EXTENSION),
        (VALID + "a4,0\n", 4, "an identifier belongs to an image of the data set, such as 'a1'"),
        (VALID + "a2,1\n", 4, "an identifier occurs once: this one is already in line 2"),
        (VALID + "a2.png,1\n", 4, "an identifier occurs once: this one is already in line 2"),
        (VALID.replace("a2,0\n", ""), 3, "every image has a line: 1 has none"),
        ("", 1, "every image has a line: 3 have none"),
        (VALID.replace("a2,0", "'a2',0"), 2, submission.QUOTES),
        (VALID.replace("a2,0", '"a2",0'), 2, submission.QUOTES),
        (VALID.replace("a2,0", '"a2,0"'), 2, submission.QUOTES),
        ("\ufeff" + VALID, 1, submission.MARK),
        (VALID.replace("a2", "a2\xe9").encode("latin-1"), 2, submission.ENCODING),
        (VALID.encode("utf-16"), 1, submission.ENCODING),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 3, submission.ENCODING),
    ],
)
def test_every_rule_is_told_with_its_line(text: str | bytes, line: int, rule: str) -> None:
    assert (line, rule) in broken(text)


@pytest.mark.parametrize("value", ["1.0", "used", "2", "-1", "01", "+1", "", "true", "١"])
def test_a_value_of_membership_is_0_or_1(value: str) -> None:
    assert broken(f"a1,1\na2,{value}\nb.3,1\n") == [(2, "the value is 0 (not used) or 1 (used)")]


@pytest.mark.parametrize("value", ["1.0", "A", "-1", "01", ""])
def test_a_value_of_attribution_is_a_whole_number(value: str) -> None:
    """Numbers only name clusters, so that 0 and 12 are as good as any."""
    (problem,) = broken(f"a1,0\na2,{value}\nb.3,12\n", ATTRIBUTION)
    assert problem == (2, "the value is the number of a cluster, whole and not below 0")


@pytest.mark.parametrize(
    "text",
    [
        VALID.replace("a2,", "a2;"),
        VALID.replace("a2,0", '"a2",0'),
        VALID.replace("a2,0", "a2.png,0"),
        VALID.replace("a2,0", " a2 ,0"),
        VALID.replace("a2,0", "a2"),
        "\ufeff" + VALID,
        "id,label\n" + VALID,
    ],
)
def test_one_mistake_is_told_once(text: str) -> None:
    """What is meant counts as there: its image is not told as missing, too."""
    assert len(broken(text)) == 1


def test_two_mistakes_in_a_line_are_told_both_and_lines_come_in_order() -> None:
    assert broken("x,0\na2.png,7\na1,1\na1,2\n") == [
        (1, "an identifier belongs to an image of the data set, such as 'a1'"),
        (2, submission.EXTENSION),
        (2, "the value is 0 (not used) or 1 (used)"),
        (4, "an identifier occurs once: this one is already in line 3"),
        (4, "the value is 0 (not used) or 1 (used)"),
        (5, "every image has a line: 1 has none"),
    ]


def test_the_text_is_shown_shortened_and_printable() -> None:
    text = b"a1" + b"x" * 90 + b",1\na2\xe9,0\n\x1b[2J\t0"
    long, byte, control = submission.validate(text, ("a2",), MEMBERSHIP)[:3]
    assert (long.text, len(long.text)) == ("a1" + "x" * 57 + "…", submission.SHOWN)
    assert byte == Problem(2, submission.ENCODING, "a2\\udce9,0")
    assert control.text == "\\x1b[2J\\t0"


def test_missing_images_are_named() -> None:
    (problem,) = submission.validate("a1,1", KNOWN, MEMBERSHIP)
    assert (problem.line, problem.text) == (2, "a2, b.3")


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="membership, attribution"):
        submission.validate(VALID, KNOWN, "segmentation")


# -- which images, and their identifiers -------------------------------------------------------------------


def test_identifiers_are_names_without_folder_and_extension() -> None:
    assert submission.identifiers(files("x/a.png", "y/b.1.tif")) == ["a", "b.1"]


def test_folders_tell_the_same_names_apart() -> None:
    assert submission.identifiers(files("x/a.png", "y/a.png", "y/b.png")) == ["x/a", "y/a", "y/b"]


@pytest.mark.parametrize(
    "name", ["a,b.png", 'a"b.png', "'a'.png", " a.png", "a .png", "a\nb.png", "a\udce9.png"]
)
def test_a_name_that_would_be_misread_is_refused(name: str) -> None:
    with pytest.raises(BadChoice, match="can't be in a submission"):
        submission.identifiers(files(name))


def test_names_that_differ_in_their_extension_only_are_refused() -> None:
    with pytest.raises(BadChoice, match="Two images would have the identifier 'x/a'"):
        submission.identifiers(files("x/a.png", "x/a.jpg"))


def test_a_submission_is_about_images_of_unknown_truth_where_there_are_some() -> None:
    """The folders of 2025: what is labelled is imported as well, and is in no submission."""
    unknown, used = files("u/1.png"), files("r/2.png", role=Role.REAL_USED)
    made = files("g/3.png", role=Role.GENERATED)
    assert submission.images_to_submit([*used, *unknown, *made], MEMBERSHIP) == tuple(unknown)
    assert submission.images_to_submit([*used, *made], MEMBERSHIP) == tuple(used)
    assert submission.images_to_submit([*used, *made], ATTRIBUTION) == tuple(made)
    assert submission.task_of([*made, *used]) == MEMBERSHIP
    assert submission.task_of(made) == ATTRIBUTION
    assert submission.membership([*used, *unknown], np.array([True, False])) == "1,0\n"


@pytest.mark.parametrize(
    ("role", "task", "lacking"),
    [(Role.GENERATED, MEMBERSHIP, "real images"), (Role.REAL_USED, ATTRIBUTION, "generated images")],
)
def test_a_set_without_such_images_is_told(role: Role, task: str, lacking: str) -> None:
    with pytest.raises(BadChoice, match=f"The data set has no {lacking}"):
        submission.images_to_submit(files("a.png", role=role), task)


# -- writing ------------------------------------------------------------------------------------------


def test_membership_is_written_as_0_and_1() -> None:
    assert submission.membership(files("r/a1.png", "r/a2.png"), np.array([True, False])) == "a1,1\na2,0\n"


def test_clusters_are_written_from_1() -> None:
    made = files("g/a.png", "g/b.png", "g/c.png", role=Role.GENERATED)
    assert submission.attribution(made, np.array([1, 0, 1])) == "a,2\nb,1\nc,2\n"


@pytest.mark.parametrize("recipe", [*recipes()], ids=lambda recipe: recipe.name)
def test_what_is_written_for_a_demo_set_is_valid_and_read_back(recipe: Recipe) -> None:
    rng = np.random.default_rng(0)
    members = [ImageFile(m.path, f"{i:064}", m.role, m.label) for i, m in enumerate(recipe.members)]
    real = [file for file in members if file.role is not Role.GENERATED]
    made = [file for file in members if file.role is Role.GENERATED]
    clusters, used = rng.integers(0, 5, len(made)), rng.random(len(real)) < 0.5
    written = {ATTRIBUTION: (submission.attribution(made, clusters), clusters + 1)}
    if real:
        written[MEMBERSHIP] = submission.membership(real, used), used.astype(int)
    for task, (text, values) in written.items():
        known = submission.identifiers(submission.images_to_submit(members, task))
        assert submission.validate(text.encode(), known, task) == ()
        rows = [line.split(",") for line in text.splitlines()]
        assert rows == [[name, str(value)] for name, value in zip(known, values, strict=True)]
