"""The preview of an import: its folders, what would be rejected, and the buttons Keep and Discard."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.errors import ImprintError
from core.images.importing import layouts, patients
from core.images.importing.importer import Reading, import_sets
from core.images.importing.patients import Proposal
from core.images.importing.preview import Preview, look
from core.images.importing.roles import ManualRole
from core.images.sources.file_kinds import Refusal
from core.progress import Step
from core.wording import counted
from pages.ui.data import preview_rows, preview_sets, reading_options, upload
from pages.ui.data.reading_options import Options
from pages.ui.data.upload import Intake
from pages.ui.layout import page
from pages.ui.session import workspace

SEEN = "preview"  # in the session's state


def draw(chosen: Intake) -> None:
    """The whole page while an import waits for a decision; the two buttons are at the top."""
    head, way_on = st.container(), st.container()
    try:
        options, pager = reading_options.draw(st.session_state.get(SEEN, (None, None))[1])
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
    what = (
        f"{len(named)} data sets"
        if named
        else reading_options.LAYOUT_WORDS[layouts.HAND if hand else seen.layout]
    )
    head.markdown(f"### {chosen.title}: {what}")
    refused = f" {counted(len(seen.refused), 'file')} would be rejected (see below)." if seen.refused else ""
    head.caption(f"{seen.looked} {preview_rows.total(seen)}{refused}")
    with way_on:
        _keep(chosen, options, hand, named, bool(open_), seen.patients)


def _leave() -> None:
    upload.forget()
    clear()
    st.rerun()


def clear() -> None:
    for name in (SEEN, reading_options.LABELS, reading_options.PATIENTS, preview_rows.HAND):
        st.session_state.pop(name, None)


def _seen(chosen: Intake, options: Options) -> Preview:
    """The current preview, or a new one if the settings have changed."""
    asked = (chosen, options.layout, options.depth, options.view, repr((options.labels, options.patients)))
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
                    groups=options.patients,
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
    proposal: Proposal | None,
) -> None:
    with st.form("keep", border=False):
        name, rename, go, away = st.columns([2.8, 3.4, 1, 1], vertical_alignment="bottom")
        called = name.text_input(
            "Name of the data set", chosen.name, key="name", max_chars=80, placeholder="Synthetic chest CT"
        )
        numbers = rename.checkbox("Replace file names by numbers (names may identify patients)", key="rename")
        named_patients = proposal is not None and st.checkbox(
            f"{proposal.sentence(quote=True)} Take them as patients.", key="named_patients"
        )
        kept = go.form_submit_button("Keep", type="primary", width="stretch", disabled=open_)
        if away.form_submit_button("Discard", width="stretch"):
            _leave()
    if not kept:
        return
    bar = st.progress(0.0, text="Importing")
    sets = preview_sets.names(named, called.strip())
    groups = patients.NAMES if named_patients else options.patients
    reading = Reading(options.layout, options.labels, options.view, numbers, hand, sets, groups)
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
