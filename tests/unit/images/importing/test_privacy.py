"""What a file says of a patient stays in the file: canaries in headers and names are searched everywhere."""

import io
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset

from core.images.importing.importer import import_path, import_source
from core.images.library import Library
from core.images.sources.source import from_files
from tests.support.samples import ROOT, encoded, noise, write_tree
from tests.unit.images.scans import ct, dataset, dicom, nifti, saved

CANARY = "KANARI"
# 50 fields of the public dictionary that tell of people, places, times and devices.
TEXT = (
    *("PatientName", "PatientID", "OtherPatientIDs", "PatientBirthName", "PatientMotherBirthName"),
    *("PatientAddress", "PatientTelephoneNumbers", "PatientComments", "PatientReligiousPreference"),
    *("Occupation", "EthnicGroup", "AdditionalPatientHistory", "MedicalRecordLocator", "CountryOfResidence"),
    *("RegionOfResidence", "MilitaryRank", "BranchOfService", "ResponsiblePerson", "IssuerOfPatientID"),
    *("InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "ReferringPhysicianName"),
    *("ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers", "PhysiciansOfRecord"),
    *("PerformingPhysicianName", "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician"),
    *("RequestingService", "StudyDescription", "SeriesDescription", "StudyID", "AccessionNumber"),
    *(
        "ProtocolName",
        "ImageComments",
        "AdmissionID",
        "CurrentPatientLocation",
        "PatientInstitutionResidence",
    ),
    *("StationName", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions"),
    *("DetectorID", "PerformedProcedureStepDescription", "RequestedProcedureDescription"),
    *("DerivationDescription", "SecondaryCaptureDeviceID"),
)


def canary(number: int) -> str:
    return f"{CANARY}{number:02}"


def full_of_canaries() -> Dataset:
    """In 50 fields, in private ones, in a sequence of undefined length, in the file's own header."""
    made = dataset(ct(), **{keyword: canary(number) for number, keyword in enumerate(TEXT)})
    block = made.private_block(0x0099, f"{CANARY}MAKER", create=True)
    block.add_new(1, "LO", f"{CANARY}PRIVATE")
    block.add_new(2, "SQ", [dataset(ct(), PatientName=f"{CANARY}NESTED")])
    made.ReferencedPatientSequence = [Dataset()]
    made.ReferencedPatientSequence[0].PatientName = f"{CANARY}DEEP"
    made["ReferencedPatientSequence"].is_undefined_length = True
    made.file_meta.SourceApplicationEntityTitle = f"{CANARY}AE"
    return made


def overlong(keyword: str) -> bytes:
    """A wanted field of the right kind of value, replaced in the file by a canary of the same length."""
    values = {
        "PhotometricInterpretation": "MONOCHROME2 ",
        "Modality": "MODALITYMODALITY",
        "RescaleSlope": "1.000000000000",
        "BurnedInAnnotation": "ANNOTATION",
    }
    extra = {"RescaleIntercept": "0"} if keyword == "RescaleSlope" else {}
    value = values[keyword].strip()
    data = dicom(ct(), **{keyword: value, **extra})
    return data.replace(value.encode(), CANARY.encode().ljust(len(value), b"Z"))


def exif_and_text(kind: str) -> bytes:
    exif = Image.Exif()
    exif[270] = exif[315] = f"{CANARY}EXIF"  # ImageDescription, Artist
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", f"{CANARY}TEXT")
    options = {"PNG": {"pnginfo": text}, "JPEG": {"comment": f"{CANARY}COMMENT"}, "TIFF": {}}[kind]
    return encoded(noise(1)[0], kind, exif=exif, **options)


def described() -> bytes:
    """NIfTI's texts and an extension (ecode 6: a comment)."""
    image = nibabel.Nifti1Image.from_bytes(nifti(np.stack([ct()] * 2, 2)))
    image.header["descrip"], image.header["aux_file"] = f"{CANARY}DESCRIP", f"{CANARY}AUX"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, f"{CANARY}EXTENSION".encode()))
    return image.to_bytes()


def files() -> dict[str, bytes]:
    whole = saved(full_of_canaries())
    bad = {f"{keyword}.dcm": overlong(keyword) for keyword in ("PhotometricInterpretation", "RescaleSlope")}
    odd = {f"{keyword}.dcm": overlong(keyword) for keyword in ("Modality", "BurnedInAnnotation")}
    stills = {f"still.{kind.lower()}": exif_and_text(kind) for kind in ("PNG", "JPEG", "TIFF")}
    cut = {"cut.dcm": whole[:-100], "cut.png": exif_and_text("PNG")[:200], "gone.nii": described()[:400]}
    return {"whole.dcm": whole, "volume.nii": described(), **bad, **odd, **stills, **cut, "x.bmp": b"x"}


def everything(folder: Path) -> bytes:
    return b"\n".join(
        path.read_bytes() + os.fsencode(path.name) for path in folder.rglob("*") if path.is_file()
    )


def imported(folder: Path, home: Path, *flags: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "core", "import", folder, "--name", "s", *flags],
        cwd=ROOT,
        env={**os.environ, "IMPRINT_HOME": str(home)},
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize("flags", [("--json",), ()], ids=["json", "text"])
@pytest.mark.parametrize("folder", ["gan", "real_used"])
def test_no_canary_is_found_anywhere(tmp_path: Path, home: Path, folder: str, flags: tuple[str, ...]) -> None:
    """Names are canaries as well, so the files are numbered; the folder, which is the class, is kept."""
    named = {f"{folder}/{CANARY}{i}/{CANARY}-{name}": data for i, (name, data) in enumerate(files().items())}
    named[f"generated/{CANARY}.png"] = encoded(noise(2)[1])
    role = ("--role", "gan=generated:gan") if folder == "gan" else ()
    done = imported(write_tree(tmp_path / "in", named), home, "--rename", *role, *flags)
    kept = everything(home)
    for found in (done.stdout, done.stderr, kept):
        assert CANARY.encode() not in found
        assert b"John" not in found
    assert f'"{folder}/0000'.encode() in kept
    print(f"\n{len(TEXT)} fields and {len(named)} names with canaries: 0 found in {len(kept)} bytes kept")


def test_the_canaries_are_really_there() -> None:
    whole = saved(full_of_canaries())
    assert len(TEXT) == len(set(TEXT)) == 50
    assert all(canary(number).encode() in whole for number in range(50))
    assert all(CANARY.encode() in data for name, data in files().items() if name != "x.bmp")


def test_without_the_option_names_are_in_the_manifest_and_nowhere_else(tmp_path: Path, home: Path) -> None:
    folder = write_tree(tmp_path / "in", {f"gan/{CANARY}.dcm": dicom(ct())})
    imported(folder, home)
    holding = [path for path in home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert [path.parent.name for path in holding] == ["sets"]


def test_what_was_left_behind_is_told_by_name_and_number(tmp_path: Path, library: Library) -> None:
    """49 (of PatientID a keyed hash is kept), the sequence, two private elements and the block's name."""
    folder = write_tree(
        tmp_path / "in", {"gan/1.dcm": saved(full_of_canaries()), "gan/2.dcm": dicom(ct(seed=1))}
    )
    report = import_path(folder, "s", library)
    assert {name for name, _ in report.dropped} == {*TEXT, "ReferencedPatientSequence"} - {"PatientID"}
    assert {count for _, count in report.dropped} == {1}
    (note,) = [note for note in report.notes if "DICOM headers" in note]
    assert note.startswith(
        "Only technical fields were read from 2 DICOM headers, and the identifiers of patient and study, "
        "which are kept as keyed hashes. Ignored (values not read): "
    )
    assert "50 kinds of field (AccessionNumber, " in note
    assert "and 38 more) and 3 private or unknown ones. This does not cover what the pixels show." in note
    assert "anonym" not in " ".join(report.notes).lower()


def test_text_in_pixels_is_warned_of_by_tag(library: Library) -> None:
    grey = noise(3)
    files = {
        "g/1.dcm": dicom(grey[0], BurnedInAnnotation="YES"),
        "g/2.dcm": dicom(grey[1], Modality="OT"),
        "g/3.dcm": dicom(grey[2]),
    }
    notes = import_source(from_files(files), "s", library).notes
    assert any(
        "1 file declares it (BurnedInAnnotation), 1 screen capture does not say. Only the tag was read"
        in note
        for note in notes
    )


def test_kept_pixels_carry_nothing_else(library: Library, home: Path, tmp_path: Path) -> None:
    import_path(write_tree(tmp_path / "in", {"g/a.png": exif_and_text("PNG")}), "s", library)
    (path,) = (home / "images").rglob("*.png")
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert not image.info
        assert not image.getexif()
