import numpy as np

from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.importing.grey_report import GreyReport
from core.types import Origin

FULL = np.arange(256, dtype=np.uint8).reshape(16, 16)
PNG, DICOM = Facts(Origin("PNG", 1, 8)), Facts(Origin("DICOM", 1, 12), windowed=True)


def report(**classes: tuple[Facts, list[np.ndarray]]) -> GreyReport:
    made = GreyReport()
    for name, (facts, images) in classes.items():
        made.add(name, facts, images)
    return made


def test_what_is_counted() -> None:
    """FULL has each of 256 levels once, so 1 / 256 of it is black, and as much white."""
    (facts,) = report(gan=(PNG, [FULL, np.zeros_like(FULL)])).facts()
    assert facts == {
        "class": "gan",
        "images": 2,
        "formats": {"PNG 8 bit": 2},
        "ranges": {},
        "windowed": 0,
        "levels": 128,
        "black": round((1 / 256 + 1) / 2, 4),
        "white": round(1 / 512, 4),
        "single_grey": 1,
    }


def test_classes_alike_say_nothing() -> None:
    assert report(gan=(PNG, [FULL]), vae=(PNG, [FULL[::-1]])).remarks(View()) == []


def test_classes_of_other_files_are_described() -> None:
    (said,) = report(generated=(PNG, [FULL]), real_used=(DICOM, [FULL])).remarks(View())
    assert said == (
        "The files of the classes differ, which alone may tell them apart. generated: PNG 8 bit; "
        "real_used: DICOM 12 bit, window -600/1500."
    )


def test_few_levels_beside_many_cannot_be_compared() -> None:
    """8 levels, as HU + 32768 divided by 257 leaves them."""
    (said,) = report(generated=(PNG, [FULL]), real_used=(PNG, [FULL // 32])).remarks(View())
    assert "real_used use 8 grey levels (median), those of generated 256: they can't be compared" in said


def test_a_narrow_range_beside_a_wide_one_cannot_be_compared() -> None:
    """40 grey levels beside 128 are not too few, but a narrow range: what a verdict says, the import says."""
    wide = FULL // 2 * 2
    narrow = (100 + FULL.astype(int) * 39 // 255).astype(np.uint8)
    said = report(generated=(PNG, [wide]), real_used=(PNG, [narrow])).remarks(View())
    assert any("Images of real_used and generated can't be compared" in each for each in said)


def test_saturation_and_single_greys_are_said() -> None:
    white = np.maximum(FULL, 40).copy()
    white.flat[:200] = 255
    flat = np.full_like(FULL, 9)
    said = report(gan=(PNG, [white]), vae=(PNG, [flat, FULL, FULL])).remarks(View())
    assert any("More than half of the pixels are white (79% of gan)" in each for each in said)
    assert "1 of 3 images of vae has a single grey level: nothing can be told from it." in said


def test_large_images_are_sampled() -> None:
    """512 px a side is 16 times the sample: every fourth row and column, here all of the same stripes."""
    stripes = np.zeros((512, 512), np.uint8)
    stripes[::4] = 200
    (facts,) = report(gan=(PNG, [stripes])).facts()
    assert facts["levels"] == 1
    assert facts["single_grey"] == 0
