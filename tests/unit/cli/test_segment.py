"""``segment`` reads what an import reads, by the same caged child."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.samples import ROOT, encoded, write_tree, zipped
from tests.unit.conftest import Ran
from tests.unit.images.scans import ct, dicom, nifti

BLACK = np.zeros((32, 32), np.uint8)


def masks(folder: Path) -> dict[str, tuple[int, ...]]:
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path)).shape
        for path in folder.rglob("*.png")
    }


def test_scans_get_a_mask_a_slice(told, tmp_path: Path) -> None:
    """16 x 18 x 20 voxels cut coronal: 18 masks, 20 high and 16 wide. A single frame has its file's name."""
    files = {
        "a/IM0001": dicom(ct()),
        "a/1.2.840.7": dicom(np.stack([ct(seed=1), ct(seed=2)])),
        "v.nii": nifti(np.zeros((16, 18, 20), np.int16)),
        "b.png": encoded(BLACK),
    }
    out = tmp_path / "out"
    made = told(
        "segment", write_tree(tmp_path / "in", files), "--out", out, "--axis", "coronal", "--window", "soft"
    )
    found = masks(out)
    assert made["masks"] == len(found) == 1 + 2 + 18 + 1
    assert {
        name: found[name] for name in ("a/IM0001.png", "a/1.2.840.7/0002.png", "v/0018.png", "b.png")
    } == {
        "a/IM0001.png": (32, 32),
        "a/1.2.840.7/0002.png": (32, 32),
        "v/0018.png": (20, 16),
        "b.png": (32, 32),
    }


def test_a_file_that_cannot_be_read_and_entries_of_an_archive_are_refused(told, tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(
        zipped({"../a.png": encoded(BLACK), "b.dcm": b"x", "c.png": encoded(BLACK)})
    )
    made = told("segment", tmp_path / "in.zip", "--out", tmp_path / "out")
    assert {each["file"] for each in made["refused"]} == {"../a.png", "b.dcm"}
    assert masks(tmp_path / "out") == {"c.png": (32, 32)}


def test_a_slice_does_not_take_the_place_of_another_image(ran: Ran, tmp_path: Path) -> None:
    files = {"v/0001.png": encoded(BLACK), "v.nii": nifti(np.zeros((16, 18, 20), np.int16))}
    status, _, err = ran("segment", write_tree(tmp_path / "in", files), "--out", tmp_path / "out")
    assert status == 2
    assert "Two images would have the same mask file v/0001.png. Rename one of the images." in err


def test_the_decoder_alone_decodes(tmp_path: Path) -> None:
    """Neither pydicom nor nibabel nor a Pillow plugin is loaded by the process that was started."""
    files = {"a.dcm": dicom(ct()), "b.tif": encoded(BLACK, "TIFF")}
    code = (
        "import sys; from core.__main__ import main; "
        f"main(['segment', {str(write_tree(tmp_path / 'in', files))!r}, "
        f"'--out', {str(tmp_path / 'out')!r}]); "
        "sys.exit(bool({'pydicom', 'nibabel', 'PIL.TiffImagePlugin'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(masks(tmp_path / "out")) == 2
