"""The guided demo: four stops on the demo sets, each a sentence over the page that it speaks of."""

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
    knobs: dict[str, str]


ATTRIBUTION_SET = "Demo generators test"
DIAL = "Demo membership DB1 {}, dial {}"


def _pair(dial: int) -> dict[str, str]:
    return {"set": DIAL.format("development", dial), "test": DIAL.format("test", dial), "backbone": "Pixels"}


STOPS = (
    Stop(
        "Generator fingerprints",
        "Four models made these images. The noise that is left when a slice is smoothed tells them apart, "
        "though nobody told which is which: an ARI near 1, where chance gives 0. Click a cell of the "
        "table to see its images.",
        routes.GENERATORS,
        {"set": ATTRIBUTION_SET, "backbone": "Residual spectrum"},
    ),
    Stop(
        "A leak that is found",
        "This generator hands out what it remembers of its training patients. Slices that it was trained on "
        "lie nearer to its images than others do: see the two humps, and below a slice beside its copy.",
        routes.REGIONS,
        _pair(1),
    ),
    Stop(
        "A leak that is not",
        "The same, with nothing remembered: used and not used slices look alike to the attack. The verdict "
        "does not call the set safe. It says how large a leak would have been missed with so few slices.",
        routes.REGIONS,
        _pair(0),
    ),
    Stop(
        "How chance looks",
        "The first set by grey levels alone: each cluster holds all generators. An ARI of 0.01, where "
        "shuffled labels give 0.00, is with 1,000 images more than luck (see p), and worth nothing: read a "
        "score's size, its interval and its chance. Now turn the knobs.",
        routes.GENERATORS,
        {"set": ATTRIBUTION_SET, "backbone": "Pixels"},
    ),
)


def possible() -> bool:
    """Whether the demo sets are here."""
    return {stop.knobs["set"] for stop in STOPS} <= set(workspace.library().names())


def first_visit() -> bool:
    """Once in the life of a user: who has seen it finds it in the sidebar."""
    return possible() and workspace.current().first_visit()


def start() -> str:
    """The address of the first stop."""
    return permalinks.place(STOPS[0].page, query(1))


def query(number: int) -> dict[str, str]:
    """The address of a stop, the first being 1."""
    return {**STOPS[number - 1].knobs, PARAMETER: str(number)}


def banner() -> None:
    """On the page of a stop: what there is to see, and the way on."""
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
                permalinks.link("End the tour", permalinks.place(stop.page, stop.knobs))
            else:
                permalinks.link("To your own images", permalinks.place(routes.DATA, {}))


def _number() -> int | None:
    text = st.query_params.get(PARAMETER, "")
    return int(text) if text in {str(place) for place in range(1, len(STOPS) + 1)} else None
