"""The verbs identify and subsets: one JSON object, sentences for people, and a user's mistakes."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.cli.generators import identify
from core.images.library import Library
from tests.support.samples import encoded, make_set
from tests.unit.attribution.test_identification import images
from tests.unit.conftest import Ran, Told

PIXELS = ("--backbone", "pixels", "--pixels-side", 8)


@pytest.fixture
def known(library: Library) -> None:
    make_set(library, "known", {"dark": images(60, 40), "bright": images(180, 40)})


def folder(tmp_path: Path, pixels: dict[str, np.ndarray]) -> Path:
    made = tmp_path / "new"
    made.mkdir()
    for name, image in pixels.items():
        (made / name).write_bytes(encoded(image))
    return made


def test_a_folder_and_a_set_of_the_same_pixels_get_the_same_answer(
    told: Told, library: Library, known: None, tmp_path: Path
) -> None:
    """Grey 60 is dark's, 120 is nobody's; of the folder nothing is kept."""
    like, unlike = images(60, 1, 7)[0], images(120, 1, 7)[0]
    made = folder(tmp_path, {"like.png": like, "unlike.png": unlike})
    facts = told("identify", made, "--known", "known", *PIXELS)
    by_name = {each["name"]: each for each in facts["images"]}
    assert by_name["like.png"]["set"] == ["dark"]
    assert by_name["like.png"]["generator"] == "dark"
    assert (by_name["unlike.png"]["set"], by_name["unlike.png"]["generator"]) == ([], None)
    assert facts["counts"] == {"dark": 1, "none of these": 1}
    assert (facts["generators"], facts["level"], facts["refused"]) == (["bright", "dark"], 0.9, [])
    assert library.names() == ["known"]
    make_set(library, "new", {"?": [like, unlike]})
    again = told("identify", "new", "--known", "known", *PIXELS)
    assert sorted(each["score"] for each in again["images"]) == sorted(
        each["score"] for each in facts["images"]
    )


def test_what_can_not_be_read_is_told_and_the_rest_is_answered(
    told: Told, known: None, tmp_path: Path
) -> None:
    made = folder(tmp_path, {"a.png": images(60, 1, 8)[0]})
    (made / "b.png").write_bytes(b"no image")
    facts = told("identify", made, "--known", "known", *PIXELS)
    assert [each["name"] for each in facts["images"]] == ["a.png"]
    assert [each["file"] for each in facts["refused"]] == ["b.png"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere", "--known", "known"), "There is no data set and no file 'nowhere'"),
        (("known", "--known", "nobody"), "There is no data set 'nobody'"),
        (("known", "--known", "known", "--level", "1"), "level is a share from 0.5 to below 1"),
    ],
)
def test_a_mistake_is_one_line(ran: Ran, known: None, arguments: tuple[str, ...], reason: str) -> None:
    status, _, err = ran("identify", *arguments, *PIXELS)
    assert (status, err.count("\n")) == (2, 1)
    assert reason in err


def test_too_many_images_of_a_path_are_not_held(
    ran: Ran, known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identify, "MOST", 1)
    made = folder(tmp_path, {f"{i}.png": image for i, image in enumerate(images(60, 2, 9))})
    status, _, err = ran("identify", made, "--known", "known", *PIXELS)
    assert status == 2
    assert "More than 1 images. Import them as a data set" in err


def test_subsets_names_each_image_and_writes_a_submission(told: Told, ran: Ran, tmp_path: Path) -> None:
    """Grey tells the subset: accuracy and kappa are 1; the file has an image a line, t2 as 2, no header."""
    rng = np.random.default_rng(0)
    for subset, grey in (("t1", 60), ("t2", 180)):
        for role, count in (("generated", 12), ("real", 3)):
            made = tmp_path / "tree" / role / subset
            made.mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(grey + 6 * rng.standard_normal((32, 32)), 0, 255).astype(np.uint8)
                (made / f"{role}_{subset}_{number:02}.png").write_bytes(encoded(pixels))
    told("import", tmp_path / "tree", "--name", "s")
    out = tmp_path / "submission.csv"
    facts = told("subsets", "s", *PIXELS, "--submission", out)
    assert facts["subsets"] == ["t1", "t2"]
    for reading in ("with_labels", "without_labels"):
        assert (facts[reading]["accuracy"], facts[reading]["kappa"]) == (1, 1)
        assert facts[reading]["table"] == [[12, 0], [0, 12]]
        assert facts[reading]["accuracy_ci"][0] < 1
    lines = out.read_text().splitlines()
    assert len(lines) == 24
    assert all(re.fullmatch(r"generated_t([12])_\d\d,\1", line) for line in lines)
    status, text, _ = ran("subsets", "s", *PIXELS)
    assert status == 0
    assert text.startswith("With labels (cross-validated discriminant): accuracy 1.000")
