"""Numbers as they are written."""

import pytest

from core.numeric.statistics import format_interval


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.8123, 0.9876, "0.812 to 0.988"),
        (0.999996, 1.0, "0.999996 to 1.000000"),
        (-0.0001, 0.2, "0.000 to 0.200"),
        (0.0, 0.0, "0.000 to 0.000"),
    ],
)
def test_an_interval_shows_that_its_ends_differ(low: float, high: float, text: str) -> None:
    assert format_interval(low, high) == text
