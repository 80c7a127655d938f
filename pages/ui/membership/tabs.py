"""Below the result: slices and their evidence, ROC, all crops, all scores, other configurations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from core.config import MembershipConfig
from core.engine import MEMBERSHIP
from core.experiments import run_log
from core.features import catalog
from core.jobs import queue
from core.membership.cluster_distance import Membership, OverK
from core.membership.decision_rules import RULES
from core.membership.evaluation import AttackResult
from core.regions.crops import CROPS
from core.types import ImageSet
from core.wording import counted
from pages.ui import theme
from pages.ui.background import job_progress
from pages.ui.membership import charts as membership_charts
from pages.ui.membership import slices
from pages.ui.membership.charts import DISTANCE_WORDS
from pages.ui.session import workspace
from pages.ui.widgets import charts, controls, permalinks

Sets = tuple[ImageSet, ImageSet | None]

NO_ROC = "A ROC curve needs used and not used images."
SCORE_WORDS = {
    "f1": "F1",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "balanced_accuracy": "Balanced accuracy",
    "kappa": "Cohen's kappa",
    "mcc": "MCC",
    "auc": "ROC AUC",
    "tpr_at_1fpr": "TPR at 1% FPR",
    "used_rate": "Predicted-positive rate",
}

HISTORY_WORDS = {
    "dev_auc": "AUC (development)",
    "dev_f1": "F1 (development)",
    "test_auc": "AUC (test)",
    "test_f1": "F1 (test)",
}


def tabs(sets: Sets, result: Membership) -> None:
    """Only the open tab computes anything."""
    tab = st.segmented_control(
        "Evidence",
        ["Slices", "ROC", "All crops", "Scores", "Rules", "History"],
        default="Slices",
        key="tab",
        required=True,
        label_visibility="collapsed",
    )
    if tab == "Slices":
        slices.browser(sets, result)
    elif tab == "ROC":
        roc(result)
    elif tab == "All crops":
        _all_crops(sets, result)
    elif tab == "Scores":
        scores(result)
    elif tab == "Rules":
        _rules(result)
    elif tab == "History":
        _history(sets)


def part_of(result: AttackResult) -> str:
    """The part that is reported on: the test set, if it is labelled."""
    return "test" if result.test is not None and result.test.verdict is not None else "development"


def everything_used(result: AttackResult) -> float | None:
    verdict = result.reported.verdict or result.dev.verdict
    return None if verdict is None else verdict.baselines["everything_used"]


# -- ROC ----------------------------------------------------------------------------------------------


def roc(result: AttackResult) -> None:
    curves, n = roc_curves(result)
    if not curves:
        st.caption(NO_ROC)
        return
    for place, logarithmic in zip(st.columns(2), (False, True), strict=True):
        place.plotly_chart(
            membership_charts.roc(curves, 1 / n, logarithmic),
            key=f"roc_{logarithmic}",
            config=charts.CONFIG,
            alt=f"ROC curve, {'logarithmic' if logarithmic else 'linear'} axes",
        )
    st.caption(roc_words(n))


def roc_curves(result: AttackResult) -> tuple[dict[str, np.ndarray], int]:
    """False and true positive rates (m, 2) by part where they are defined, and the number of images that were
    not used in the first of them."""
    parts = {"test": result.test, "development": result.dev}
    found = {name: part.verdict for name, part in parts.items() if part and part.verdict and part.verdict.roc}
    n = next((verdict.n_not_used for verdict in found.values()), 0)
    return {name: np.array(verdict.roc) for name, verdict in found.items()}, n


def roc_words(n: int) -> str:
    return (
        "ROC over all thresholds. Right: logarithmic axes, showing the true positive rate at very "
        f"low false positive rates. With {n} images that were not used, one false positive is "
        f"{100 / n:.2g}%: nothing can be measured left of the dotted line."
    )


# -- crops --------------------------------------------------------------------------------------------


def _all_crops(sets: Sets, result: Membership) -> None:
    found, lacking = _found(sets, result)
    crops = {name: controls.CROP_WORDS[name] for name in CROPS.names()}
    st.plotly_chart(
        membership_charts.all_crops(found, crops, part_of(result), everything_used(result)),
        key="crops_chart",
        config=charts.CONFIG,
        alt="F1 by number of clusters: one panel per crop, one line per backbone and distance",
    )
    st.caption(
        "All results computed for these data sets, with the selected rule. If a random patch performs as "
        "well as the lung crop, anatomy does not explain the result. Grey band: 95% range under permuted "
        "labels. Dashed line: always predict “used”."
    )
    if lacking:
        _offer(sets, lacking)


def _found(sets: Sets, result: Membership) -> tuple[dict[tuple[str, str], OverK], list[MembershipConfig]]:
    """Curves whose embeddings are cached, and this backbone's configurations whose are not."""
    attack = workspace.cluster_distance_attack()
    given = [each for each in sets if each is not None]
    found, lacking = {}, []
    for config in _configs(result.config):
        if attack.ready(given, config):
            name = catalog.title(config.feature.backbone), config.crop
            found[name] = attack.over_k(*sets, config, result.chosen[2])
        elif config.feature == result.config.feature:
            lacking.append(config)
    return found, lacking


def _configs(config: MembershipConfig) -> list[MembershipConfig]:
    """Every backbone with default settings, and the selected one with its own, under every crop."""
    weights = catalog.UNTRAINED if config.feature.weights == catalog.UNTRAINED else "imagenet"
    specs = [
        config.feature if name == config.feature.backbone else catalog.spec(name, weights=weights)
        for name in catalog.names()
        if not (catalog.is_own(name) and weights == catalog.UNTRAINED)
    ]
    return [replace(config, feature=spec, crop=crop) for spec in specs for crop in CROPS.names()]


def _offer(sets: Sets, lacking: list[MembershipConfig]) -> None:
    given, current = [each for each in sets if each is not None], workspace.current()
    running = [
        job for config in lacking if (job := current.job(current.job_id(queue.MEMBERSHIP, given, config)))
    ]
    active = [job for job in running if job.active]
    for job in active:
        job_progress.watch(job.id, "Embedding the other crops")
    for job in running:
        if job.state in ("failed", "died"):
            st.error(job.error)
    names = ", ".join(controls.CROP_WORDS[config.crop] for config in lacking)
    if not active and st.button(f"Compute the other crops for this backbone: {names}", key="other_crops"):
        for config in lacking:
            current.start(queue.MEMBERSHIP, given, config)
        st.rerun()


# -- tables -------------------------------------------------------------------------------------------


def scores(result: AttackResult) -> None:
    table = pd.DataFrame(score_rows(result)).fillna("")
    st.dataframe(table, hide_index=True, height="content", key="scores_table")
    st.caption(score_words(result))


def score_rows(result: AttackResult) -> list[dict[str, str]]:
    """Every score of both parts with its 95% interval and the value expected by chance."""
    dev = f"dev. ({result.optimism})" if result.optimism else "dev."
    parts = {"test": result.test, dev: result.dev}
    rows = []
    for name, words in SCORE_WORDS.items():
        row = {"score": words}
        for title, part in parts.items():
            if part and part.verdict:
                score = part.verdict.scores[name]
                row |= {title: theme.number(score.value), f"{title} 95%": theme.spread(score)}
                row[f"{title} by chance"] = theme.number(score.chance)
                if score.undefined:
                    row["remark"] = f"undefined: {score.undefined}"
        rows.append(row)
    return rows


def score_words(result: AttackResult) -> str:
    verdict = result.reported.verdict
    baseline = verdict.baselines["random_at_rate"] if verdict else None
    at_rate = f" Random prediction at the same rate: F1 {baseline:.3f}." if baseline is not None else ""
    return (
        "95%: interval in which slices of one patient count for less, the more alike their distances are. By "
        "chance: mean under permuted labels. Development scores are cross-validated by patient group. "
        "Training F1 (resubstitution): "
        f"{result.development.apparent_f1:.3f}.{at_rate}"
    )


def _rules(result: Membership) -> None:
    """The best candidate of each rule on the development set."""
    learnt = result.development
    rows = []
    for place, name in enumerate(learnt.rules):
        best = int(learnt.balanced[place].argmax())
        kind, k = result.candidates[best]
        rows.append(
            {
                "rule": RULES.get(name).title,
                "definition": RULES.get(name).explained,
                "best at": f"{DISTANCE_WORDS[kind]} distance, k = {k}",
                "balanced accuracy": f"{learnt.balanced[place, best]:.3f}",
                "F1": f"{learnt.f1[place, best]:.3f}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="rules_table")
    st.caption(
        "The paper does not specify its decision rule. Rules are compared by cross-validated balanced "
        "accuracy on the development set, because F1 favours predicting “used” for all. Each row is the best "
        f"of {counted(learnt.balanced.shape[1], 'candidate')}, so its scores are optimistic."
    )


def _history(sets: Sets) -> None:
    rows = workspace.current().ranked_runs(MEMBERSHIP, [each for each in sets if each])
    table = [_history_row(row) for row in rows]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height="content",
        key="history_table",
        on_select=lambda: _go(rows),
        selection_mode="single-row",
    )
    st.caption(
        "Configurations evaluated on these data sets, sorted by AUC on the development set: the test set is "
        "not for selection, and development's scores are optimistic, as each is the best of its candidates. "
        "Select a row to load its settings."
    )


def _history_row(row: run_log.Row) -> dict[str, object]:
    config = row["config"]
    untrained = " (untrained)" if config["weights"] == catalog.UNTRAINED else ""
    return {
        "backbone": catalog.title(config["backbone"]) + untrained,
        "crop": controls.CROP_WORDS[config["crop"]],
        "clustering": controls.LINKAGE_WORDS[config["linkage"]] if config["linkage"] else "k-means",
        "distance": DISTANCE_WORDS[row["distance"]],
        "k": row["k"],
        "rule": RULES.get(row["rule"]).title,
        **{title: theme.number(row[name]) for name, title in HISTORY_WORDS.items()},
        "other settings": ", ".join(f"{name} {value}" for name, value in config["options"].items()),
    }


def _go(rows: list[run_log.Row]) -> None:
    selection = st.session_state["history_table"]["selection"]["rows"]
    if selection:
        permalinks.load_settings(rows[selection[0]]["config"])
