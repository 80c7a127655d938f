"""What the generated images are worth: fidelity and diversity beside privacy."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.fidelity.result import Fidelity, FidelityScore, Spread
from core.release.config import ReleaseConfig
from core.release.result import Release
from core.types import ImageSet
from core.wording import counted
from pages.ui.release import charts, plane
from pages.ui.widgets import charts as widgets_charts

ROW = 27  # px of the table
SCORES = {  # words, and decimals
    "mmd": ("KID (squared MMD) ↓", 3),
    "frechet": ("Fréchet distance ↓", 1),
    "precision": ("Precision ↑", 2),
    "recall": ("Recall ↑", 2),
    "density": ("Density ↑", 2),
    "coverage": ("Coverage ↑", 2),
}


def section(
    found: Release, sets: Sequence[ImageSet], reference: ImageSet | None, config: ReleaseConfig
) -> None:
    """A table per feature space, and the plane of all sets that were assessed with these settings."""
    if not found.fidelity:
        return
    st.markdown("### Fidelity")
    st.caption(
        "How close the generated images come to the real ones. Good figures say nothing about privacy: exact "
        "copies have the best ones."
    )
    left, right = st.columns([1.5, 1])
    with left:
        for title, raw in found.fidelity.items():
            _space(title, Fidelity.from_json(raw))
        st.caption(
            "↓ lower is better, ↑ higher is better. “Same size” and “real against real” are comparable: half "
            "of the real slices against as many generated images, and against the other half (split by "
            "patient; range of the splits)."
        )
    with right:
        _plane(plane.known(found, sets, reference, config), list(found.fidelity))


def _space(title: str, of: Fidelity) -> None:
    patients = counted(of.real_groups, "patient group")
    measured = f"{of.measured_generated:,} generated, {of.measured_real:,} real of {patients}"
    st.markdown(f"**{title[0].upper()}{title[1:]}** · {measured}")
    undefined = of.scores[0].undefined
    if undefined:
        st.caption(f"Undefined: {undefined}.")
        return
    st.dataframe(
        pd.DataFrame([score_row(each) for each in of.scores]),
        hide_index=True,
        height="content",
        row_height=ROW,
        key=f"fidelity_{title}",
        column_config={"score": st.column_config.TextColumn(pinned=True)},
    )
    if of.notes:
        st.caption(" ".join(of.notes))


def score_row(score: FidelityScore) -> dict[str, str]:
    """As it stands in the table: all images, comparable halves, and fewer images."""
    words, decimals = SCORES[score.name]
    smaller = {f"at {share}": "–" for share in ("n/2", "n/4")}
    for share, each in zip(smaller, score.at[1:], strict=False):
        smaller[share] = f"{each.value:.{decimals}f}"
    ends = "–" if score.low is None else f"{score.low:.{decimals}f} to {score.high:.{decimals}f}"
    return {
        "score": words,
        "value": "–" if score.value is None else f"{score.value:.{decimals}f}",
        "95% interval": ends,
        "same size": _spread(score.same_size, decimals),
        "real against real": _spread(score.floor, decimals),
        **smaller,
    }


def _spread(of: Spread | None, decimals: int) -> str:
    if of is None:
        return "–"
    return f"{of.mean:.{decimals}f} ({of.low:.{decimals}f} to {of.high:.{decimals}f})"


def _plane(listed: Sequence[tuple[str, Release]], spaces: Sequence[str]) -> None:
    """Privacy against fidelity."""
    first, second = st.columns(2)
    space = first.selectbox("Feature space", spaces, key="plane_space", filter_mode=None)
    axis = second.selectbox(
        "Figure",
        list(plane.AXES),
        key="plane_axis",
        format_func={"frechet": "Fréchet distance", "coverage": "Coverage"}.get,
        filter_mode=None,
    )
    shown = plane.candidates(listed, space, axis)
    if not shown:
        st.caption("Privacy against fidelity takes a headline attack and a defined figure.")
        return
    st.plotly_chart(
        charts.plane(shown, plane.AXES[axis]),
        key="plane_chart",
        config=widgets_charts.CONFIG,
        alt="AUC of the headline attack by fidelity, one point per assessed data set",
    )
    others = len(shown) - 1
    words = (
        f"Large: this data set. {counted(others, 'other')} assessed with the same settings. Only sets of the "
        "same size compare."
        if others
        else "Other data sets appear here once they are assessed with the same settings."
    )
    st.caption(f"{words} Figure at the same size as real against real, with its range.")
