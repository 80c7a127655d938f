"""Charts that show each other's selection.

Streamlit forgets a chart's selection when its figure changes, so the chart with the selection stays as it is,
and the others are drawn as new charts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

from pages.ui.widgets import charts


@dataclass
class Side:
    """A chart of the link: how often it was redrawn, what it was given to show, what was selected on it."""

    turn: int = 0
    given: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


class Link:
    """The charts of one comparison, over the reruns of a session; a selection is of names of images."""

    def __init__(self, name: str) -> None:
        self._sides: dict[str, Side] = st.session_state.setdefault(f"link_{name}", {})
        self._moved: str | None = None

    def draw(self, key: str, figure: Callable[[Sequence[str]], go.Figure], alt: str) -> None:
        """``figure`` is made with the names that are selected elsewhere."""
        side = self._sides.setdefault(key, Side())
        event = st.plotly_chart(
            figure(side.given),
            key=f"{key}_{side.turn}",
            on_select="rerun",
            selection_mode=("lasso", "points", "box"),
            config=charts.CONFIG,
            alt=alt,
        )
        names = [str(point["customdata"][0]) for point in event["selection"]["points"]]
        if names != side.own:
            side.own, self._moved = names, key

    def picked(self) -> list[str]:
        """What is selected, wherever; where that has just changed, the others are drawn anew."""
        if self._moved is not None:
            names = self._sides[self._moved].own
            for key, side in self._sides.items():
                if key != self._moved:
                    self._sides[key] = Side(side.turn + 1, names)
            st.rerun(scope="fragment")
        return next((side.own or side.given for side in self._sides.values() if side.own or side.given), [])
