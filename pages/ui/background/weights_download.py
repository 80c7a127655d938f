"""Getting a backbone's weights: from their publisher, or from a file on this machine."""

from pathlib import Path

import streamlit as st

from core.errors import ImprintError
from core.features import weights
from core.features.custom import registry
from core.progress import Step
from pages.ui.session import workspace


def get(backbone: str) -> None:
    """A download with progress, and a field for a folder that has the file; both check its hash."""
    row = registry.network(backbone)
    if not workspace.current().user.admin:
        st.caption("Weights are shared by all users, so only an administrator of this server can add them.")
        return
    with st.form(f"weights_{backbone}", border=False):
        columns = st.columns([3, 1.3, 1.6], vertical_alignment="bottom")
        folder = columns[0].text_input(f"Folder that contains {row.file}", key=f"weights_folder_{backbone}")
        take = columns[1].form_submit_button("Use this folder", width="stretch")
        fetch = columns[2].form_submit_button(
            f"Download {row.megabytes:.0f} MB", width="stretch", disabled=row.url is None
        )
    try:
        if take:
            weights.adopt(backbone, Path(folder or ".").expanduser() / row.file)
            st.rerun(scope="app")
        if fetch:
            bar = st.progress(0.0, text="Connecting")
            weights.download(backbone, lambda step: bar.progress(*_shown(step)))
            st.rerun(scope="app")
    except ImprintError as error:
        st.error(str(error))


def _shown(step: Step) -> tuple[float, str]:
    share = min(step.done / step.total, 1.0) if step.total else 0.0
    return share, f"{step.done / 1e6:.0f} of {step.total / 1e6:.0f} MB, {step.rate / 1e6:.1f} MB/s"
