import numpy as np
import pytest

from core.errors import BadChoice
from core.images.formats.windowing import PRESETS, View, Window, grey, window


@pytest.mark.parametrize(
    ("name", "black", "grey_at", "white"),
    [("lung", -1350, -600, 150), ("soft", -160, 40, 240), ("bone", -770, 480, 1730)],
)
def test_presets_reach_from_half_a_width_below_the_centre_to_half_above(
    name: str, black: int, grey_at: int, white: int
) -> None:
    """HU. The centre is 255 / 2 = 127.5, rounded to the even 128; beyond the ends nothing changes."""
    values = np.array([black - 500, black, grey_at, white, white + 500], np.int16)
    assert grey(values, PRESETS[name]).tolist() == [0, 0, 128, 255, 255]


def test_values_of_any_kind_and_none() -> None:
    """Through 0.5/1: v - 0.5 + 0.5 = v, so a fifth is 51; NaN is black, infinity white."""
    values = np.array([0, 0.2, 1, np.nan, np.inf, -np.inf])
    assert grey(values, Window(0.5, 1)).tolist() == [0, 51, 255, 0, 255, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("lung", Window(-600, 1500)), ("-600/1500", Window(-600, 1500)), (" 40.5 / 0.25 ", Window(40.5, 0.25))],
)
def test_a_window_in_words(text: str, expected: Window) -> None:
    assert window(text) == expected


@pytest.mark.parametrize(
    "text", ["", "liver", "40", "40/", "/400", "40/400/1", "1e3/2", "nan/1", "40/0", "40/-1"]
)
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(BadChoice, match="window"):
        window(text)


@pytest.mark.parametrize("centre", [float("nan"), float("inf"), 1e7])
def test_a_window_is_of_numbers(centre: float) -> None:
    with pytest.raises(BadChoice, match="its centre a number"):
        Window(centre, 1)


def test_a_view() -> None:
    assert View().shown == PRESETS["lung"]
    assert View(Window(0, 1)).shown == Window(0, 1)
    with pytest.raises(BadChoice, match="axial, coronal or sagittal; got 'oblique'"):
        View(axis="oblique")
