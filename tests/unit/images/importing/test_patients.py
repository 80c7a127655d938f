"""Who knows the patients first, and what is never kept of them."""

from pathlib import Path

import pytest

from core.errors import BadChoice
from core.images.importing.importer import ImportReport, Reading, import_sets
from core.images.importing.patients import NAMES, NONE, read_choice
from core.images.importing.preview import look
from core.images.library import Library
from core.images.sources.source import from_files
from tests.support.samples import encoded, noise
from tests.unit.images.scans import ct, dicom

A = encoded(noise(9)[8])


def take(
    library: Library, files: dict[str, bytes], groups: object = "", rename: bool = False
) -> ImportReport:
    reading = Reading(groups=groups, rename=rename)  # type: ignore[arg-type]
    return import_sets(from_files(files), "s", library, reading)[0]


def groups(report: ImportReport) -> list[str | None]:
    return [file.group for file in report.image_set.real]


def slices(*names: str) -> dict[str, bytes]:
    pixels = dict(zip(names, noise(len(names)), strict=True))
    return {"generated/1.png": A} | {name: encoded(each) for name, each in pixels.items()}


NAMED = slices(
    "real_used/patient012_slice03.png",
    "real_used/patient012_slice04.png",
    "real_not_used/patient7_slice1.png",
    "real_not_used/patient7_slice2.png",
)


@pytest.mark.parametrize(
    ("names", "patients"),
    [
        (["LIDC-IDRI-0001_045", "LIDC-IDRI-0001_046", "LIDC-IDRI-0002_1"], 2),
        (["1001-22", "1001-23", "1002-1", "1002-2"], 2),
        (["case7slice3", "case7slice4", "case8slice1"], 2),
        (["P01 z 10", "P01 z 11", "P02 z 1"], 2),
        (["real_0001", "real_0002", "real_0003"], 0),
        (["2024_0001", "2024_0002", "2024_0003"], 0),
        (["a1_1", "a2_1", "a3_1"], 0),
        (["12", "13", "14"], 0),
    ],
)
def test_patients_are_proposed_where_names_repeat_them(names: list[str], patients: int) -> None:
    """At least two patients, of whom one has two slices; a word or a year before a number is no patient."""
    found = look(from_files(slices(*(f"real_used/{name}.png" for name in names)))).patients
    assert (found.patients if found else 0) == patients


def test_a_folder_per_patient_is_proposed() -> None:
    found = look(from_files(slices("used/p1/1.png", "used/p1/2.png", "used/p2/1.png", "unused/p3/1.png")))
    assert found.patients is not None
    assert set(found.patients.groups.values()) == {"p1", "p2", "p3"}


def test_a_proposal_is_shown_and_taken_only_if_confirmed(library: Library, home: Path) -> None:
    report = take(library, NAMED)
    assert groups(report) == [None] * 4
    assert any("File names look like 2 patients among 4 real images ('real_" in note for note in report.notes)
    assert any(note.startswith("The patients of 4 real images are not known") for note in report.notes)
    report = take(library, NAMED, NAMES)
    assert set(groups(report)) == {"patient012", "patient7"}
    assert "4 real images of 2 patients, as known from file names." in report.notes


def test_renamed_files_have_numbered_patients_and_no_name_is_quoted(tmp_path: Path) -> None:
    rows = [f"{name},Doe{at // 2}" for at, name in enumerate(NAMED)]
    table = "\n".join(["file,patient", *rows]).encode()
    for number, (files, chosen) in enumerate(((NAMED, NAMES), ({**NAMED, "groups.csv": table}, ""))):
        report = take(Library(tmp_path / str(number)), files, chosen, rename=True)
        assert set(groups(report)) <= {"patient 0001", "patient 0002", "patient 0003"}
        assert "Doe" not in repr(report)
        assert "patient012" not in repr(report)
    assert "patient012" not in repr(take(Library(tmp_path / "x"), NAMED, rename=True).notes)


def scans(**of_file: dict[str, str]) -> dict[str, bytes]:
    made = {
        f"real_used/{name}.dcm": dicom(ct(seed=number), **tags)
        for number, (name, tags) in enumerate(of_file.items())
    }
    return {"generated/1.png": A, **made}


def test_headers_give_the_patient_as_a_keyed_hash(library: Library, home: Path) -> None:
    files = scans(
        a={"PatientID": "Doe1", "StudyInstanceUID": "1.2.1"},
        b={"PatientID": "Doe1", "StudyInstanceUID": "1.2.2"},
        c={"PatientID": "Doe2", "StudyInstanceUID": "1.2.3"},
    )
    report = take(library, files)
    first, second, third = groups(report)
    assert first == second != third
    assert "Doe" not in repr(report)
    assert "3 real images of 2 patients, as known from DICOM headers." in report.notes
    assert (home / "patients.key").stat().st_mode & 0o077 == 0
    assert groups(take(library, files, NONE)) == [None] * 3


def test_with_one_patient_id_for_all_a_study_is_a_patient(library: Library) -> None:
    """As anonymisers leave it."""
    files = scans(
        a={"PatientID": "ANON", "StudyInstanceUID": "1.2.1"},
        b={"PatientID": "ANON", "StudyInstanceUID": "1.2.1"},
        c={"PatientID": "ANON", "StudyInstanceUID": "1.2.3"},
    )
    report = take(library, files)
    first, second, third = groups(report)
    assert first == second != third
    assert any(note.startswith("All DICOM files have the same PatientID") for note in report.notes)


def test_headers_of_generated_images_tell_no_patient(library: Library) -> None:
    """Theirs is another ID than the one that an anonymiser left in all real files."""
    files = scans(
        a={"PatientID": "ANON", "StudyInstanceUID": "1.2.1"},
        b={"PatientID": "ANON", "StudyInstanceUID": "1.2.2"},
    )
    made = dicom(ct(seed=9), PatientID="GAN", StudyInstanceUID="1.2.9")
    first, second = groups(take(library, {**files, "generated/2.dcm": made}))
    assert first != second


def test_another_library_hashes_to_other_names(library: Library, tmp_path: Path) -> None:
    files = scans(a={"PatientID": "Doe1"}, b={"PatientID": "Doe2"})
    assert set(groups(take(library, files))).isdisjoint(groups(take(Library(tmp_path / "x"), files)))


def test_a_table_comes_first(library: Library, tmp_path: Path) -> None:
    files = scans(a={"PatientID": "Doe1"}, b={"PatientID": "Doe2"})
    assert groups(take(library, files, {"a.dcm": "x", "b.dcm": "x"})) == ["x", "x"]
    beside = {**files, "groups.csv": b"file,group\na.dcm,y\nb.dcm,y\n"}
    assert groups(take(Library(tmp_path / "y"), beside)) == ["y", "y"]


def test_what_cannot_be_used_is_said(library: Library, tmp_path: Path) -> None:
    with pytest.raises(BadChoice, match="No patients can be told from the file names"):
        take(library, slices("real_used/1.png"), NAMES)
    with pytest.raises(BadChoice, match="No row of the table of patients matches an image"):
        take(library, NAMED, {"no.png": "x"})
    (tmp_path / "t.csv").write_text("file,label\na.png,gan\n")
    with pytest.raises(BadChoice, match=r"t\.csv: a table of patients needs the columns"):
        read_choice(str(tmp_path / "t.csv"))
    with pytest.raises(BadChoice, match=r"none\.csv can't be read"):
        read_choice(str(tmp_path / "none.csv"))
