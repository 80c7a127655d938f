"""What every page opens with: its configuration, the sidebar, the selected data set."""

from pathlib import Path
from typing import Literal

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet, Role
from core.wording import counted
from pages.ui import routes, theme
from pages.ui.layout import tour, warmup
from pages.ui.session import sign_in, workspace
from pages.ui.widgets import permalinks

ICON = str(Path(__file__).with_name("icon.png"))
NEXT = "next_set"  # a widget's value may only be set before it is drawn
NO_TEST = "No test set"
ROLE_WORDS = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "real, used",
    Role.REAL_NOT_USED: "real, not used",
    Role.REAL_UNKNOWN: "real, unlabelled",
}


Pair = Literal["", "any", "real", "must be real"]


def open_page(title: str, question: str, pair: Pair = "") -> None:
    """Draw the frame; the first call of every page.

    ``pair``: whether the page takes a test set: for any data set, for those with real images, or for those
    only.
    """
    warmup.settle()
    st.set_page_config(page_title=f"{title} · Imprint", page_icon=ICON, layout="wide")
    st.html(theme.CSS)
    sign_in.require_sign_in()
    with st.sidebar:
        st.markdown("### Imprint")
        names = [each.name for each in workspace.library().all() if each.real or pair != "must be real"]
        _picker(sorted(names, key=str.casefold))
        if pair == "any" or (pair and _chosen_is_real(names)):
            _test_picker(names)
        for path, label in routes.PAGES:
            st.page_link(path, label=label)
        if tour.possible():
            permalinks.link("Guided tour", tour.start())
        sign_in.badge(st.container())
    tour.banner()
    st.title(title, anchor=False)
    st.caption(question + _moved())


def _picker(names: list[str]) -> None:
    if not names:
        st.caption("No data set with real images yet." if workspace.library().names() else "No data set yet.")
        return
    if NEXT in st.session_state:
        st.session_state["set"] = st.session_state.pop(NEXT)
    asked = st.session_state.get("set") or st.query_params.get("set")
    if asked not in names:
        st.session_state["moved"] = (asked, names[0])
        st.session_state["set"] = names[0]
    # Without a default of its own the chosen name is always in the address, whatever sets come later.
    name = st.selectbox(
        "Data set",
        names,
        index=None,
        key="set",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    if name is None:  # on a page opened by a link, the widget may forget what the address does not name
        go_to_set(st.session_state.get("set") or asked if asked in names else names[0])
    image_set = workspace.library().get(str(name))
    counts = [f"{n:,} {ROLE_WORDS[Role(role)]}" for role, n in image_set.counts("role").items()]
    generators = image_set.counts("label")
    if generators:
        counts.append(counted(len(generators), "generator"))
    st.caption("  \n".join([name, *counts]))


def _chosen_is_real(names: list[str]) -> bool:
    chosen = st.session_state.get("set")
    return chosen in names and bool(workspace.library().get(chosen).real)


def _test_picker(names: list[str]) -> None:
    """The test set: by its name the one that belongs to the selected set, otherwise none."""
    state, chosen = st.session_state, st.session_state.get("set")
    if chosen not in names:
        return
    library = workspace.library()
    real = bool(library.get(chosen).real)
    alike = [name for name in names if name != chosen and bool(library.get(name).real) == real]
    options = [NO_TEST, *sorted(alike, key=str.casefold)]
    if state.get("test_of") != chosen or state.get("test") not in options:
        asked = st.query_params.get("test") if state.get("test_of") in (None, chosen) else None
        pair = library.pair_of(library.get(chosen))
        wanted = (asked, pair and pair.name, chosen.replace("development", "test"))
        state["test"] = next((name for name in wanted if name in options), NO_TEST)
        state["test_of"] = chosen
    st.caption("Test set:")
    st.selectbox(
        "Test set",
        options,
        index=None,
        key="test",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    if state["test"] != NO_TEST:
        st.caption(state["test"])


def _moved() -> str:
    """The sentence for a page that can't show the selected set."""
    asked, shown = st.session_state.get("moved", (None, None))
    if asked is None or st.session_state.get("set") != shown or asked not in workspace.library().names():
        return ""
    return f" “{asked}” has no real images; showing “{shown}” instead."


def go_to_set(name: str | None) -> None:
    """Redraw the page with another set selected; None leaves the choice to the picker."""
    st.session_state[NEXT] = name
    st.rerun()


def test_set() -> ImageSet | None:
    name = st.session_state.get("test")
    return None if name in (None, NO_TEST) else workspace.library().get(name)


def chosen_set() -> ImageSet:
    """The set of the picker. If there is none, say what to do and end the page."""
    name = st.session_state.get("set")
    if not name:
        st.info("There is no data set yet. Import a folder or an archive of images on the Data page.")
        st.page_link(routes.DATA, label="Go to Data")
        st.stop()
    try:
        return workspace.library().get(name)
    except ImprintError as error:
        st.error(str(error))
        st.stop()
