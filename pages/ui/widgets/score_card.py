"""A score on the page: its value, its interval, and what is expected by chance."""

from typing import Any

from streamlit.delta_generator import DeltaGenerator

from core.numeric.statistics import Score
from pages.ui.theme import digits, spread

PLAIN: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True}


def score_card(place: DeltaGenerator, label: str, score: Score, text: str) -> None:
    if score.value is None:
        place.metric(label, "undefined", None, help=text, **PLAIN)
        return
    value = digits(score.value, score.low, score.high)
    chance = "" if score.chance is None else f" Expected by chance: {digits(score.chance)}."
    place.metric(
        label,
        value,
        spread(score),
        help=f"{text}. Below: 95% interval.{chance}",
        **PLAIN,
    )
