"""The audit on the page: the answer, the baselines, the pairs of near-duplicates."""

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
from pages.ui.audit import charts
from pages.ui.background import results
from pages.ui.session import workspace
from pages.ui.theme import GREY, number, p_value
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import gallery, score_card
from pages.ui.widgets.score_card import PLAIN

ROW = 27  # px of the table
UNASKED = 3000  # images that are looked at without a click; a few hundred a second
HOW = {"copy": "exact copy", "hash": "correlation", "embedding": "cosine"}


def auditing(listener: Listener = silent) -> Auditor:
    return Auditor(workspace.store(), workspace.library(), listener=listener)


def audit(image_set: ImageSet) -> Audit | None:
    """The audit, or None while it waits for a click."""
    workspace.current().check([image_set])
    missing = auditing().missing(image_set)
    if missing > UNASKED:
        st.info(f"{missing:,} images have not been looked at yet. That takes a minute or two, once.")
        if not st.button("Look at them", key="look", type="primary"):
            return None
    place = st.empty()
    by = auditing(lambda step: place.progress(*shown(step)))
    found = by.audit(image_set, best_result(by.results(image_set)))
    place.empty()
    return found


def shown(step: Step) -> tuple[float, str]:
    return step.done / max(step.total, 1), f"{step.stage}: {step.done} of {step.total}"


def answer(found: Audit) -> None:
    """Four numbers and a sentence."""
    columns = st.columns([1, 1.4, 1.6, 1.4])
    warnings, confounds = len(found.warnings), sum(each.total for each in found.confounds)
    columns[0].metric("Warnings", warnings, f"of {len(found.findings)} baselines", **PLAIN)
    _strongest(columns[1], found)
    _method(columns[2], found)
    of = "none" if not confounds else "pairs of near-duplicates"
    columns[3].metric("Across classes", f"{confounds:,}", of, **PLAIN)
    words, button = st.columns([6, 1]) if found.method is None else (st.container(), None)
    (words.warning if warnings or confounds else words.success)(found.sentence)
    if button is not None:
        run_method(found, button, "Run the method", "run_method")


def _strongest(place: DeltaGenerator, found: Audit) -> None:
    scored = [each for each in found.findings if each.whole.score.value is not None]
    if not scored:
        place.metric("Strongest baseline", "–", "undefined", **PLAIN)
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
        place.metric(f"The method's {found.score}", "–", "no result on this set yet", **PLAIN)
        return
    score_card.score_card(
        place, f"The method's {found.score}", found.method, "The best of all that was tried"
    )


# -- baselines ----------------------------------------------------------------------------------------


def baselines(found: Audit) -> None:
    """The plot, and beside it what each baseline says."""
    left, right = st.columns([1, 1.15])
    with left:
        st.plotly_chart(
            charts.baselines(found),
            key="audit_chart",
            config=widgets_charts.CONFIG,
            alt=f"{found.score} of each blind baseline with its interval, beside the method's",
        )
        st.caption(
            f"Each row a {'grouping' if found.score == 'ARI' else 'ranking'} by one blind value alone."
        )
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
                found.score: st.column_config.TextColumn(width=50),
                "remark": st.column_config.TextColumn(width="large"),
            },
        )
        st.caption("p-values are corrected for the number of tests (Holm); 0.05 is the bound.")


def _rank(finding: Finding) -> float:
    value = finding.whole.score.value
    return float("inf") if value is None else -value


def _title(finding: Finding) -> str:
    return BASELINES.get(finding.name).title


# -- near-duplicates ----------------------------------------------------------------------------------


def near_duplicates(found: Audit) -> None:
    """Pairs side by side, by the classes that they join; the confounds first."""
    searched = "hash, thumbnail and embedding" if found.embedded else "hash and thumbnail"
    if not found.crossings:
        st.caption(f"No image of one class is a copy or near-duplicate of one of another, by {searched}.")
    for crossing in sorted(found.crossings, key=lambda each: not found.meaning(each).confound):
        st.markdown(f"**{_counted(crossing)}.** {found.meaning(crossing).words}")
        gallery.row([_pair(found, each) for each in crossing.pairs])
    if not found.embedded:
        run_method(found, st.container(), f"Look by {catalog.title(catalog.DEFAULT)} as well", "embed")


def _counted(crossing: CrossClassPairs) -> str:
    """The classes and how many pairs, all or the closest of which are shown."""
    shown = len(crossing.pairs)
    rest = f", of which the {shown} closest are shown" if crossing.total > shown else ""
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
    """Offer the method with its usual knobs: its result, and the embeddings that it leaves."""
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
