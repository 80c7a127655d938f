"""The audit on the page: summary, baselines and near-duplicates."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.audit.baselines import BASELINES
from core.audit.blind_scores import Finding
from core.audit.near_duplicates import CrossClassPairs, Pair
from core.audit.pipeline import Audit, Auditor, best_result
from core.audit.text import pairs, title_in_sentence
from core.config import MembershipConfig, PipelineConfig
from core.features import catalog
from core.progress import Listener, Step, silent
from core.types import ImageFile, ImageSet
from core.wording import counted, verb
from pages.ui.audit import charts
from pages.ui.background import results
from pages.ui.session import workspace
from pages.ui.theme import GREY, number, p_value
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import gallery, score_card
from pages.ui.widgets.score_card import PLAIN

ROW = 27  # px of the table
UNASKED = 3000  # images that are analysed without a click, at a few hundred images per second
HOW = {"copy": "exact copy", "hash": "correlation", "embedding": "cosine"}


def auditing(listener: Listener = silent) -> Auditor:
    return Auditor(workspace.store(), workspace.library(), listener=listener)


def audit(image_set: ImageSet) -> Audit | None:
    """The audit, or None until the button is clicked."""
    workspace.current().check([image_set])
    missing = auditing().missing(image_set)
    if missing > UNASKED:
        st.info(f"{counted(missing, 'image')} not analysed yet (1 to 2 minutes, once).")
        if not st.button("Analyse", key="look", type="primary"):
            return None
    place = st.empty()
    by = auditing(lambda step: place.progress(*shown(step)))
    found = by.audit(image_set, best_result(by.results(image_set)))
    place.empty()
    return found


def shown(step: Step) -> tuple[float, str]:
    return step.done / max(step.total, 1), f"{step.stage}: {step.done} of {step.total}"


def answer(found: Audit) -> None:
    """Four metric cards and the summary sentence."""
    columns = st.columns([1, 1.4, 1.6, 1.4])
    warnings, confounds = len(found.warnings), sum(each.total for each in found.confounds)
    columns[0].metric("Warnings", warnings, f"of {len(found.findings)} baselines", **PLAIN)
    _strongest(columns[1], found)
    _method(columns[2], found)
    of = f"{verb(confounds, 'pair', 'pairs')} of near-duplicates" if confounds else "none"
    columns[3].metric("Across classes", f"{confounds:,}", of, **PLAIN)
    words, button = st.columns([6, 1]) if found.method is None else (st.container(), None)
    (words.warning if warnings or confounds else words.success)(found.sentence)
    if button is not None:
        run_method(found, button, "Run the method", "run_method")


def _strongest(place: DeltaGenerator, found: Audit) -> None:
    scored = [each for each in found.findings if each.whole.score.value is not None]
    if not scored:
        place.metric("Strongest baseline", "undefined", None, **PLAIN)
        return
    first = max(scored, key=lambda each: each.whole.score.value or 0)
    place.metric(
        f"Strongest: {title_in_sentence(first)}",
        f"{found.score} {number(first.whole.score.value)}",
        p_value(first.whole.p_value or 1.0),
        **PLAIN,
    )


def _method(place: DeltaGenerator, found: Audit) -> None:
    if found.method is None:
        place.metric(f"Method, {found.score}", "–", "no result yet", **PLAIN)
        return
    score_card.score_card(
        place, f"Method, {found.score}", found.method, "The best configuration evaluated on this data set"
    )


# -- baselines ----------------------------------------------------------------------------------------


def baselines(found: Audit) -> None:
    """The chart, and a table of what each baseline shows."""
    left, right = st.columns([1, 1.15])
    with left:
        st.plotly_chart(
            charts.baselines(found),
            key="audit_chart",
            config=widgets_charts.CONFIG,
            alt=f"{found.score} of every blind baseline with its 95% interval, next to that of the method",
        )
        used = "clustered" if found.score == "ARI" else "ranked"
        st.caption(f"Each row: images {used} by this one property alone.")
    with right:
        rows = [
            {
                "baseline": _title(each),
                found.score: number(each.whole.score.value),
                "remark": found.remark(each),
            }
            for each in sorted(found.findings, key=_rank)
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            height=charts.HEIGHT,
            row_height=ROW,
            key="audit_table",
            column_config={
                "baseline": st.column_config.TextColumn(width=135),
                found.score: st.column_config.TextColumn(width=85),
                "remark": st.column_config.TextColumn(width="large"),
            },
        )
        st.caption("p-values are corrected for the number of tests (Holm); significance level 0.05.")


def _rank(finding: Finding) -> float:
    value = finding.whole.score.value
    return float("inf") if value is None else -value


def _title(finding: Finding) -> str:
    return BASELINES.get(finding.name).title


# -- near-duplicates ----------------------------------------------------------------------------------


def near_duplicates(found: Audit) -> None:
    """Pairs side by side, by classes; confounders first."""
    searched = "hash, thumbnail and embedding" if found.embedded else "hash and thumbnail"
    if not found.crossings:
        st.caption(f"No duplicates or near-duplicates across classes were found (compared by {searched}).")
    for crossing in sorted(found.crossings, key=lambda each: not found.meaning(each).confound):
        st.markdown(f"**{_counted(crossing)}.** {found.meaning(crossing).words}")
        gallery.row([_pair(found, each) for each in crossing.pairs])
    if not found.embedded:
        run_method(
            found, st.container(), f"Search by embedding as well ({catalog.title(catalog.DEFAULT)})", "embed"
        )


def _counted(crossing: CrossClassPairs) -> str:
    """The classes, the number of pairs, and how many of these are shown."""
    shown = len(crossing.pairs)
    rest = f"; the {shown} closest are shown" if crossing.total > shown else ""
    return f"{' and '.join(crossing.classes)}: {pairs(crossing.total)}{rest}"


def _pair(found: Audit, pair: Pair) -> str:
    like = HOW[pair.how] if pair.how == "copy" else f"{HOW[pair.how]} {pair.likeness:.3f}"
    first, second = (found.image_set.files[place] for place in (pair.first, pair.second))
    return gallery.pair(_tile(first, like), _tile(second, ""))


def _tile(file: ImageFile, words: str) -> str:
    pixels = workspace.library().pixels(file.sha256)
    return gallery.figure(pixels, [file.name, words or "\u00a0"], GREY, file.name)


# -- the method ---------------------------------------------------------------------------------------


def run_method(found: Audit, place: DeltaGenerator, label: str, key: str) -> None:
    """Offer to run the method with its default settings."""
    image_set, state = found.image_set, st.session_state
    asked = state.pop("asked_method", None) == (image_set.name, key)
    if not place.button(label, key=key) and not asked:
        return
    feature = catalog.spec()
    result: object = None
    if image_set.real:
        result = results.membership(image_set, None, MembershipConfig(feature))
    else:
        result = results.attribution(image_set, PipelineConfig(feature))
    if result is not None:
        st.rerun(scope="app")
    state["asked_method"] = (image_set.name, key)
