"""The preview of an import: its folders, what would be rejected, and the buttons Keep and Discard."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ImprintError
from core.images.formats import windowing
from core.images.formats.windowing import View
from core.images.importing import layouts, tables
from core.images.importing.importer import Reading, import_sets
from core.images.importing.layouts import LAYOUTS
from core.images.importing.preview import Preview, look
from core.images.importing.roles import ManualRole
from core.images.sources.file_kinds import Refusal
from core.progress import Step
from core.wording import counted
from pages.ui.data import preview_rows, preview_sets, upload
from pages.ui.data.upload import Intake
from pages.ui.layout import page
from pages.ui.session import workspace

LAYOUT_WORDS = {
    "auto": "detect automatically",
    "generators": "one folder per generator",
    "membership": "generated, real_used, real_not_used, real_unknown",
    "flat": "flat, with a CSV of labels",
    layouts.HAND: "roles set by hand",
    layouts.MIXED: "several layouts",
}
SEEN, LABELS = "preview", "preview_labels"  # in the session's state


@dataclass(frozen=True)
class Options:
    """How the source is read, apart from roles set by hand."""

    layout: str
    depth: int
    view: View
    labels: dict[str, str] | None


def draw(chosen: Intake) -> None:
    """The whole page while an import waits for a decision; the two buttons are at the top."""
    head, way_on = st.container(), st.container()
    try:
        options, pager = _options()
        seen = _seen(chosen, options)
        named = preview_sets.draw(seen)
        hand = preview_rows.draw(seen, pager)
    except ImprintError as error:
        head.markdown(f"### {chosen.title}")
        head.error(str(error))
        if way_on.button("Discard", key="discard"):
            _leave()
        return
    open_ = preview_rows.open_folders(seen)
    if open_:
        head.warning(f"Choose a role for {', '.join(open_)}: folder names do not show it.")
    _remarks(seen)
    what = f"{len(named)} data sets" if named else LAYOUT_WORDS[layouts.HAND if hand else seen.layout]
    head.markdown(f"### {chosen.title}: {what}")
    refused = f" {counted(len(seen.refused), 'file')} would be rejected (see below)." if seen.refused else ""
    head.caption(f"{seen.looked} {preview_rows.total(seen)}{refused}")
    with way_on:
        _keep(chosen, options, hand, named, bool(open_))


def _leave() -> None:
    upload.forget()
    clear()
    st.rerun()


def clear() -> None:
    for name in (SEEN, LABELS, preview_rows.HAND):
        st.session_state.pop(name, None)


# -- how it is read -------------------------------------------------------------------------------------


def _options() -> tuple[Options, DeltaGenerator]:
    """The settings that matter according to the last preview, and the place for another preview."""
    last: Preview | None = st.session_state.get(SEEN, (None, None))[1]
    columns = st.columns([2.2, 1.1, 1.6, 1.2, 1.1, 1.1], vertical_alignment="bottom")
    layout = columns[0].selectbox(
        "Layout", ["auto", *LAYOUTS.names()], key="layout", format_func=LAYOUT_WORDS.get
    )
    with columns[1].popover("Labels", width="stretch"):
        labels = _labels()
    depth, view = 1, View()
    if last and last.depths > 1:
        depth = int(columns[4].number_input("Folder depth", 1, last.depths, 1, key="depth"))
    if last and last.scans:
        window = columns[2].selectbox(
            "Display window (HU)",
            list(windowing.PRESETS),
            index=None,
            key="window",
            placeholder=f"{windowing.DEFAULT}, or centre/width",
            format_func=lambda name: (
                f"{name} ({windowing.window(name)})" if name in windowing.PRESETS else name
            ),
            accept_new_options=True,
        )
        axis = columns[3].selectbox("Cut volumes along", windowing.AXES, key="axis")
        view = View(windowing.window(window) if window else None, axis)
    return Options(layout, depth, view, labels), columns[5]


def _labels() -> dict[str, str] | None:
    """A table of labels, if folder names do not define them; only its rows are kept."""
    number = st.session_state.get(upload.ROUND, 0)
    key = f"labels_{number}"
    table = st.file_uploader("Table with columns file and label", type=["csv", "json", "jsonl"], key=key)
    if table is not None:
        text = tables.decoded(table.read())
        upload.release(table, st.session_state[key])
        st.session_state[upload.ROUND] = number + 1
        st.session_state[LABELS] = tables.read_labels(text, "The table")
        st.rerun()
    held = st.session_state.get(LABELS)
    if held and st.button(f"Remove {counted(len(held), 'label')}"):
        del st.session_state[LABELS]
        st.rerun()
    return held


def _seen(chosen: Intake, options: Options) -> Preview:
    """The current preview, or a new one if the settings have changed."""
    asked = (chosen, options.layout, options.depth, options.view, repr(options.labels))
    before, seen = st.session_state.get(SEEN, (None, None))
    if before != asked:
        bar = st.progress(0.0, text="Reading files")
        try:
            with chosen.open() as source:
                seen = look(
                    source,
                    options.layout,
                    options.labels,
                    options.view,
                    depth=options.depth,
                    listener=lambda step: bar.progress(*shown(step)),
                )
        finally:
            bar.empty()
        if before is None or before[:3] + before[4:] != asked[:3] + asked[4:]:
            st.session_state.pop(preview_rows.HAND, None)  # the folders or their roles are different now
        st.session_state[SEEN] = asked, seen
        st.rerun()  # now it is known which settings are needed
    return seen


def shown(step: Step) -> tuple[float, str]:
    return step.done / step.total, f"{step.done} of {step.total} files, {step.rate:.0f} files per second"


# -- remarks, and the buttons ---------------------------------------------------------------------------


def _remarks(seen: Preview) -> None:
    if seen.notes:
        st.caption("  \n".join(seen.notes))
    if seen.dropped:
        with st.expander(
            f"{counted(len(seen.dropped), 'kind')} of DICOM header field ignored (values not read)"
        ):
            rows = [{"field": name, "files": count} for name, count in seen.dropped]
            st.dataframe(pd.DataFrame(rows), hide_index=True, key="dropped")
    refusals(seen.refused, "would be rejected. All others can be imported.")


def refusals(refused: Sequence[Refusal], words: str) -> None:
    """A warning ("3 files" and ``words``), and a table of the rejected files with reasons."""
    if refused:
        st.warning(f"{counted(len(refused), 'file')} {words}")
        rows = [{"file": refusal.file, "reason": refusal.reason} for refusal in refused]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="refused")


def _keep(
    chosen: Intake,
    options: Options,
    hand: dict[str, ManualRole] | None,
    named: preview_sets.Suffixes,
    open_: bool,
) -> None:
    with st.form("keep", border=False):
        name, rename, go, away = st.columns([2.8, 3.4, 1, 1], vertical_alignment="bottom")
        called = name.text_input(
            "Name of the data set", key="name", max_chars=80, placeholder="Synthetic chest CT"
        )
        numbers = rename.checkbox("Replace file names by numbers (names may identify patients)", key="rename")
        kept = go.form_submit_button("Keep", type="primary", width="stretch", disabled=open_)
        if away.form_submit_button("Discard", width="stretch"):
            _leave()
    if not kept:
        return
    bar = st.progress(0.0, text="Importing")
    sets = preview_sets.names(named, called.strip())
    reading = Reading(options.layout, options.labels, options.view, numbers, hand, sets)
    try:
        with chosen.open() as source:
            reports = import_sets(
                source, called.strip(), workspace.library(), reading, lambda step: bar.progress(*shown(step))
            )
    except ImprintError as error:
        bar.empty()
        st.error(str(error))
        return
    upload.forget()
    clear()
    st.session_state["import_report"] = reports
    page.go_to_set(reports[0].image_set.name)
