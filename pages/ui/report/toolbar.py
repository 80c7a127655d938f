"""What can be done with a result: copy its link, save a run file, compare it, download a report."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.engine import Answer
from core.errors import ImprintError
from core.experiments import run_file, submission
from core.hashing import key
from core.types import ImageSet
from pages.ui import routes
from pages.ui.session import workspace
from pages.ui.widgets import download

JS = """
export default function (component) {
  const button = component.parentElement.querySelector('button');
  const copied = (done) => {
    button.textContent = done ? 'Copied' : 'Copy it from the address bar';
    setTimeout(() => { button.textContent = 'Copy link'; }, 1600);
  };
  button.onclick = () => {
    if (navigator.clipboard) {
      navigator.clipboard.writeText(window.location.href).then(() => copied(true), () => copied(false));
    } else {
      copied(false);
    }
  };
}
"""
CSS = """
button { font: inherit; font-size: 0.875rem; color: var(--st-text-color); cursor: pointer; opacity: 0.85;
  background: none; border: none; padding: 0.3rem 0.2rem; white-space: nowrap; }
button:hover, button:focus-visible { color: var(--st-primary-color); opacity: 1; }
"""
RUN_WORDS = "Run file: reproduce this result on any machine with python -m core run FILE, and compare"
REPORT_WORDS = "Self-contained HTML report (works offline)"
SUBMISSION_WORDS = "Submission CSV: identifier,label (1 = used) or identifier,cluster"
_copy = st.components.v2.component(
    "imprint_copy_link", html='<button type="button">Copy link</button>', css=CSS, js=JS
)


def bar(sets: Sequence[ImageSet], answer: Answer) -> None:
    """A row at the height of the page's title."""
    with _row():
        _copy(key="copy_link", width="content", height="content")
        download.button("Save run", "run.json", lambda: run_file.make_run(sets, answer).text(), RUN_WORDS)
        _submission(answer)
        query = {"set": sets[0].name, "of": key(answer.config)[:12]}
        if len(sets) > 1:
            query["test"] = sets[1].name
        st.page_link(routes.COMPARE, label="Compare", query_params=query)
        download.button("Report", "report.html", lambda: _report(sets, [answer]), REPORT_WORDS)


def report_bar(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> None:
    """The same place, for a comparison."""
    with _row():
        _copy(key="copy_link", width="content", height="content")
        download.button("Report", "report.html", lambda: _report(sets, answers), REPORT_WORDS)


def _row() -> DeltaGenerator:
    return st.container(key="actions", horizontal=True, horizontal_alignment="right", gap="medium")


def _submission(answer: Answer) -> None:
    """The submission file, or the reason why a name can't be in one."""
    try:
        submission.check(answer)
    except ImprintError as error:
        download.button("Submission", "submission.csv", str, str(error), disabled=True)
        return
    download.button(
        "Submission", "submission.csv", lambda: submission.submission_text(answer), SUBMISSION_WORDS
    )


def _report(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    from pages.ui.report import builder  # imports every figure: only a report waits for it

    return builder.build(workspace.engine(), sets, answers)
