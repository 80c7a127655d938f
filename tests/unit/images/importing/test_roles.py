"""A person's word on folders: how it is written, where it holds, what it makes of a set."""

import json
from pathlib import Path

import pytest

from core.errors import BadChoice, NothingToImport
from core.images.importing import roles
from core.images.importing.roles import ManualRole, read_roles
from core.images.library import Library
from core.types import Role
from tests.unit.images.importing.test_importer import A, B, C, D, take

TREE = {"top/a/1.png": A, "top/a/deep/2.png": B, "top/b/3.png": C, "top/4.png": D}


def placed(
    library: Library, given: dict[str, ManualRole], **choices: object
) -> dict[str, tuple[Role, str | None]]:
    report = take(library, TREE, roles=given, **choices)
    assert report.image_set.layout == "hand"
    return {file.name: (file.role, file.label) for file in report.image_set.files}


@pytest.mark.parametrize(
    ("text", "folder", "said"),
    [
        ("gan=generated", "gan", ManualRole(Role.GENERATED)),
        ("gan=generated:StyleGAN 2", "gan", ManualRole(Role.GENERATED, "StyleGAN 2")),
        ("gan=generated:", "gan", ManualRole(Role.GENERATED, "")),
        ("a/b=Real-Used", "a/b", ManualRole(Role.REAL_USED)),
        (".=leave_out", ".", ManualRole(None)),
        ("k=5=real_unknown", "k=5", ManualRole(Role.REAL_UNKNOWN)),
        ("k=5:x=generated:a=b:c", "k=5:x", ManualRole(Role.GENERATED, "a=b:c")),
    ],
)
def test_a_role_as_a_flag(text: str, folder: str, said: ManualRole) -> None:
    """The last sign of equality before a known role divides; names may hold both signs."""
    assert roles.parse_role(text) == (folder, said)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gan", "FOLDER=ROLE"),
        ("gan=fake", "There is no role 'fake'. Choose one of: generated, real_used, real_not_used, "),
        ("gan=real_used:vae", "Only generated images have a generator"),
        ("gan=generated:" + "x" * 81, "up to 80 printable"),
        ("gan=generated:a\u202eb", "up to 80 printable"),
        ("gan=generated:..", "up to 80 printable"),
    ],
)
def test_a_role_that_is_none_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadChoice, match=sentence.replace("'", ".")) as error:
        roles.parse_role(text)
    assert "\n" not in str(error.value)


def test_the_innermost_folder_counts_and_the_rest_is_as_it_was_recognised(library: Library) -> None:
    """By its name, a is a generator; by hand, its deep folder is real. The wrapping folder may be named."""
    assert placed(
        library, {"a/deep": ManualRole(Role.REAL_USED), "top/b": ManualRole(Role.GENERATED, "vae")}
    ) == {
        "a/1.png": (Role.GENERATED, "a"),
        "a/deep/2.png": (Role.REAL_USED, None),
        "b/3.png": (Role.GENERATED, "vae"),
    }


def test_a_folder_left_out_and_the_files_beside_the_folders(library: Library) -> None:
    report = take(library, TREE, roles={"a": ManualRole(None), ".": ManualRole(Role.REAL_UNKNOWN)})
    assert {file.name: file.role for file in report.image_set.files} == {
        "4.png": Role.REAL_UNKNOWN,
        "b/3.png": Role.GENERATED,
    }
    assert report.refused == ()
    assert "2 files are in folders that you left out." in report.notes


def test_an_empty_generator_is_an_unknown_one(library: Library) -> None:
    assert placed(library, {"a": ManualRole(Role.GENERATED, "")})["a/1.png"] == (Role.GENERATED, None)


def test_a_folder_that_is_not_there_is_told_with_those_that_are(library: Library) -> None:
    known = r"Folders with images: \., a, a/deep, b\."
    with pytest.raises(BadChoice, match=rf"no folder 'c' with images\. {known}"):
        placed(library, {"c": ManualRole(Role.REAL_USED)})
    with pytest.raises(BadChoice, match=r"no folder '\.\./b'"):
        placed(library, {"../b": ManualRole(Role.REAL_USED)})
    assert library.names() == []


def test_all_left_out_is_nothing_to_import(library: Library) -> None:
    with pytest.raises(NothingToImport, match="All folders are left out"):
        placed(library, {"a": ManualRole(None), "b": ManualRole(None), "": ManualRole(None)})


def test_renamed_files_lie_under_what_a_person_called_them(library: Library) -> None:
    """A folder that was given a role by hand may be named after a patient, so its name goes."""
    names = placed(
        library, {"a": ManualRole(Role.REAL_USED), "b": ManualRole(Role.GENERATED, "x/y")}, rename=True
    )
    assert set(names) == {"real_used/000002", "real_used/000003", "x_y/000004"}


def test_a_layout_that_does_not_fit_fits_by_hand(library: Library) -> None:
    names = placed(library, {"a": ManualRole(Role.REAL_USED)}, layout="membership")
    assert set(names) == {"a/1.png", "a/deep/2.png"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.json", json.dumps({"a": "real_used", "b": {"role": "generated", "label": "vae"}})),
        ("r.csv", "folder,role,generator\na,real_used,\nb,generated,vae\n"),
        ("r.csv", "\ufeffRole;Folder;Label\nreal-used;a;\ngenerated;b;vae\n"),
    ],
)
def test_a_table_of_roles(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert read_roles(tmp_path / name) == {
        "a": ManualRole(Role.REAL_USED),
        "b": ManualRole(Role.GENERATED, "vae"),
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.json", b"[" * 100_000),
        ("r.json", b"[1]"),
        ("r.json", b'{"a": 1}'),
        ("r.json", b'{"a": {"role": 1}}'),
        ("r.json", b'{"a": {"role": "generated", "label": 1}}'),
        ("r.csv", b""),
        ("r.csv", b"a,real_used\n"),
        ("r.csv", b"folder,role\n\xff,real_used\n"),
        ("r.csv", b'folder,role\n"' + b"x" * 200_000 + b'",real_used\n'),
        ("none.csv", None),
    ],
)
def test_a_table_that_is_none_is_one_sentence(tmp_path: Path, name: str, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BadChoice, match=f"The table of roles {name} can't be read") as error:
        read_roles(tmp_path / name)
    assert "\n" not in str(error.value)
