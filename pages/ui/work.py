"""From a configuration to its result: at once where the embeddings are there, else by a job to watch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core import features, jobs
from core.embedding import Plan
from core.errors import ImprintError
from core.features import weights
from core.grid import Listed
from core.pipeline import Attribution
from core.reconstructing import Reconstruction, check, runnable
from core.training_data import Membership
from core.values import FeatureSpec, ImageSet, MembershipConfig, PipelineConfig, ReconstructionConfig
from pages.ui import engine, weights_panel
from pages.ui.style import duration

STAGE_WORDS = {
    "features": "reading the features",
    "pca": "PCA",
    "prototypes": "finding prototypes",
    "tree": "tree",
    "clusters": "clustering",
    "map": "fitting",
}
EmbeddingConfig = PipelineConfig | MembershipConfig
START_UNASKED = 30  # seconds; longer work is announced and waits for a click


def attribution(image_set: ImageSet, config: PipelineConfig) -> Attribution | None:
    """The result, or None while there is none: what stands in the way is then on the page."""
    pipeline = engine.pipeline()
    plan = pipeline.plan(image_set, config)
    if plan.missing:
        _embed(jobs.ATTRIBUTE, [image_set], pipeline.effective(config)[0], plan)
        return None
    seconds = pipeline.wait(image_set, config)
    if seconds:
        _group(image_set, pipeline.effective(config)[0], seconds)
        return None
    result = pipeline.attribute(image_set, config)
    engine.gate().record([image_set], result)
    return result


def membership(development: ImageSet, test: ImageSet | None, config: MembershipConfig) -> Membership | None:
    """The same for training-data fingerprints."""
    training_data = engine.training_data()
    sets = [development] if test is None else [development, test]
    plan = training_data.plan(sets, config)
    if plan.missing:
        _embed(jobs.MEMBERSHIP, sets, config, plan)
        return None
    result = training_data.membership(development, test, config)
    engine.gate().record(sets, result)
    return result


def reconstruction(
    development: ImageSet,
    test: ImageSet | None,
    config: ReconstructionConfig,
    beside: Callable[[], None],
) -> Reconstruction | None:
    """The same by reconstruction; ``beside`` is drawn while it trains."""
    engine_ = engine.reconstructing()
    sets = [development] if test is None else [development, test]
    check(sets)
    if engine_.ready(sets, config):
        result = engine_.judge(development, test, config)
        engine.gate().record(sets, result)
        return result
    config, _ = runnable(config)
    what = "Training an autoencoder on each set's generated images"
    _by_job(jobs.RECONSTRUCT, sets, config, what, engine_.seconds(sets, config), beside)
    return None


def sweep(sets: Sequence[ImageSet], listed: Listed, beside: Callable[[], None]) -> Mapping[str, Any] | None:
    """The rows of a sweep, once all are there; ``beside`` is drawn while they come."""
    found = engine.store().note(engine.gate().swept(sets, listed))
    if found is not None and found["over"]:
        return found
    configs = len(listed.configs)
    job = _job(jobs.SWEEP, sets, listed)
    if job is None or not job.active:
        st.caption(f"{configs} configurations. What one computes, the others share.")
        if job is not None and job.state == "failed":
            st.error(job.error)
        if st.button(f"Run {configs} configurations", key="run_sweep", type="primary"):
            _start(jobs.SWEEP, sets, listed)
        beside()
        return None
    watch(job.id, f"Trying {configs} configurations", beside)
    return None


def _embed(kind: str, sets: Sequence[ImageSet], config: EmbeddingConfig, plan: Plan) -> None:
    if _weights_ready(config.feature):
        what = f"Embedding {plan.missing} images with {features.title(config.feature.backbone)}"
        _by_job(kind, sets, config, what, plan.seconds)


def _group(image_set: ImageSet, config: PipelineConfig, seconds: float) -> None:
    words = f"About {duration(seconds)}, once."
    if config.cluster.method == "hierarchical":
        words += " Another number of clusters is then another cut of the same tree, and quick."
    what = f"Grouping {len(image_set.generated):,} images"
    _by_job(jobs.ATTRIBUTE, [image_set], config, what, seconds, lambda: st.caption(words))


def _by_job(
    kind: str,
    sets: Sequence[ImageSet],
    config: jobs.Config,
    what: str,
    seconds: float,
    beside: Callable[[], None] | None = None,
) -> None:
    """Watch the job that computes what is missing; start it, or offer to."""
    job = _job(kind, sets, config)
    if job is not None and job.active:
        watch(job.id, what, beside)
    elif job is not None and job.state in ("failed", "cancelled", "died"):
        words = job.error or "Cancelled. What was finished is kept."
        (st.info if job.state == "cancelled" else st.error)(words)
        if st.button("Go on", key="again", type="primary"):
            _start(kind, sets, config)
    elif seconds <= START_UNASKED:
        watch(engine.gate().start(kind, sets, config).id, what, beside)
    else:
        st.info(f"{what} takes about {duration(seconds)}. It is done once; every other knob is then quick.")
        if st.button("Start", key="start", type="primary"):
            _start(kind, sets, config)


def umap_ready(image_set: ImageSet, config: PipelineConfig) -> bool:
    """Whether the UMAP is there; else start it and watch."""
    pipeline = engine.pipeline()
    if pipeline.has_map(image_set, config, "umap"):
        return True
    config, _ = pipeline.effective(config)
    job = _job(jobs.UMAP, [image_set], config)
    if job is not None and job.state in ("failed", "cancelled", "died"):
        st.info(job.error or "Cancelled.")
        if st.button("Draw the UMAP", key="umap_again"):
            _start(jobs.UMAP, [image_set], config)
        return False
    if job is None or not job.active:
        job = engine.gate().start(jobs.UMAP, [image_set], config)
    watch(job.id, "UMAP, about half a minute")
    return False


def _job(kind: str, sets: Sequence[ImageSet], config: jobs.Config) -> jobs.Job | None:
    gate = engine.gate()
    return gate.job(gate.job_id(kind, sets, config))


def _start(kind: str, sets: Sequence[ImageSet], config: jobs.Config) -> None:
    engine.gate().start(kind, sets, config)
    st.rerun()


@st.fragment(run_every=0.5)
def watch(job_id: str, what: str, beside: Callable[[], None] | None = None) -> None:
    """Progress, pace, time left and a way out; when the job ends, the page is drawn anew."""
    job = engine.gate().job(job_id)
    if job is None or not job.active:
        st.rerun(scope="app")
        return
    bar, out = st.columns([5, 1], vertical_alignment="bottom")
    bar.progress(job.done / job.total if job.total else 0.0, text=f"{what}: {_progress(job)}")
    if out.button("Cancel", key=f"cancel_{job_id}", width="stretch"):
        engine.gate().cancel(job_id)
        st.rerun(scope="app")
    if beside is not None:
        beside()


def _progress(job: jobs.Job) -> str:
    if job.state == "waiting":
        return "waits for the work before it"
    if not job.rate:
        return STAGE_WORDS.get(job.stage, job.stage or "starting")
    left = "" if job.left is None else f", {duration(job.left)} left"
    stage = f"{job.stage}: " if job.stage.startswith("epoch") else ""
    return f"{stage}{job.done} of {job.total}, {job.rate:.0f} images/s{left}"


def _weights_ready(feature: FeatureSpec) -> bool:
    if not features.is_network(feature.backbone) or feature.weights == features.UNTRAINED:
        return True
    try:
        if weights.find(features.network(feature.backbone)) is not None:
            return True
        st.warning(weights.missing(feature.backbone))
        weights_panel.get(feature.backbone)
    except ImprintError as error:
        st.error(str(error))
    return False
