"""What every page opens with: the configuration, the sidebar, the chosen set."""

from pathlib import Path

import streamlit as st

from core.errors import ImprintError
from core.values import ImageSet, Role
from pages.ui import engine, style

ICON = str(Path(__file__).with_name("icon.png"))
GENERATORS, DATA, SYSTEM = "pages/1_Generators.py", "pages/2_Data.py", "pages/3_System.py"
PAGES = ((GENERATORS, "Generators"), (DATA, "Data"), (SYSTEM, "System"))
NEXT = "next_set"  # the picker may only be turned before it is drawn
ROLE_WORDS = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "real, used",
    Role.REAL_NOT_USED: "real, not used",
    Role.REAL_UNKNOWN: "real, unknown",
}


def open_page(title: str, question: str) -> None:
    """Draw the frame; the first call of every page."""
    st.set_page_config(page_title=f"{title} · Imprint", page_icon=ICON, layout="wide")
    st.html(style.CSS)
    with st.sidebar:
        st.markdown("### Imprint")
        _picker()
        for path, label in PAGES:
            st.page_link(path, label=label)
    st.title(title, anchor=False)
    st.caption(question)


def _picker() -> None:
    names = engine.library().names()
    if not names:
        st.caption("No image set yet.")
        return
    if NEXT in st.session_state:
        st.session_state["set"] = st.session_state.pop(NEXT)
    asked = st.session_state.get("set") or st.query_params.get("set")
    if asked not in names:
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
    image_set = engine.library().get(name)
    counts = [f"{n} {ROLE_WORDS[Role(role)]}" for role, n in image_set.counts("role").items()]
    generators = image_set.counts("label")
    if generators:
        counts.append(f"{len(generators)} generators" if len(generators) > 1 else "1 generator")
    st.caption("  \n".join([name, *counts]))


def go_to_set(name: str | None) -> None:
    """Draw the page anew with another set chosen; None leaves the choice to the picker."""
    st.session_state[NEXT] = name
    st.rerun()


def chosen_set() -> ImageSet:
    """The set of the picker; where there is none, say what to do and end the page."""
    name = st.session_state.get("set")
    if not name:
        st.info("There is no image set yet. Import a folder or a zip of synthetic images on the page Data.")
        st.page_link(DATA, label="Go to Data")
        st.stop()
    try:
        return engine.library().get(name)
    except ImprintError as error:
        st.error(str(error))
        st.stop()
