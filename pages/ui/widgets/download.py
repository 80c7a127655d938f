"""A download button whose file has no address: it comes through the session's own socket.

Streamlit's own button leaves the file where anyone who learns its address can fetch it.
"""

import base64
from collections.abc import Callable

import streamlit as st

from core.errors import ImprintError

JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const button = parentElement.querySelector('button');
  button.textContent = data.label;
  button.title = data.words;
  button.className = data.framed ? 'framed' : 'plain';
  button.disabled = data.disabled;
  button.removeAttribute('aria-busy');
  button.onclick = () => {
    button.setAttribute('aria-busy', 'true');
    setTriggerValue('asked', true);
  };
  if (data.turn && button.dataset.turn !== data.turn) {
    button.dataset.turn = data.turn;
    const bytes = Uint8Array.from(atob(data.content), (letter) => letter.charCodeAt(0));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], { type: data.mime }));
    link.download = data.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
}
"""
CSS = """
button { font: inherit; font-size: 0.875rem; color: var(--st-text-color); cursor: pointer;
  white-space: nowrap; background: none; border: none; padding: 0.3rem 0.2rem; opacity: 0.85; }
button.framed { font-size: 1rem; width: 100%; min-height: 2.5rem; padding: 0.25rem 0.75rem; opacity: 1;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 4px); }
button:hover, button:focus-visible { color: var(--st-primary-color); border-color: var(--st-primary-color);
  opacity: 1; }
button:disabled { opacity: 0.4; cursor: not-allowed; color: var(--st-text-color); }
button[aria-busy] { cursor: progress; opacity: 0.5; }
"""
MIME = {"json": "application/json", "html": "text/html", "csv": "text/csv", "zip": "application/zip"}
_component = st.components.v2.component(
    "imprint_download", html='<button type="button"></button>', css=CSS, js=JS
)


def button(
    label: str,
    name: str,
    make: Callable[[], str | bytes],
    words: str = "",
    disabled: bool = False,
    framed: bool = False,
) -> None:
    """``make`` gives the file's text or bytes; it is called on a click, not at every rerun."""
    with st.container(width="stretch" if framed else "content"):
        _button(label, name, make, words, disabled, framed)


@st.fragment
def _button(
    label: str, name: str, make: Callable[[], str | bytes], words: str, disabled: bool, framed: bool
) -> None:
    """A fragment of its own, so that a download redraws nothing else."""
    key = f"download_{name.replace('.', '_')}"  # of one result there may be several formats
    data = {
        "label": label,
        "file": name,
        "mime": MIME[name.rpartition(".")[2]],
        "words": words,
        "disabled": disabled,
        "framed": framed,
        **st.session_state.pop(f"{key}_made", {}),
    }
    trouble = data.pop("trouble", None)
    _component(
        key=key,
        data=data,
        width="stretch" if framed else "content",
        height="content",
        on_asked_change=lambda: _made(key, make),
    )
    if trouble:
        st.error(trouble)


def _made(key: str, make: Callable[[], str | bytes]) -> None:
    """Sent once, with the drawing that follows."""
    state = st.session_state
    state[f"{key}_turn"] = state.get(f"{key}_turn", 0) + 1
    try:
        made = make()
        content = base64.b64encode(made.encode() if isinstance(made, str) else made).decode()
    except ImprintError as error:
        state[f"{key}_made"] = {"trouble": str(error)}
        return
    state[f"{key}_made"] = {"turn": str(state[f"{key}_turn"]), "content": content}
