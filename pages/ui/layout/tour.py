"""The guided tour: four stops on the demo data sets, each with a short text above the page it explains."""

from dataclasses import dataclass

import streamlit as st

from pages.ui import routes
from pages.ui.session import workspace
from pages.ui.widgets import permalinks

PARAMETER = "tour"


@dataclass(frozen=True)
class Stop:
    title: str
    text: str
    page: str
    settings: dict[str, str]


ATTRIBUTION_SET = "Demo generators test"
DIAL = "Demo membership DB1 {}, dial {}"


def _pair(dial: int) -> dict[str, str]:
    return {"set": DIAL.format("development", dial), "test": DIAL.format("test", dial), "backbone": "Pixels"}


STOPS = (
    Stop(
        "Model attribution",
        "Four generators made these images. The noise that remains after smoothing identifies the generator "
        "without any labels: the ARI is close to 1, and 0 is expected by chance. Click a cell of the table "
        "to see its images.",
        routes.GENERATORS,
        {"set": ATTRIBUTION_SET, "backbone": "Residual spectrum"},
    ),
    Stop(
        "Memorisation found: training-data leakage",
        "This generator reproduces memorised training images. A membership inference attack sees that "
        "training slices lie nearer to the generated images: note the two separate peaks, and below them a "
        "slice beside its copy.",
        routes.REGIONS,
        _pair(1),
    ),
    Stop(
        "No leak found",
        "The same attack on a generator that memorised nothing: used and not used slices look alike. The "
        "verdict does not call the data set safe. It states the smallest leak that would have been detected "
        "with so few slices.",
        routes.REGIONS,
        _pair(0),
    ),
    Stop(
        "Significant, but meaningless",
        "The first data set again, using grey values only: every cluster contains all generators. With 1,000 "
        "images an ARI of 0.01 is statistically significant but practically meaningless: look at the size of "
        "a score, its interval, and the value expected by chance. Now change the settings.",
        routes.GENERATORS,
        {"set": ATTRIBUTION_SET, "backbone": "Pixels"},
    ),
)


def possible() -> bool:
    """Whether the demo data sets are installed."""
    return {stop.settings["set"] for stop in STOPS} <= set(workspace.library().names())


def first_visit() -> bool:
    """Once per user; afterwards the tour is in the sidebar."""
    return possible() and workspace.current().first_visit()


def start() -> str:
    """The address of the first stop."""
    return permalinks.place(STOPS[0].page, query(1))


def query(number: int) -> dict[str, str]:
    """The address of a stop, the first being 1."""
    return {**STOPS[number - 1].settings, PARAMETER: str(number)}


def banner() -> None:
    """On the page of a stop: what to look at, and the link to the next stop."""
    number = _number()
    if number is None:
        return
    stop = STOPS[number - 1]
    with st.container(key="tour", border=True):
        left, right = st.columns([6, 1.1], vertical_alignment="center")
        left.markdown(f"**{number} of {len(STOPS)} · {stop.title}**  \n{stop.text}")
        with right:
            if number < len(STOPS):
                permalinks.link("Next", permalinks.place(STOPS[number].page, query(number + 1)))
                permalinks.link("End the tour", permalinks.place(stop.page, stop.settings))
            else:
                permalinks.link("Use your own images", permalinks.place(routes.DATA, {}))


def _number() -> int | None:
    text = st.query_params.get(PARAMETER, "")
    return int(text) if text in {str(place) for place in range(1, len(STOPS) + 1)} else None
