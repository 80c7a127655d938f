"""Was it used? Scores beside the trivial baseline, the verdict, and remarks on both."""

import streamlit as st

from core.features import catalog
from core.membership import verdict
from core.membership.cluster_distance import Membership
from core.membership.decision_rules import RULES
from core.membership.evaluation import AttackResult, PartResult
from core.paper.reference import same_regions
from pages.ui.membership.charts import DISTANCE_WORDS
from pages.ui.theme import digits, number, p_value
from pages.ui.widgets.score_card import PLAIN, score_card


def show(result: AttackResult) -> None:
    """One row of cards, then the verdict."""
    reported = result.reported
    columns = st.columns([1.1, 1.4, 1.2, 1.15, 1.25, 1.4])
    _f1(columns, result)
    if reported.verdict is not None:
        auc = reported.verdict.scores["auc"]
        score_card(
            columns[3],
            f"AUC on {_part(result)}",
            auc,
            "Area under the ROC curve: 0.5 = chance, 1 = perfect separation of used and unused images",
        )
        p = reported.p_value
        columns[4].metric(
            "AUC by chance",
            digits(0.5),
            "undefined" if p is None else p_value(p),
            help="Permutation test: labels are permuted between patient groups"
            + ("." if result.test else "; corrected for selecting distance and k."),
            **PLAIN,
        )
    _predicted(columns[5], reported)
    (st.info if result.outcome in (verdict.NONE_FOUND, verdict.UNDEFINED) else st.warning)(result.sentence)


def remarks(result: Membership, tried: int) -> None:
    st.caption(" ".join(list_remarks(result, tried)))


def list_remarks(result: Membership, tried: int) -> list[str]:
    """Remarks that a careful reader would ask for."""
    distance, k, rule = result.chosen
    of = len(result.development.rules) * len(result.candidates)
    chosen = f"{DISTANCE_WORDS[distance]} distance, k = {k}, rule “{RULES.get(rule).title.lower()}”"
    sentences = [
        f"Selected on the development set (out of {of}): {chosen}."
        if of > 1
        else f"{chosen[0].upper()}{chosen[1:]}."
    ]
    sentences += common(result)
    if tried > 1:
        sentences.append(
            f"{tried} configurations were evaluated on these data sets: the best test result among them is "
            "optimistically biased."
        )
    if result.config.feature.weights == catalog.UNTRAINED:
        sentences.append("Computed with an untrained network (random weights, seed 0).")
    sentences += [
        f"Paper, table 3, run {run.run} (different images): {run.features}, {DISTANCE_WORDS[run.distance]} "
        f"distance, k = {run.k}: F1 {run.train_f1[2]:.3f} on training, {run.test_f1[2]:.3f} on test."
        for run in same_regions(result.config)
    ]
    return [sentence for sentence in sentences if sentence]


def common(result: AttackResult) -> list[str]:
    """Remarks that apply to every attack."""
    return [optimism(result), _below_baseline(result), _gap(result), *result.notes]


def optimism(result: AttackResult) -> str:
    if not result.optimism:
        return ""
    return f"Scores on the development set are of the {result.optimism}; the p-value is corrected for this."


def _optimism(result: AttackResult) -> str:
    return f"; {result.optimism}" if result.optimism else ""


def _part(result: AttackResult) -> str:
    return "test" if result.test else "development"


def _f1(columns: list, result: AttackResult) -> None:
    text = "F1 of “used”: harmonic mean of precision and recall"
    if result.test is not None and result.test.verdict is not None:
        score_card(columns[0], "F1 on test", result.test.verdict.scores["f1"], text)
    else:
        why = "no test set" if result.test is None else "unlabelled"
        columns[0].metric("F1 on test", "–", why, **PLAIN)
    assert result.dev.verdict is not None
    score_card(
        columns[1],
        "F1 on development",
        result.dev.verdict.scores["f1"],
        f"{text}. Cross-validated by patient group{_optimism(result)}",
    )
    reported = result.reported.verdict or result.dev.verdict
    baseline = reported.baselines["everything_used"]
    columns[2].metric(
        "Baseline F1",
        number(baseline),
        "always “used”",
        help="F1 if all images are predicted “used”. Lower F1 values are no better than this trivial "
        "baseline.",
        **PLAIN,
    )


def _predicted(place: st.delta_generator.DeltaGenerator, reported: PartResult) -> None:
    n, used = len(reported.files), int(reported.predicted.sum())
    place.metric(
        "Predicted “used”",
        f"{100 * used / n:.0f}%",
        f"{used} of {n}",
        help="Predicting “used” for every image gives F1 = 0.67 on a balanced data set.",
        **PLAIN,
    )


def _below_baseline(result: AttackResult) -> str:
    verdict = result.reported.verdict
    if verdict is None:
        return ""
    f1, baseline = verdict.scores["f1"].value, verdict.baselines["everything_used"]
    if f1 is None or baseline is None or f1 > baseline:
        return ""
    return f"F1 on {_part(result)} is not above the baseline of always predicting “used”."


def _gap(result: AttackResult) -> str:
    if result.test is None or result.test.verdict is None or result.dev.verdict is None:
        return ""
    dev, test = result.dev.verdict.scores["f1"].value, result.test.verdict.scores["f1"].value
    if dev is None or test is None:
        return ""
    return f"F1 gap (development − test): {dev - test:+.2f}."
