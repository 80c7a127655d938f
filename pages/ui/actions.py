"""What can be done with an answer: copy its link, save it as a run, compare it, take a report along."""

from collections.abc import Sequence

import streamlit as st

from core import runs
from core.engine import Answer
from core.hashing import key
from core.values import ImageSet
from pages.ui import engine, routes

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
_copy = st.components.v2.component(
    "imprint_copy_link", html='<button type="button">Copy link</button>', css=CSS, js=JS
)


def bar(sets: Sequence[ImageSet], answer: Answer) -> None:
    """A quiet row at the height of the page's title."""
    with st.container(key="actions", horizontal=True, horizontal_alignment="right", gap="medium"):
        _copy(key="copy_link", width="content", height="content")
        st.download_button(
            "Save run",
            lambda: runs.of(sets, answer).text(),
            file_name="run.json",
            mime="application/json",
            key="save_run",
            type="tertiary",
            on_click="ignore",
            help="A file that python -m core run makes again anywhere, and compares",
        )
        query = {"set": sets[0].name, "of": key(answer.config)[:12]}
        if len(sets) > 1:
            query["test"] = sets[1].name
        st.page_link(routes.COMPARE, label="Compare", query_params=query)
        _report_button(sets, [answer])


def report_bar(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> None:
    """The same place, for a comparison."""
    with st.container(key="actions", horizontal=True, horizontal_alignment="right", gap="medium"):
        _copy(key="copy_link", width="content", height="content")
        _report_button(sets, answers)


def _report_button(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> None:
    st.download_button(
        "Report",
        lambda: _report(sets, answers),
        file_name="report.html",
        mime="text/html",
        key="save_report",
        type="tertiary",
        on_click="ignore",
        help="One page to read, print and pass on, that needs no network",
    )


def _report(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    from pages.ui import report  # only who asks for one waits for it

    return report.of(engine.engine(), sets, answers)
