import json

from core.images.importing.importer import ImportReport, import_source
from core.images.library import Library
from core.images.sources.source import from_files
from core.types import Role
from tests.support.samples import encoded, noise

A, B = map(encoded, noise(2))


def take(library: Library, files: dict[str, bytes], layout: str = "auto") -> ImportReport:
    return import_source(from_files(files), "s", library, layout)


def labels(report: ImportReport) -> dict[str, str | None]:
    return {file.name: file.label for file in report.image_set.files}


def test_shards_of_stylegan_with_their_labels(library: Library) -> None:
    """Folders 00000 and 00001 are no generators; ``dataset.json`` at the top says which image is whose."""
    table = json.dumps({"labels": [["00000/img0.png", 0], ["00001/img1.png", 1]]}).encode()
    report = take(library, {"00000/img0.png": A, "00001/img1.png": B, "dataset.json": table})
    assert labels(report) == {"00000/img0.png": "0", "00001/img1.png": "1"}
    assert "Labels were read from dataset.json." in report.notes


def test_metadata_of_hugging_face_in_its_folder(library: Library) -> None:
    rows = b'{"file_name": "a.png", "label": "real_used"}\n{"file_name": "b.png", "label": "gan"}\n'
    report = take(library, {"x/a.png": A, "x/b.png": B, "x/metadata.jsonl": rows})
    assert [(file.role, file.label) for file in report.image_set.files] == [
        (Role.REAL_USED, None),
        (Role.GENERATED, "gan"),
    ]


def test_sidecars_of_webdataset(library: Library) -> None:
    report = take(library, {"0/1.png": A, "0/1.cls": b"7", "0/2.png": B, "0/2.cls": b"3"})
    assert set(labels(report).values()) == {"7", "3"}
    assert "Labels were read from 2 .cls files." in report.notes


def test_folders_come_before_tables_and_that_is_said(library: Library) -> None:
    table = json.dumps({"labels": [["vae/1.png", 0], ["gan/2.png", 1]]}).encode()
    report = take(library, {"vae/1.png": A, "gan/2.png": B, "dataset.json": table})
    assert set(labels(report).values()) == {"vae", "gan"}
    assert "Labels in dataset.json were not used, as folder names give the classes." in report.notes
