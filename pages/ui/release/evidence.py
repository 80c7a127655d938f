"""The evidence: an attack per row, the controls beside them, and what could have been seen at all."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.numeric.statistics import format_p
from core.release.result import AttackRow, Controls, Interval, Power, Release
from core.types import ImageSet
from core.wording import counted
from pages.ui import routes
from pages.ui.layout.page import NO_TEST
from pages.ui.release import charts
from pages.ui.theme import duration
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import permalinks

ROW = 27  # px of the table
CLOSER = (
    (routes.AUDIT, "Audit"),
    (routes.REGIONS, "Training data: regions"),
    (routes.RECONSTRUCTION, "Training data: reconstruction"),
)


def section(found: Release, sets: Sequence[ImageSet]) -> None:
    """Chart and remarks beside each other, the table below."""
    st.markdown("### Evidence")
    if found.attacks:
        headline = found.headline.attack if found.headline else ""
        left, right = st.columns([1.15, 1])
        with left:
            st.plotly_chart(
                charts.attacks(found.attacks, headline),
                key="attacks_chart",
                config=widgets_charts.CONFIG,
                alt="AUC of every attack with its 95% interval, and that of its placebo",
            )
            st.caption(
                "Bold: headline attack. Dotted line: chance. Placebo: real slices of other people in the "
                "generator's place."
            )
        with right:
            for words in remarks(found):
                st.caption(words)
        _table(found, headline)
    else:
        for words in remarks(found):
            st.caption(words)
    _links(sets)


def _links(sets: Sequence[ImageSet]) -> None:
    """For a closer look at the same data sets."""
    chosen = {"set": sets[0].name, "test": sets[1].name if len(sets) > 1 else NO_TEST}
    with st.container(horizontal=True, key="closer", gap="medium"):
        for page, title in CLOSER:
            query = chosen if page != routes.AUDIT else {"set": sets[-1].name}
            with st.container(width="content"):
                permalinks.link(title, permalinks.place(page, query))


# -- the table ----------------------------------------------------------------------------------------


def _table(found: Release, headline: str) -> None:
    rows = [table_row(row, headline) for row in found.attacks]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        row_height=ROW,
        key="attacks_table",
        column_config={
            name: st.column_config.TextColumn(width=width, pinned=name == "attack")
            for name, width in WIDTHS.items()
        },
    )
    st.caption(" ".join([TABLE_WORDS, *reasons(found.attacks)]))


WIDTHS = {  # px
    "attack": 205,
    "AUC": 130,
    "TPR at 1% FPR": 130,
    "TPR at 5% FPR": 130,
    "corrected p": 80,
    "placebo AUC": 88,
    "advantage": 130,
    "ε (most)": 70,
    "time": 50,
    "source": 330,
}
TABLE_WORDS = (
    "★: headline attack. TPR: share of used slices found while 1% or 5% of the others are accused wrongly. "
    "Corrected p: for all attacks (step-down). Advantage: what an attack finds beyond its rate of false "
    "accusations. ε: lower bound of the privacy loss, and the most that so few slices could have shown."
)


def table_row(row: AttackRow, headline: str) -> dict[str, str]:
    """As it stands in the table."""
    return {
        "attack": f"{row.title} ★" if row.attack == headline else row.title,
        "AUC": _with_interval(row.auc, row.auc_ci),
        "TPR at 1% FPR": _with_interval(row.tpr_at_1fpr, row.tpr_at_1fpr_ci),
        "TPR at 5% FPR": _with_interval(row.tpr_at_5fpr, row.tpr_at_5fpr_ci),
        "corrected p": format_p(row.corrected_p).removeprefix("= "),
        "placebo AUC": "–" if row.placebo_auc is None else f"{row.placebo_auc:.2f}",
        "advantage": _with_interval(row.advantage, row.advantage_ci),
        "ε (most)": f"{row.epsilon:.1f} ({row.epsilon_largest:.1f})",
        "time": f"{row.seconds:.1f} s" if row.seconds < 10 else duration(row.seconds),
        "source": row.source,
    }


def _with_interval(value: float | None, ends: Interval) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if ends is None else f"{value:.2f} ({ends[0]:.2f} to {ends[1]:.2f})"


def reasons(rows: Sequence[AttackRow]) -> list[str]:
    """Why rates are undefined, each reason once."""
    found = dict.fromkeys(reason for row in rows for reason in row.undefined)
    return [f"Undefined (–): {reason}." for reason in found]


# -- what to know of it -------------------------------------------------------------------------------


def remarks(found: Release) -> list[str]:
    """What a careful reader would ask for."""
    said = []
    if found.controls is not None and found.headline is not None:
        said.append(controls(found.controls, found.headline.title))
    if found.power is not None:
        said.append(power(found.power))
    if found.confounds:
        said.append(f"Blind baselines that tell used slices as well: {', '.join(found.confounds)}.")
    if found.not_run:
        said.append(f"Not run: {'; '.join(found.not_run)}.")
    said += found.notes
    said.append(scope(str(found.config["context"])))
    return said


def controls(of: Controls, headline: str) -> str:
    """Where there is nothing to find."""
    halves = {"not used": of.not_used_halves, "used": of.used_halves}
    given = [f"{name} {ends[0]:.2f} to {ends[1]:.2f}" for name, ends in halves.items() if ends]
    split = f", AUC between random halves (by patient): {'; '.join(given)}" if given else ""
    placebo = f"placebo: {of.placebo}"
    if of.placebo_p is not None:
        placebo += f" ({counted(of.placebo_images, 'image')}; p {format_p(of.placebo_p)})"
    return f"Controls. {headline}{split}. {placebo[0].upper()}{placebo[1:]}."


def power(of: Power) -> str:
    """How often planted copies were found."""
    shares = ", ".join(f"{share:.0%} copied: {often:.0%}" for share, often in of.found)
    trials = counted(of.trials, "trial")
    return f"Power. Mildly changed copies of used slices were planted; found in {trials} each: {shares}."


def scope(context: str) -> str:
    """What the verdict does not say."""
    weights = " Attacks on the weights themselves were not run." if context == "weights" else ""
    return (
        "Not tested: attribute inference, model inversion and linkage with other data. This is evidence "
        f"about the attacks that were run, no proof of anonymity.{weights}"
    )
