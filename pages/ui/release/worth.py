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
    "mmd": ("KID ↓", 3),
    "frechet": ("Fréchet ↓", 1),
    "precision": ("Precision ↑", 2),
    "recall": ("Recall ↑", 2),
    "density": ("Density ↑", 2),
    "coverage": ("Coverage ↑", 2),
}


WIDTHS = {  # px
    "score": 90,
    "all images": 145,
    "same size": 150,
    "real against real": 155,
    "at n/2": 55,
    "at n/4": 55,
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
    left, right = st.columns([2.1, 1])
    with left:
        for title, raw in found.fidelity.items():
            _space(title, Fidelity.from_json(raw))
        st.caption(
            "KID: unbiased squared MMD; Fréchet: Fréchet distance. ↓ lower is better, ↑ higher is "
            "better. All images: with 95% interval. “Same size” and “real against real” compare: half of "
            "the real slices against as many generated images, and against the other half (by patient; in "
            "brackets the range of the splits)."
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
        column_config={
            name: st.column_config.TextColumn(width=width, pinned=name == "score")
            for name, width in WIDTHS.items()
        },
    )
    if of.notes:
        st.caption(" ".join(of.notes))


def score_row(score: FidelityScore) -> dict[str, str]:
    """As it stands in the table: all images, comparable halves, and fewer images."""
    words, decimals = SCORES[score.name]
    smaller = {f"at {share}": "–" for share in ("n/2", "n/4")}
    for share, each in zip(smaller, score.at[1:], strict=False):
        smaller[share] = _fixed(each.value, decimals)
    ends = "" if score.low is None else _ends(score.low, score.high or 0, decimals)
    return {
        "score": words,
        "all images": "–" if score.value is None else _fixed(score.value, decimals) + ends,
        "same size": _spread(score.same_size, decimals),
        "real against real": _spread(score.floor, decimals),
        **smaller,
    }


def _spread(of: Spread | None, decimals: int) -> str:
    if of is None:
        return "–"
    return _fixed(of.mean, decimals) + _ends(of.low, of.high, decimals)


def _ends(low: float, high: float, decimals: int) -> str:
    return f" ({_fixed(low, decimals)} to {_fixed(high, decimals)})"


def _fixed(value: float, decimals: int) -> str:
    """Without the sign of what is rounded to zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def _plane(listed: Sequence[tuple[str, Release]], spaces: Sequence[str]) -> None:
    """Privacy against fidelity."""
    first, second = st.columns([1.25, 1])
    space = first.selectbox("Feature space", spaces, key="plane_space", filter_mode=None)
    axis = second.selectbox(
        "Figure",
        list(plane.AXES),
        key="plane_axis",
        format_func={"frechet": "Fréchet", "coverage": "Coverage"}.get,
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
