"""One import, several data sets: names, pairs, merging, leaving out, and nothing kept on an error."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadChoice, NothingToImport, SetExists
from core.images.importing.importer import ImportReport, Reading, import_sets
from core.images.importing.roles import ManualRole
from core.images.library import Library
from core.images.sources.source import from_files
from core.types import Role
from tests.support.samples import encoded, make_set, noise, write_tree

PARTS = {"dev": ("generated", "real_used", "real_not_used"), "test": ("generated", "real_unknown")}


def tree(empty: str = "") -> dict[str, bytes]:
    """DB1 and DB2, development and test, two images per folder; ``empty``: a data set without any."""
    paths = [
        f"DB{n}/{part}/{role}/{i}.png"
        for n in (1, 2)
        for part, roles in PARTS.items()
        for role in roles
        for i in (1, 2)
    ]
    images = noise(len(paths), 16)
    return {
        path: b"no image" if empty and path.startswith(empty) else encoded(pixels)
        for path, pixels in zip(paths, images, strict=True)
    }


def take(library: Library, files: dict[str, bytes], **reading: Any) -> tuple[ImportReport, ...]:
    return import_sets(from_files(files), "ct", library, Reading(**reading))


def test_four_data_sets_in_two_pairs(library: Library) -> None:
    made = {each.image_set.name: each.image_set for each in take(library, tree())}
    assert {name: (each.part, each.pair) for name, each in made.items()} == {
        "ct DB1 dev": ("development", "ct DB1 test"),
        "ct DB1 test": ("test", "ct DB1 dev"),
        "ct DB2 dev": ("development", "ct DB2 test"),
        "ct DB2 test": ("test", "ct DB2 dev"),
    }
    assert made["ct DB1 dev"].counts("role") == {"generated": 2, "real_not_used": 2, "real_used": 2}
    assert made["ct DB2 test"].counts("role") == {"generated": 2, "real_unknown": 2}
    assert made["ct DB1 test"].files[0].name == "generated/1.png"
    development = library.get("ct DB1 dev")
    pair = library.pair_of(development)
    assert pair is not None
    assert pair.name == "ct DB1 test"
    assert library.pair_of(pair) is None  # a test set is not reported on another one
    library.delete(pair.name)
    assert library.pair_of(development) is None


def test_names_merge_and_leave_out(library: Library) -> None:
    names = {"DB1/dev": "both", "DB2/dev": "both", "DB2/test": None}
    made = {each.image_set.name: each.image_set for each in take(library, tree(), sets=names)}
    assert set(made) == {"both", "ct DB1 test"}
    assert len(made["both"]) == 12
    assert len({file.name for file in made["both"].files}) == 12
    assert [each.pair for each in made.values()] == [None, None]
    with pytest.raises(BadChoice, match="no data set in the folder 'DB3', only in DB1/dev"):
        take(library, tree(), sets={"DB3": "x"})
    with pytest.raises(NothingToImport, match="All data sets are left out"):
        take(library, tree(), sets=dict.fromkeys(("DB1/dev", "DB1/test", "DB2/dev", "DB2/test")))


def test_of_a_data_set_without_images_the_others_know_nothing(library: Library) -> None:
    """Its files are reported as refused, and its partner has no pair."""
    reports = take(library, tree(empty="DB1/test"))
    assert [each.image_set.name for each in reports] == ["ct DB1 dev", "ct DB2 dev", "ct DB2 test"]
    assert reports[0].image_set.pair is None
    assert len(reports[0].refused) == 4


def test_nothing_is_kept_where_one_name_is_taken(library: Library) -> None:
    make_set(library, "ct DB2 test")
    with pytest.raises(SetExists, match="ct DB2 test"):
        take(library, tree())
    assert library.names() == ["ct DB2 test"]


def test_what_is_open_stops_the_import_with_the_flag_that_settles_it(library: Library) -> None:
    files = {f"{folder}/1.png": encoded(pixels) for folder, pixels in zip("ab", noise(2, 16), strict=True)}
    named = {"generated/1.png": files["a/1.png"], "real_used/1.png": files["b/1.png"], "misc/1.png": b"x"}
    with pytest.raises(BadChoice, match=r"'misc' gives no role.*--role 'misc=ROLE'"):
        take(library, named)
    assert library.names() == []
    (report,) = take(library, named, roles={"misc": ManualRole(None)})
    assert report.image_set.counts("role") == {"generated": 1, "real_used": 1}


def test_data_sets_of_different_layouts(library: Library) -> None:
    images = [encoded(pixels) for pixels in noise(4, 16)]
    paths = ("task1/generated/1.png", "task1/real_used/1.png", "task2/gan/1.png", "task2/vae/1.png")
    one, two = (each.image_set for each in take(library, dict(zip(paths, images, strict=True))))
    assert (one.layout, one.counts("role")) == ("membership", {"generated": 1, "real_used": 1})
    assert (two.layout, two.counts("label")) == ("generators", {"gan": 1, "vae": 1})


def test_training_subsets_are_labels_of_both_kinds(library: Library) -> None:
    paths = [f"{kind}/t{n}/1.png" for kind in ("real", "generated") for n in (1, 2)]
    files = {path: encoded(pixels) for path, pixels in zip(paths, noise(4, 16), strict=True)}
    (report,) = take(library, files)
    assert [(file.role, file.label) for file in report.image_set.files] == [
        (Role.GENERATED, "t1"),
        (Role.GENERATED, "t2"),
        (Role.REAL_USED, "t1"),
        (Role.REAL_USED, "t2"),
    ]


def test_the_command_line_says_the_same(ran: Any, tmp_path: Path, home: Path) -> None:
    folder = write_tree(tmp_path / "in", tree())
    status, out, _ = ran("import", folder, "--name", "ct", "--preview", "--json")
    assert status == 0
    seen = json.loads(out)
    assert [(each["name"], each["pair"]) for each in seen["sets"]][:2] == [
        ("ct DB1 dev", "ct DB1 test"),
        ("ct DB1 test", "ct DB1 dev"),
    ]
    status, out, _ = ran("import", folder, "--name", "ct", "--set", "DB2/test=", "--json")
    assert status == 0
    assert [each["name"] for each in json.loads(out)["sets"]] == ["ct DB1 dev", "ct DB1 test", "ct DB2 dev"]
    _, out, _ = ran("sets", "--json")
    listed = {each["name"]: each for each in json.loads(out)["sets"]}
    assert (listed["ct DB1 dev"]["part"], listed["ct DB1 dev"]["pair"]) == ("development", "ct DB1 test")
    assert listed["ct DB2 dev"]["pair"] is None


def test_an_attack_is_reported_on_the_pair(ran: Any, tmp_path: Path, home: Path) -> None:
    """Development and test of one import; --no-test and --test have the last word."""
    files = {
        f"{part}/{role}/{number:02}.png": encoded(np.kron(pixels, np.ones((2, 2), np.uint8)))
        for part, seed in (("train", 1), ("test", 2))
        for role in PARTS["dev"]
        for number, pixels in enumerate(noise(12, 16, seed=seed + len(role)))
    }
    folder = write_tree(tmp_path / "in", files)
    assert ran("import", folder, "--name", "ct")[0] == 0
    command = ("membership", "ct train", "--backbone", "pixels", "--k", "2", "--json")
    _, out, _ = ran(*command)
    assert json.loads(out)["test"]["set"] == "ct test"
    _, out, _ = ran(*command, "--no-test")
    assert json.loads(out)["test"] is None


def images(*paths: str) -> dict[str, bytes]:
    return {path: encoded(pixels) for path, pixels in zip(paths, noise(len(paths), 16), strict=True)}


def test_what_a_file_is_its_first_bytes_say(library: Library) -> None:
    """A JPEG called .jfif, a PNG without an ending; what is no image is counted by its ending."""
    jpeg = encoded(noise(1, 16)[0], "JPEG")
    files = {**images("gan/1.png", "gan/2"), "gan/3.jfif": jpeg, "gan/notes.txt": b"x", "gan/log.dat": b"y"}
    (report,) = take(library, files)
    assert [file.name for file in report.image_set.files] == ["gan/1.png", "gan/2", "gan/3.jfif"]
    assert "Ignored, as they are not images: 1 .txt, 1 .dat." in report.notes or (
        "Ignored, as they are not images: 1 .dat, 1 .txt." in report.notes
    )


def test_patients_of_a_table(library: Library) -> None:
    """A column called patient; a path goes before a bare name, and a bare name of two images is refused."""
    files = images("generated/1.png", "real_used/2.png", "real_not_used/3.png")
    (report,) = take(library, {**files, "groups.csv": b"file,patient\n2.png,p0\nreal_not_used/3.png,p1\n"})
    assert [file.group for file in report.image_set.real] == ["p1", "p0"]
    same = images("generated/0.png", "real_used/1.png", "real_not_used/1.png")
    with pytest.raises(BadChoice, match=r"names '1.png', but 2 images have this name\. Use paths"):
        take(library, {**same, "groups.csv": b"file,group\n1.png,p0\n"})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_as_spreadsheets_write_them(library: Library, encoding: str) -> None:
    """With Excel's line for itself, semicolons, and an umlaut in each encoding."""
    table = "sep=;\nfile_name;label\n1.png;münster\n2.png;münster\n".encode(encoding)
    (report,) = take(library, {**images("1.png", "2.png"), "labels.csv": table})
    assert report.image_set.counts("label") == {"münster": 2}


def test_a_table_that_names_no_image_stops_the_import(library: Library) -> None:
    files = {**images("1.png", "2.png"), "labels.csv": b"file,label\na.png,gan\nb.png,vae\n"}
    with pytest.raises(BadChoice, match=r"No row of the table of labels matches an image .*'a.png'"):
        take(library, files)
    assert library.names() == []
