"""Removing confounders: the transforms, the derived data set, and results before and after."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.audit import derive
from core.audit.baselines import BASELINES
from core.audit.pipeline import Audit, before_and_after, best_result, score_of
from core.audit.transforms import STEPS, DeriveSpec
from core.experiments.run_log import Row
from core.features import catalog
from core.numeric.statistics import Score
from core.types import ImageSet
from pages.ui import routes
from pages.ui.audit import views
from pages.ui.session import workspace
from pages.ui.theme import number, spread
from pages.ui.widgets import permalinks


def panel(found: Audit) -> None:
    """The transforms, then the derived data set next to this one, or the button that creates it."""
    spec = settings()
    if spec is None:
        st.caption(
            "Select transforms: they are applied to all images, and the method can be run on the "
            "derived data set."
        )
        return
    name = derive.derived_name(found.image_set, spec)
    if name in workspace.library().names():
        _compare(found, workspace.library().get(name))
    elif st.button(f"Create “{name}”", key="derive", type="primary"):
        bar = st.progress(0.0, text=spec.words)
        derive.derive(
            workspace.library(), found.image_set, spec, name, lambda step: bar.progress(*views.shown(step))
        )
        st.rerun()


def settings() -> DeriveSpec | None:
    """One switch per transform, in the order in which they are applied; None while all are off."""
    usual = DeriveSpec(("resize",))
    places = st.columns([1.3, 0.8, 0.8, 1, 1, 1.2], vertical_alignment="bottom")
    removing = [(name, step) for name, step in STEPS if step.removes]
    switches = zip(removing, places, strict=False)
    steps = tuple(name for (name, step), place in switches if place.toggle(step.title, key=f"step_{name}"))
    size = places[-3].number_input(
        "Size (px)", 16, 1024, usual.size, 16, key="step_size", disabled="resize" not in steps
    )
    quality = places[-2].number_input(
        "JPEG quality", 1, 100, usual.quality, 5, key="step_quality", disabled="jpeg" not in steps
    )
    return DeriveSpec(steps, int(size), int(quality)) if steps else None


def _compare(found: Audit, derived: ImageSet) -> None:
    """Result and warnings, before and after."""
    auditing = views.auditing()
    rows, rows_after = auditing.results(found.image_set), auditing.results(derived)
    after = auditing.audit(derived, best_result(rows_after))
    both = before_and_after(rows, rows_after)
    table = [
        {
            "": f"Method, {found.score}",
            "original": _formatted(score_of(both[0]) if both else found.method),
            "derived": _formatted(score_of(both[1]) if both else None),
        },
        {"": "Warnings", "original": str(len(found.warnings)), "derived": str(len(after.warnings))},
        *_baselines(found, after),
    ]
    left, right = st.columns([1.5, 1])
    with left:
        st.dataframe(pd.DataFrame(table), hide_index=True, height="content", key="before_after")
        if both:
            st.caption(f"Method: {_method(both[0])}, the best configuration evaluated on both data sets.")
    with right:
        st.caption(
            f"“{derived.name}” has the same file names, roles, labels and patient groups as this data set."
        )
        _links(rows, derived)


def _baselines(found: Audit, after: Audit) -> list[dict[str, str]]:
    """Baselines with a warning before or after."""
    warned = {each.name for each in (*found.warnings, *after.warnings)}
    return [
        {
            "": f"{BASELINES.get(one.name).title}, {found.score}",
            "original": number(one.whole.score.value),
            "derived": number(other.whole.score.value),
        }
        for one, other in zip(found.findings, after.findings, strict=True)
        if one.name in warned
    ]


def _formatted(score: Score | None) -> str:
    if score is None:
        return "not run yet"
    if score.low is None:
        return number(score.value)
    return f"{number(score.value)} ({spread(score)})"


def _method(row: Row) -> str:
    backbone = row["config"].get("backbone")
    return catalog.title(backbone) if backbone else "reconstruction attack"


def _links(rows: Sequence[Row], derived: ImageSet) -> None:
    """Links to the audit of the derived data set, and to the method with the best settings on this one."""
    permalinks.link("Audit the derived data set", permalinks.place(routes.AUDIT, {"set": derived.name}))
    if rows:
        permalinks.link(
            "Run the method on it with the same settings", permalinks.href(rows[0]["config"], [derived])
        )
        return
    page = routes.REGIONS if derived.real else routes.GENERATORS
    permalinks.link("Run the method on it", permalinks.place(page, {"set": derived.name}))
