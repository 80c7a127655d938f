"""The flags of ``python -m core import`` that are about scans and names."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.images.formats.windowing import PRESETS, Window, grey
from core.images.library import Library
from tests.support.samples import ROOT, write_tree
from tests.unit.conftest import Ran
from tests.unit.images.scans import ct, dicom, nifti


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "in", {"gan/Doe.dcm": dicom(ct(), PatientName="Doe^John")})


def shown(name: str) -> np.ndarray:
    library = Library()
    return library.pixels(library.get(name).files[0].sha256)


@pytest.mark.parametrize(
    ("flags", "window"),
    [
        ((), PRESETS["lung"]),
        (("--window", "bone"), PRESETS["bone"]),
        (("--window", "40/80"), Window(40, 80)),
        (("--window=-700/90.5",), Window(-700, 90.5)),
    ],
)
def test_window(told: Callable[..., Any], folder: Path, flags: tuple[str, ...], window: Window) -> None:
    made = told("import", folder, "--name", "s", *flags)
    assert np.array_equal(shown("s"), grey(ct(), window))
    assert made["dropped"] == {"PatientName": 1}


def test_axis(told: Callable[..., Any], tmp_path: Path) -> None:
    """16 x 18 x 20 voxels: 20 axial, 18 coronal, 16 sagittal slices."""
    folder = write_tree(tmp_path / "in", {"gan/a.nii": nifti(np.zeros((16, 18, 20), np.int16))})
    counts = {
        axis: told("import", folder, "--name", axis, "--axis", axis)["n"]
        for axis in ("axial", "coronal", "sagittal")
    }
    assert counts == {"axial": 20, "coronal": 18, "sagittal": 16}


def test_rename(ran: Ran, folder: Path) -> None:
    assert ran("import", folder, "--name", "s", "--rename")[0] == 0
    assert [file.name for file in Library().get("s").files] == ["gan/000001"]


@pytest.mark.parametrize("flags", [("--window", "liver"), ("--window", "40/0"), ("--axis", "oblique")])
def test_a_mistake_is_one_line(ran: Ran, folder: Path, flags: tuple[str, str]) -> None:
    status, out, err = ran("import", folder, "--name", "s", *flags)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert Library().names() == []


def test_no_process_but_the_decoder_imports_what_reads_scans(folder: Path) -> None:
    code = (
        "import sys; from core.__main__ import main; "
        f"main(['import', {str(folder)!r}, '--name', 's']); "
        "sys.exit(bool({'pydicom', 'nibabel'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0
