"""Scans in an import: many images of one file, the window and the axis; and numbers instead of names."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import NothingToImport, UnreadableImage
from core.images.formats.decoded import Facts
from core.images.formats.windowing import PRESETS, View, grey
from core.images.importing.decoder import Decoder
from core.images.library import Library
from core.types import Origin
from tests.support.samples import noise
from tests.unit.images.importing.test_importer import FLAT, LABELS, A, B, C, labels, take
from tests.unit.images.scans import ct, dicom, nifti

PIXELS = noise(1)[0]


def volume(slices: int = 3) -> np.ndarray:
    return np.stack([ct(24, seed) for seed in range(slices)], 2)


def test_a_scan_gives_many_images_of_one_group(library: Library) -> None:
    """Two frames and three slices; names are numbered, and slices of one file are kept together."""
    frames = np.stack([ct(seed=7), ct(seed=8)])
    report = take(
        library, {"a/1.dcm": dicom(frames), "b/2.nii.gz": gzip.compress(nifti(volume())), "a/3.png": A}
    )
    assert labels(report) == {
        "a/1.dcm/0001": "a",
        "a/1.dcm/0002": "a",
        "a/3.png": "a",
        **{f"b/2.nii.gz/000{number}": "b" for number in (1, 2, 3)},
    }
    groups = [file.group for file in report.image_set.files]
    assert groups[0] == groups[1] != groups[3] == groups[4] == groups[5]
    assert groups[2] is None
    assert {file.origin.format for file in report.image_set.files if file.origin} == {"DICOM", "NIfTI", "PNG"}
    assert not report.refused
    assert np.array_equal(library.pixels(report.image_set.files[0].sha256), grey(frames[0], PRESETS["lung"]))


def test_a_scan_is_the_same_group_under_any_name(library: Library) -> None:
    """So that folds do not change with file names, and a patient's name is no group."""
    scan = nifti(volume())
    first = take(library, {"real_used/Doe.nii": scan, "generated/1.png": A}).image_set.real[0].group
    library.delete("s")
    second = take(library, {"real_used/other.nii": scan, "generated/1.png": A}).image_set.real[0].group
    assert first == second
    assert "Doe" not in str(first)


def test_what_a_table_says_of_a_scan_holds_for_its_slices(library: Library) -> None:
    tables = {"labels.csv": b"file,label\nscan,vae\n"}
    report = take(library, {"scan.nii.gz": gzip.compress(nifti(volume())), **tables})
    assert set(labels(report).values()) == {"vae"}
    assert not any("name no image" in note for note in report.notes)


def test_a_window_and_an_axis_are_followed_and_told(library: Library) -> None:
    """A volume of 24 x 24 x 20 has 24 coronal slices."""
    data = nifti(volume(20))
    report = take(library, {"a.nii": data}, view=View(PRESETS["bone"], "coronal"))
    assert len(report.image_set) == 24
    assert "1 scan displayed with the window 480/2500 (centre/width, HU for CT): as selected." in report.notes
    assert any(
        note.startswith("1 NIfTI volume cut along the coronal axis: from front to back")
        for note in report.notes
    )
    report = take(library, {"a.nii": data}, name="t")
    assert any(
        note.endswith("-600/1500 (centre/width, HU for CT): lung, the default.") for note in report.notes
    )


def test_the_view_is_kept_with_the_set_as_far_as_it_was_used(library: Library) -> None:
    """No identity depends on it. A manifest from before has none, and loads."""
    view = View(PRESETS["bone"], "coronal")
    report = take(library, {"g/a.nii": nifti(volume(20)), "g/b.dcm": dicom(ct())}, view=view)
    assert library.get("s").view == report.image_set.view == "window 480/2500, cut coronal"
    assert take(library, {"g/b.dcm": dicom(ct())}, name="t").image_set.view == "window -600/1500"
    flat = np.zeros((16, 18, 5), np.uint8)
    assert take(library, {"g/a.nii": nifti(flat)}, name="u").image_set.view == "cut axial"
    assert take(library, {"g/a.png": A}, name="v").image_set.view is None
    other = replace(report.image_set, view=None)
    assert (other.content, other.truth) == (report.image_set.content, report.image_set.truth)
    (path,) = (path for path in library._sets.glob("*.json") if '"s"' in path.read_text())
    raw = json.loads(path.read_text())
    del raw["view"]
    path.write_text(json.dumps(raw))
    assert Library().get("s") == other


@pytest.mark.parametrize("name", ["g/IM0001", "g/1.2.840.113619.2", "g/7"])
def test_dicom_files_without_a_suffix_are_found(library: Library, name: str) -> None:
    """Scanners call them so. Other files without one are nobody's business."""
    report = take(library, {name: dicom(ct()), "g/README": b"text", "g/LICENSE.txt": b"text"})
    assert [file.name for file in report.image_set.files] == [name]
    assert not report.refused


def test_the_file_that_fells_the_decoder_half_way_leaves_no_image_of_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of its images came before it fell."""
    half = [("g/1.dcm", PIXELS), ("g/1.dcm", PIXELS), ("g/1.dcm", UnreadableImage("fell"))]
    good = [("g/2.png", PIXELS), ("g/2.png", Facts(Origin("PNG", 1, 8)))]
    monkeypatch.setattr(Decoder, "decode", lambda self, files: iter([*half, *good]))
    report = take(library, {"g/1.dcm": b"", "g/2.png": b""})
    assert [file.name for file in report.image_set.files] == ["g/2.png"]
    assert [(refusal.file, refusal.reason) for refusal in report.refused] == [("g/1.dcm", "fell")]


# -- numbers for names --------------------------------------------------------------------------------


def test_renamed_files_keep_the_folder_that_tells_their_class(library: Library) -> None:
    """Numbers follow the natural order of all files, the refused and those of no kind among them."""
    files = {
        "top/vae/Doe 1.png": A,
        "top/gan/Doe/2.png": B,
        "top/gan/Doe.nii": nifti(volume(2)),
        "top/Doe.png": C,
    }
    report = take(library, files | {"top/gan/Doe 0.png": b"bad"}, rename=True)
    assert {file.name for file in report.image_set.files} == {
        *("gan/000003/0001", "gan/000003/0002", "gan/000004", "vae/000005")
    }
    assert {refusal.file for refusal in report.refused} == {"000001", "000002"}
    assert "Doe" not in repr(report)


def test_renamed_files_of_a_flat_set_find_their_labels_first(library: Library) -> None:
    report = take(library, FLAT | {"labels.csv": LABELS}, rename=True)
    assert list(labels(report).items()) == [("000001", "vae"), ("000002", "gan"), ("000003", None)]
    assert "Labels were read from a table next to the images." in report.notes
    assert "1 row of the table of labels matches no image." in report.notes


def test_the_only_refusal_is_renamed_too(library: Library) -> None:
    with pytest.raises(NothingToImport) as error:
        take(library, {"Doe.heic": b"x"}, rename=True)
    assert str(error.value).startswith("No image could be imported; 000001: an image of a format")
