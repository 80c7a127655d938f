"""Progress of a background job on the page: started, watched, cancelled."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.jobs import queue
from core.types import ImageSet
from pages.ui.session import workspace
from pages.ui.theme import duration

STAGE_WORDS = {
    "features": "reading features",
    "pca": "PCA",
    "prototypes": "computing prototypes",
    "tree": "tree",
    "clusters": "clustering",
    "map": "fitting",
}


START_UNASKED = 30  # seconds; longer jobs are announced and wait for a click


def run_by_job(
    kind: str,
    sets: Sequence[ImageSet],
    config: queue.Config,
    what: str,
    seconds: float,
    beside: Callable[[], None] | None = None,
) -> None:
    """Watch the job that computes what is missing; start it, or offer to start it."""
    job = find_job(kind, sets, config)
    if job is not None and job.active:
        watch(job.id, what, beside)
    elif job is not None and job.state in ("failed", "cancelled", "died"):
        words = job.error or "Cancelled. Completed steps are kept."
        (st.info if job.state == "cancelled" else st.error)(words)
        if st.button("Continue", key="again", type="primary"):
            start_job(kind, sets, config)
    elif seconds <= START_UNASKED:
        watch(workspace.current().start(kind, sets, config).id, what, beside)
    else:
        st.info(
            f"{what} takes about {duration(seconds)}. It is computed once; changing other settings is "
            "then fast."
        )
        if st.button("Start", key="start", type="primary"):
            start_job(kind, sets, config)


def find_job(kind: str, sets: Sequence[ImageSet], config: queue.Config) -> queue.Job | None:
    current = workspace.current()
    return current.job(current.job_id(kind, sets, config))


def start_job(kind: str, sets: Sequence[ImageSet], config: queue.Config) -> None:
    workspace.current().start(kind, sets, config)
    st.rerun()


@st.fragment(run_every=0.5)
def watch(job_id: str, what: str, beside: Callable[[], None] | None = None) -> None:
    """Progress, speed, time left and a Cancel button; the page is redrawn when the job ends."""
    job = workspace.current().job(job_id)
    if job is None or not job.active:
        st.rerun(scope="app")
        return
    bar, out = st.columns([5, 1], vertical_alignment="bottom")
    bar.progress(job.done / job.total if job.total else 0.0, text=f"{what}: {_progress(job)}")
    if out.button("Cancel", key=f"cancel_{job_id}", width="stretch"):
        workspace.current().cancel(job_id)
        st.rerun(scope="app")
    if beside is not None:
        beside()


def _progress(job: queue.Job) -> str:
    if job.state == "waiting":
        return "queued behind another job"
    if not job.rate:
        count = f" ({job.done + 1} of {job.total})" if job.kind == queue.RELEASE and job.total > 1 else ""
        return STAGE_WORDS.get(job.stage, job.stage or "starting") + count
    left = "" if job.left is None else f", {duration(job.left)} left"
    told = job.kind == queue.RELEASE or job.stage.startswith("epoch")
    stage = f"{job.stage}: " if told else ""
    return f"{stage}{job.done} of {job.total}, {job.rate:.0f} images/s{left}"
