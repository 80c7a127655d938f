"""System: model weights, cache, background jobs and hardware."""

import platform
from importlib.metadata import version

import pandas as pd
import streamlit as st

from core import __version__, paths
from core.features import catalog, weights
from core.features.custom import registry
from core.inference import runtime
from core.jobs import queue
from core.membership.reconstruction import checkpoints
from core.service import maintenance
from core.wording import counted
from pages.ui.background import weights_download
from pages.ui.layout import page
from pages.ui.session import workspace
from pages.ui.system import custom_networks
from pages.ui.theme import duration

PACKAGES = ("streamlit", "plotly", "torch", "torchvision", "openvino", "scikit-learn", "umap-learn", "numpy")
BUSY, IDLE = 1.0, 6.0  # seconds between two refreshes of the job table

KIND_WORDS = {
    queue.ATTRIBUTE: "embeddings",
    queue.UMAP: "UMAP",
    queue.MEMBERSHIP: "embeddings, membership",
    queue.RECONSTRUCT: "autoencoder",
    queue.SWEEP: "sweep",
}

STATE_WORDS = {"waiting": "queued", "done": "finished", "died": "crashed"}  # others are shown as they are

page.open_page("System", "Model weights, cache, background jobs and hardware.")


def _place(state: dict[str, object]) -> str:
    package = registry.network(str(state["backbone"])).package
    return f"Python package {package}" if package and state["path"] else str(state["path"] or "")


def weights_table() -> None:
    st.markdown("### Weights")
    states = [weights.status(name) for name in catalog.network_names()]
    rows = [
        {
            "network": s["title"],
            "file": s["backbone"] if catalog.is_own(str(s["backbone"])) else s["file"],
            "MB": s["megabytes"],
            "state": s["state"],
            "SHA-256": s["sha256"] or "",
            "checked": str(s["checked"] or "")[:16].replace("T", " "),
            **({"location": _place(s)} if workspace.current().user.admin else {}),
        }
        for s in states
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="weights_table")
    st.caption(
        "Weights files are accepted only if their SHA-256 matches the published hash, or the hash recorded "
        "when you added the file. Custom files are re-hashed before every use, published ones when a "
        "network is prepared. Times are UTC. No file is unpickled. IMPRINT_WEIGHTS may name a folder with "
        "weights files."
    )
    custom_networks.panel()
    lacking = [
        str(s["backbone"]) for s in states if s["state"] != "ready" and not catalog.is_own(str(s["backbone"]))
    ]
    if lacking:
        name = st.selectbox("Add weights for", lacking, key="lacking", format_func=catalog.title)
        weights_download.get(name)


def cache_table() -> None:
    st.markdown("### Cache")
    stats = workspace.store().stats()
    columns = st.columns(4)
    columns[0].metric("Entries", f"{stats['entries']:,}", border=True)
    columns[1].metric("Size", f"{stats['bytes'] / 1e6:.1f} MB", border=True)
    columns[2].metric("Quota", f"{stats['quota_bytes'] / 2**30:.0f} GiB", border=True)
    columns[3].metric("Quarantined (damaged)", stats["quarantined"], border=True)
    rows = [{"stage": name, **values} for name, values in sorted(stats["stages"].items())]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="cache_table")
    verify, repair, clear, _ = st.columns([1, 1, 1, 2])
    if verify.button("Verify", key="verify", width="stretch"):
        found = workspace.store().verify()
        intact = counted(found.entries, "entry", "entries")
        st.success(f"{intact} intact, {found.damaged} damaged and quarantined.")
    if repair.button("Repair", key="repair", width="stretch", help="Repairs the cache and the image library"):
        with st.spinner("Reading every entry and every image"):
            report = maintenance.repair(workspace.store())
        (st.warning if report.library.incomplete else st.success)(" ".join(report.lines()))
    with clear.popover("Clear", width="stretch"):
        st.caption("Deletes all cached results; they will be recomputed when needed. Data sets are kept.")
        if st.button("Clear the cache", key="clear", type="primary"):
            workspace.store().clear()
            checkpoints.tidy(paths.folder("training"), everything=True)
            st.rerun()


def work() -> None:
    """Refreshed every second while jobs run, less often otherwise."""
    busy = any(job.active for job in workspace.current().jobs())
    st.fragment(run_every=BUSY if busy else IDLE)(work_table)(busy)


def work_table(busy: bool) -> None:
    st.markdown("### Jobs")
    found = workspace.current().jobs()
    if busy != any(job.active for job in found):
        st.rerun(scope="app")
    if not found:
        st.caption("No background jobs yet.")
        return
    rows = [
        {
            "job": KIND_WORDS[job.kind],
            "data sets": ", ".join(job.sets),
            "state": STATE_WORDS.get(job.state, job.state),
            "progress": f"{job.done} of {job.total}" if job.total else "",
            "speed": f"{job.rate:.0f} images/s" if job.active and job.rate else "",
            "time left": duration(job.left) if job.active and job.left is not None else "",
            "remark": job.error,
        }
        for job in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="work_table")
    active = {job.id: f"{KIND_WORDS[job.kind]}, {', '.join(job.sets)}" for job in found if job.active}
    if active:
        place, button = st.columns([4, 1], vertical_alignment="bottom")
        chosen = place.selectbox("Active jobs", list(active), format_func=active.get, key="under_way")
        if button.button("Cancel", key="cancel_work", width="stretch") and chosen:
            workspace.current().cancel(chosen)
            st.rerun(scope="fragment")
    st.caption(
        "Jobs run one at a time; others are queued. Completed steps are kept if a job is cancelled or fails."
    )


def machine() -> None:
    st.markdown("### Machine")
    facts = {
        "Imprint": __version__,
        "Python": platform.python_version(),
        **({"Folder": str(paths.root())} if workspace.current().user.admin else {}),
        **({} if workspace.current().user.local else {"Your code for sharing": workspace.current().user.id}),
        "Device": "CUDA (torch)" if runtime.has_cuda() else "CPU (OpenVINO)",
        "bf16": "yes" if runtime.has_bf16() else "not supported by this processor; fp32 is used",
        **{name: version(name) for name in PACKAGES},
    }
    st.dataframe(
        pd.DataFrame(facts.items(), columns=["property", "value"]),
        hide_index=True,
        height="content",
        key="machine",
    )


weights_table()
work()
if workspace.current().user.admin:  # all users share the cache
    cache_table()
machine()
