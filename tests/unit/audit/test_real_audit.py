"""The audit on real slices and on images that real generators made of them, where they are at hand."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.audit.image_statistics import jpeg_traces
from core.audit.pipeline import Auditor
from core.images.formats.raster import read_grey
from core.images.importing.importer import import_path
from core.images.library import Library
from core.numeric.statistics import Score
from core.store import Store
from tests.support.samples import encoded

FEW = 60  # images a generator


def test_real_slices_give_nothing_away(shared_data: Path, library: Library, store: Store) -> None:
    """Used and not used were drawn from one collection: no blind value tells them, and by groups.csv no
    near-duplicates lie on both sides."""
    image_set = import_path(shared_data / "membership-dev" / "DB1", "DB1", library).image_set
    found = Auditor(store, library).audit(image_set)
    assert found.warnings == ()
    assert found.confounds == ()


@pytest.fixture
def some(shared_data: Path, tmp_path: Path) -> Path:
    """A few images of the generators eigen and warpmix, as the files they are."""
    for name in ("eigen", "warpmix"):
        (tmp_path / name).mkdir()
        for path in sorted((shared_data / "attribution-dev" / name).iterdir())[:FEW]:
            shutil.copy(path, tmp_path / name / path.name)
    return tmp_path


def test_three_grey_levels_are_caught_where_the_mean_sees_nothing(
    some: Path, library: Library, store: Store
) -> None:
    """warpmix, half of it brighter by 3 under another name: its background is at 38 in most slices, and then
    at 41. The mean differs by 15 levels from slice to slice."""
    (some / "warpmix-3").mkdir()
    for path in sorted((some / "warpmix").iterdir())[FEW // 2 :]:
        brighter = read_grey(path.read_bytes()).astype(int) + 3
        Image.fromarray(brighter.clip(0, 255).astype(np.uint8)).save(some / "warpmix-3" / path.name)
        path.unlink()
    shutil.rmtree(some / "eigen")
    image_set = import_path(some, "brighter", library).image_set
    found = Auditor(store, library).audit(image_set, Score(1.0, 0.95, 1.0))
    outcomes = {each.name: each.outcome(found.method) for each in found.findings}
    assert outcomes["darkest"] == "marks"
    assert outcomes["mean"] == "chance"


def test_a_jpeg_is_caught_after_it_was_saved_as_png(some: Path) -> None:
    """The ranges that image_statistics.py names: before at most 0.02, after quality 75 at least 0.14."""
    for path in [*(some / "eigen").iterdir(), *(some / "warpmix").iterdir()]:
        pixels = read_grey(path.read_bytes())
        assert jpeg_traces(pixels) < 0.03
        assert jpeg_traces(read_grey(encoded(pixels, "JPEG", quality=75))) > 0.13
