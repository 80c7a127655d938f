"""The look before an import: it tells what an import would do, and keeps nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadChoice, NothingToImport
from core.images.importing import preview
from core.images.importing.preview import Folder, Preview, look
from core.images.importing.roles import ManualRole
from core.images.sources.source import from_files
from core.types import Role
from tests.support.samples import encoded, noise, write_tree, zipped
from tests.unit.conftest import Ran
from tests.unit.images.importing.test_importer import FLAT, LABELS, MEMBERSHIP, A, B, C, D, take
from tests.unit.images.scans import ct, dicom, nifti

MANY = {f"{g}/{i:03}.png": encoded(p) for g in "abc" for i, p in enumerate(noise(20, 16, ord(g)))}


def seen(files: dict[str, bytes], **choices: Any) -> Preview:
    return look(from_files(files), **choices)


def roles(made: Preview) -> dict[str, tuple[Role | None, str | None]]:
    return {folder.folder: (folder.role, folder.label) for folder in made.folders}


def test_nothing_is_written(home: Path) -> None:
    seen(MANY)
    assert not home.exists()


def test_folders_with_role_counts_and_a_few_images_in_small() -> None:
    """20 images of 16 px a folder: six of them, spread evenly: numbers 0, 3, 6, 10, 13, 16."""
    made = seen({f"top/{name}": data for name, data in MANY.items()})
    assert (made.layout, made.wrapper, made.depths) == ("generators", "top/", 1)
    assert roles(made) == {g: (Role.GENERATED, g) for g in "abc"}
    first = made.folders[0]
    assert (first.files, first.decoded, first.images) == (20, 20, 20)
    assert [name for name, _ in first.samples] == [f"top/a/{i:03}.png" for i in (0, 3, 6, 10, 13, 16)]
    assert np.array_equal(first.samples[1][1], noise(20, 16, ord("a"))[3])
    assert made.looked == "60 files, all decoded."
    large = seen({"g/1.png": encoded(np.zeros((64, 512), np.uint8))}).folders[0].samples[0][1]
    assert large.shape == (16, 128)


def test_membership_as_the_folders_say() -> None:
    made = seen({name: data for name, (data, _) in MEMBERSHIP.items()})
    assert made.layout == "membership"
    assert roles(made) == {name.split("/")[0]: (role, None) for name, (_, role) in MEMBERSHIP.items()}


def test_what_is_refused_by_name_by_archive_by_place_and_by_decoding(tmp_path: Path) -> None:
    from core.images.sources.opening import open_source

    files = {"used/1.png": A, "used/2.png": b"no", "odd/3.png": C, "used/4.bmp": b"x", "../5.png": D}
    (tmp_path / "s.zip").write_bytes(zipped(files))
    with open_source(tmp_path / "s.zip") as source:
        made = look(source)
    reasons = {refusal.file: refusal.reason for refusal in made.refused}
    assert set(reasons) == {"../5.png", "used/4.bmp", "odd/3.png", "used/2.png"}
    odd = next(folder for folder in made.folders if folder.folder == "odd")
    assert (odd.role, odd.refused) == (None, reasons["odd/3.png"])
    assert "is outside the folders with a known role" in reasons["odd/3.png"]


def test_what_it_foretells_is_what_the_import_does(library: Any) -> None:
    """Roles, counts, refusals and notes, of a set that is small enough to be decoded whole."""
    files = {**MANY, "a/broken.png": b"no", "b/1.dcm": dicom(ct(), PatientName="Doe"), "stray.png": A}
    made, report = seen(files), take(library, files)
    counts = {"": 0, **report.image_set.counts("label")}
    assert {folder.folder: folder.images for folder in made.folders} == counts
    assert set(made.refused) == set(report.refused)
    assert made.notes == report.notes
    assert made.dropped == report.dropped == (("PatientName", 1),)
    assert "Doe" not in repr(made)


def test_of_many_files_a_few_of_every_folder_are_decoded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve files of three folders: four each. What is left is told."""
    monkeypatch.setattr(preview, "MOST", 12)
    made = seen(MANY)
    assert [folder.decoded for folder in made.folders] == [4, 4, 4]
    assert (made.files, made.decoded) == (60, 12)
    assert made.looked.startswith("60 files found, 12 of them decoded for this preview, a few from every")


def test_it_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PATIENCE", -1)
    made = seen(MANY)
    assert (made.files, made.decoded) == (60, 0)
    assert [folder.samples for folder in made.folders] == [(), (), ()]


def test_a_scan_is_shown_by_its_middle_and_by_the_chosen_window() -> None:
    """The third of five slices; it says that windows and axes matter here."""
    volume = np.zeros((16, 18, 5), np.uint8)
    volume[:, :, 2] = 200
    made = seen({"g/a.nii": nifti(volume)})
    assert made.scans
    assert made.folders[0].images == 5
    assert made.folders[0].samples[0][1].min() == 200
    assert not seen(MANY).scans


def test_scans_that_need_a_window_are_told_to_be_scans() -> None:
    """Else a person would not be offered the window that the refusal asks for."""
    made = seen({"g/a.dcm": dicom(ct(), Modality="MR"), "g/b.png": A})
    assert made.scans
    assert "choose a window" in made.refused[0].reason


def test_a_table_speaks_file_by_file() -> None:
    made = seen({**FLAT, "labels.csv": LABELS})
    (row,) = made.folders
    assert (row.folder, row.role, row.table) == ("", None, True)
    assert "1 row of the table of labels matches no image (first: '9.png')." in made.notes
    assert "1 image has no label, so the generator is unknown." in made.notes


def test_deeper_folders() -> None:
    """As deep as asked for, and as deep as it takes for a folder to have one role."""
    files = {"x/v/1.png": A, "x/w/2.png": B, "y/v/3.png": C}
    assert [folder.folder for folder in seen(files).folders] == ["x", "y"]
    made = seen(files, depth=2)
    assert (made.depths, [folder.folder for folder in made.folders]) == (2, ["x/v", "x/w", "y/v"])
    roles_deep = {"x/used/1.png": A, "x/not_used/2.png": B, "y/used/3.png": C, "y/4.png": D}
    assert [each.folder for each in seen(roles_deep).folders] == ["x/not_used", "x/used", "y", "y/used"]


def test_what_names_leave_open_is_a_question_until_a_person_settles_it() -> None:
    files = {"generated/1.png": A, "real_used/2.png": B, "misc/3.png": C}
    made = seen(files)
    assert [each.folder for each in made.questions] == ["misc"]
    assert [each.folder for each in made.folders if each.asked] == ["misc"]
    assert not seen(files, roles={"misc": ManualRole(Role.REAL_NOT_USED)}).questions


def test_the_data_sets_that_would_be_made() -> None:
    files = {
        f"DB{n}/{part}/{role}/1.png": A
        for n in "12"
        for part in ("dev", "test")
        for role in ("generated", "used")
    }
    made = seen(files)
    assert [each.folder for each in made.sets] == ["DB1/dev", "DB1/test", "DB2/dev", "DB2/test"]
    assert [each.partner for each in made.sets] == [1, 0, 3, 2]


def test_what_a_person_says_is_in_the_preview_too() -> None:
    made = seen(MANY, roles={"a": ManualRole(None), "b": ManualRole(Role.REAL_USED)})
    assert made.layout == "hand"
    assert roles(made) == {"a": (None, None), "b": (Role.REAL_USED, None), "c": (Role.GENERATED, "c")}
    assert [folder.out for folder in made.folders] == [True, False, False]
    with pytest.raises(BadChoice, match="no folder 'd'"):
        seen(MANY, roles={"d": ManualRole(None)})


def test_a_chosen_layout_that_fits_nothing_is_shown_to_be_set_right_by_hand() -> None:
    made = seen(MANY, layout="membership")
    assert all(folder.refused for folder in made.folders)
    assert made.decoded == 0


def test_nothing_to_look_at() -> None:
    with pytest.raises(NothingToImport, match="No image could be imported"):
        seen({"a.heic": b"x"})


# -- the command line ---------------------------------------------------------------------------------


def test_preview_keeps_nothing(told: Callable[..., Any], home: Path, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "in", {**MANY, "a/broken.png": b"no"})
    made = told("import", folder, "--preview")
    assert not home.exists()
    assert (made["layout"], made["files"], made["decoded"]) == ("generators", 61, 61)
    assert made["folders"][0] == {
        "folder": "a",
        "role": "generated",
        "label": "a",
        "refused": None,
        "files": 21,
        "decoded": 21,
        "images": 20,
    }
    assert [refusal["file"] for refusal in made["refused"]] == ["a/broken.png"]


def test_preview_in_words(ran: Ran, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "in", {**MANY, "stray.png": A})
    status, out, _ = ran("import", folder, "--preview", "--role", "a=leave_out", "--role", "b=generated:vae")
    assert status == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "layout hand; 40 files, all decoded."
    assert "a: leave_out; 20 files" in lines
    assert "b: generated by vae; 20 files" in lines
    assert ".: is outside the generators' folders, so its generator is unknown; 1 file" in lines
    assert lines[-1] == "Nothing was imported."


def test_roles_by_flag_and_by_table(told: Callable[..., Any], tmp_path: Path) -> None:
    """The flag goes before the table."""
    folder = write_tree(tmp_path / "in", MANY)
    table = tmp_path / "roles.csv"
    table.write_text("folder,role,generator\na,real_used,\nb,real_used,\nc,generated,gan\n")
    made = told("import", folder, "--name", "s", "--roles", table, "--role", "b=real_not_used")
    assert made["layout"] == "hand"
    assert made["roles"] == {"generated": 20, "real_not_used": 20, "real_used": 20}
    assert made["labels"] == {"gan": 20}


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--role", "d=real_used"), "There is no folder 'd' with images. Folders with images: a, b, c."),
        (("--role", "a=fake"), "There is no role 'fake'. Choose one of: generated"),
        (("--role", "a"), "FOLDER=ROLE"),
        (("--roles", "/none.json"), "The table of roles none.json can't be read: No such file"),
        (("--preview", "--depth", "0"), "--depth must be at least 1; got 0."),
    ],
)
def test_a_mistake_is_one_line(ran: Ran, tmp_path: Path, flags: tuple[str, ...], sentence: str) -> None:
    status, out, err = ran("import", write_tree(tmp_path / "in", MANY), "--name", "s", *flags)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_a_folder_says_nothing_of_its_images_when_it_is_compared() -> None:
    one = Folder("a", Role.GENERATED, "a", None, False, False, False, 1, 1, 1, (("a", noise(1)[0]),))
    assert one == Folder("a", Role.GENERATED, "a", None, False, False, False, 1, 1, 1, ())


def test_a_folder_without_a_role_shows_its_images_and_they_are_not_counted() -> None:
    """Two files in a folder that says no role, beside one that does: one of them can be shown, and only the
    third is decoded to be kept."""
    first, second = map(encoded, noise(2))
    made = seen({"real_used/a.png": first, "mine/b.png": second, "mine/c.png": b"x"})
    rows = {folder.folder: folder for folder in made.folders}
    assert [name for name, _ in rows["mine"].samples] == ["mine/b.png"]
    assert (rows["mine"].decoded, rows["mine"].images, made.decoded, made.files) == (0, 0, 1, 1)
    assert {refusal.file for refusal in made.refused} == {"mine/b.png", "mine/c.png"}
