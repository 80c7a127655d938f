"""From a configuration to its result: at once if the embeddings are cached, otherwise through a job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.attribution.pipeline import Attribution
from core.config import FeatureSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.errors import ImprintError
from core.experiments.grid import Listed
from core.extraction.embedder import Plan
from core.features import catalog, weights
from core.features.custom import registry
from core.jobs import queue
from core.membership.cluster_distance import Membership
from core.membership.reconstruction.attack import Reconstruction, adapt_to_machine, check
from core.release.config import ReleaseConfig
from core.release.result import Release
from core.types import ImageSet
from core.wording import counted
from pages.ui.background import weights_download
from pages.ui.background.job_progress import find_job, run_by_job, start_job, watch
from pages.ui.session import workspace
from pages.ui.theme import duration

EmbeddingConfig = PipelineConfig | MembershipConfig


def attribution(image_set: ImageSet, config: PipelineConfig) -> Attribution | None:
    """The result, or None while there is none; the page then shows what is missing."""
    pipeline = workspace.pipeline()
    plan = pipeline.plan(image_set, config)
    if plan.missing:
        _embed(queue.ATTRIBUTE, [image_set], pipeline.effective(config)[0], plan)
        return None
    seconds = pipeline.wait(image_set, config)
    if seconds:
        _cluster(image_set, pipeline.effective(config)[0], seconds)
        return None
    result = pipeline.attribute(image_set, config)
    workspace.current().record([image_set], result)
    return result


def membership(development: ImageSet, test: ImageSet | None, config: MembershipConfig) -> Membership | None:
    """The same for the cluster-distance attack."""
    attack = workspace.cluster_distance_attack()
    sets = [development] if test is None else [development, test]
    plan = attack.plan(sets, config)
    if plan.missing:
        _embed(queue.MEMBERSHIP, sets, config, plan)
        return None
    result = attack.run(development, test, config)
    workspace.current().record(sets, result)
    return result


def reconstruction(
    development: ImageSet,
    test: ImageSet | None,
    config: ReconstructionConfig,
    beside: Callable[[], None],
) -> Reconstruction | None:
    """The same for the reconstruction attack; ``beside`` is drawn during training."""
    attack = workspace.reconstruction_attack()
    sets = [development] if test is None else [development, test]
    check(sets)
    if attack.ready(sets, config):
        result = attack.run(development, test, config)
        workspace.current().record(sets, result)
        return result
    config, _ = adapt_to_machine(config)
    what = "Training an autoencoder on the generated images of each data set"
    run_by_job(queue.RECONSTRUCT, sets, config, what, attack.expected_seconds(sets, config), beside)
    return None


def release(sets: Sequence[ImageSet], config: ReleaseConfig) -> Release | None:
    """The same for an assessment of a release."""
    current = workspace.current()
    current.check(sets)
    found = current.assessor.known(sets, config)
    if found is not None or not _weights_ready(catalog.spec()):
        return found
    config = replace(config, context="undeclared")  # no number depends on it, so it is no other job
    seconds = current.assessor.expected_seconds(sets, config)
    run_by_job(queue.RELEASE, sets, config, "Assessing the release", seconds)
    return None


def sweep(sets: Sequence[ImageSet], listed: Listed, beside: Callable[[], None]) -> Mapping[str, Any] | None:
    """The rows of a sweep, once it is complete; ``beside`` is drawn while it runs."""
    found = sweeps([sets], listed, beside)
    return None if found is None else found[0]


def sweeps(
    asked: Sequence[Sequence[ImageSet]], listed: Listed, beside: Callable[[], None]
) -> list[Mapping[str, Any]] | None:
    """The same for several, each on data sets of its own: all of them are run by one click."""
    noted = [workspace.store().note(workspace.current().swept(sets, listed)) for sets in asked]
    if all(found is not None and found["over"] for found in noted):
        return noted
    open_ = [sets for sets, found in zip(asked, noted, strict=True) if found is None or not found["over"]]
    jobs = [find_job(queue.SWEEP, sets, listed) for sets in open_]
    several = len(asked) > 1
    configs = counted(len(listed.configs), "configuration")
    what = f"{configs} on {counted(len(asked), 'data set')}" if several else configs
    active = [(sets, job) for sets, job in zip(open_, jobs, strict=True) if job is not None and job.active]
    if len(active) < len(open_):
        st.caption(f"{what}. Shared steps are computed only once.")
        for job in jobs:
            if job is not None and job.state == "failed":
                st.error(f"{job.sets[0]}: {job.error}" if several else job.error)
        if st.button(f"Run {what}", key="run_sweep", type="primary"):
            for sets in open_:
                workspace.current().start(queue.SWEEP, sets, listed)
            st.rerun()
    for place, (sets, job) in enumerate(active):
        words = f"Evaluating {configs}" + (f" on {sets[0].name}" if several else "")
        watch(job.id, words, None if place else beside)
    if not active:
        beside()
    return None


def _embed(kind: str, sets: Sequence[ImageSet], config: EmbeddingConfig, plan: Plan) -> None:
    if _weights_ready(config.feature):
        what = f"Embedding {counted(plan.missing, 'image')} with {catalog.title(config.feature.backbone)}"
        run_by_job(kind, sets, config, what, plan.seconds)


def _cluster(image_set: ImageSet, config: PipelineConfig, seconds: float) -> None:
    words = f"Takes about {duration(seconds)}, once."
    if config.cluster.method == "hierarchical":
        words += " Changing the number of clusters is then fast: it is another cut of the same tree."
    what = f"Clustering {len(image_set.generated):,} images"
    run_by_job(queue.ATTRIBUTE, [image_set], config, what, seconds, lambda: st.caption(words))


def umap_ready(image_set: ImageSet, config: PipelineConfig) -> bool:
    """Whether the UMAP is cached; otherwise start a job and watch it."""
    pipeline = workspace.pipeline()
    if pipeline.has_map(image_set, config, "umap"):
        return True
    config, _ = pipeline.effective(config)
    job = find_job(queue.UMAP, [image_set], config)
    if job is not None and job.state in ("failed", "cancelled", "died"):
        st.info(job.error or "Cancelled.")
        if st.button("Draw the UMAP", key="umap_again"):
            start_job(queue.UMAP, [image_set], config)
        return False
    if job is None or not job.active:
        job = workspace.current().start(queue.UMAP, [image_set], config)
    watch(job.id, "UMAP, about half a minute")
    return False


def _weights_ready(feature: FeatureSpec) -> bool:
    if not catalog.is_network(feature.backbone) or feature.weights == catalog.UNTRAINED:
        return True
    try:
        if weights.find(registry.network(feature.backbone)) is not None:
            return True
        st.warning(weights.missing(feature.backbone))
        weights_download.get(feature.backbone)
    except ImprintError as error:
        st.error(str(error))
    return False
