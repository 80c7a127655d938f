"""How the files of an import are read: layout, tables, and how values become grey levels."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.images.formats import windowing
from core.images.formats.windowing import View
from core.images.importing import layouts, tables
from core.images.importing.layouts import LAYOUTS
from core.images.importing.preview import Preview
from core.wording import counted
from pages.ui.data import upload
from pages.ui.widgets import uploads

LAYOUT_WORDS = {
    "auto": "detect automatically",
    "generators": "one folder per generator",
    "membership": "generated, real_used, real_not_used, real_unknown",
    "flat": "flat, with a CSV of labels",
    layouts.HAND: "roles set by hand",
    layouts.MIXED: "several layouts",
}
LABELS, PATIENTS = "preview_labels", "preview_patients"  # tables, in the session's state
TABLE_HELP = (
    "A CSV with the columns file and label (the generator) or file and patient, or JSON as StyleGAN and "
    "Hugging Face write it. Intervals and p-values stand on the patients."
)
VALUES_HELP = (
    "Value x slope + intercept is HU. For files of more than 8 bits, in place of their own rescaling."
)


@dataclass(frozen=True)
class Options:
    """How the source is read, apart from roles set by hand. ``patients``: by file; "" if no table says."""

    layout: str
    depth: int
    view: View
    labels: dict[str, str] | None
    patients: str | Mapping[str, str]


def draw(last: Preview | None) -> tuple[Options, DeltaGenerator]:
    """The settings that matter according to the last preview, and the place for its pages."""
    columns = st.columns([2, 1.1, 1.1, 1.6, 1.2, 1, 1.1], vertical_alignment="bottom")
    layout = columns[0].selectbox(
        "Layout", ["auto", *LAYOUTS.names()], key="layout", format_func=LAYOUT_WORDS.get
    )
    with columns[1].popover("Tables", width="stretch"):
        labels, patients = _tables()
    window, axis = _scans(columns[3], columns[4]) if last and last.scans else (None, "axial")
    with columns[2].popover("Values", width="stretch"):
        slope = st.number_input("Slope", value=None, key="slope", placeholder="as in the file")
        intercept = st.number_input("Intercept", value=None, key="intercept", placeholder="as in the file")
        st.caption(VALUES_HELP)
        captures = st.checkbox("Import scouts, dose pages and screen captures as well", key="captures")
    depth = 1
    if last and last.depths > 1:
        depth = int(columns[5].number_input("Folder depth", 1, last.depths, 1, key="depth"))
    view = View(windowing.window(window) if window else None, axis, slope, intercept, captures)
    return Options(layout, depth, view, labels, patients), columns[6]


def _scans(left: DeltaGenerator, right: DeltaGenerator) -> tuple[str | None, str]:
    window = left.selectbox(
        "Display window (HU)",
        list(windowing.PRESETS),
        index=None,
        key="window",
        placeholder=f"{windowing.DEFAULT}, or centre/width",
        format_func=lambda name: f"{name} ({windowing.window(name)})" if name in windowing.PRESETS else name,
        accept_new_options=True,
    )
    return window, right.selectbox("Cut volumes along", windowing.AXES, key="axis")


def _tables() -> tuple[dict[str, str] | None, str | Mapping[str, str]]:
    """Tables of labels and of patients; only their rows are kept."""
    number = st.session_state.get(upload.ROUND, 0)
    key = f"labels_{number}"
    table = st.file_uploader("Table", type=["csv", "json", "jsonl"], key=key, help=TABLE_HELP)
    if table is not None:
        text = tables.decoded(table.read())
        uploads.release(table, st.session_state[key])
        st.session_state[upload.ROUND] = number + 1
        groups = tables.read_groups(text)
        st.session_state[LABELS if groups is None else PATIENTS] = (
            tables.read_labels(text, "The table") if groups is None else groups
        )
        st.rerun()
    for name, noun in ((LABELS, "label"), (PATIENTS, "row of patients")):
        held = st.session_state.get(name)
        plural = "rows of patients" if name == PATIENTS else ""
        if held and st.button(f"Remove {counted(len(held), noun, plural)}", key=f"remove_{name}"):
            del st.session_state[name]
            st.rerun()
    return st.session_state.get(LABELS), st.session_state.get(PATIENTS) or ""
