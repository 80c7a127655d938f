"""Cards with the scores, their intervals and the values expected by chance; remarks on them."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.attribution.pipeline import Attribution
from core.features import catalog
from core.paper.reference import Reference
from core.wording import counted
from pages.ui.attribution import groups
from pages.ui.theme import digits, p_value
from pages.ui.widgets import real_sets
from pages.ui.widgets.score_card import score_card

PARTS = {"development": "dev", "test": "test"}
K_WORDS = {"given": "given", "known": "known", "auto": "by splits", "silhouette": "selected"}


def attribution(result: Attribution, references: Sequence[Reference]) -> None:
    """One row of cards, and warnings."""
    agreement = result.agreement
    columns = st.columns([1.5, 0.8, 1.4, 1.4, 1.3, 1.9])
    score_card(
        columns[0], "ARI", agreement.scores["ari"], "Adjusted Rand index: 1 = perfect agreement, 0 = chance"
    )
    columns[1].metric(
        "k",
        result.k,
        K_WORDS[result.k_source],
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=groups.sentence(result.groups) if result.groups else None,
    )
    score_card(columns[2], "NMI", agreement.scores["nmi"], "Normalised mutual information")
    score_card(columns[3], "Accuracy", agreement.scores["accuracy"], "After matching clusters to generators")
    _chance(columns[4], result)
    _paper(columns[5], references)
    if agreement.scores["ari"].undefined:
        reason = agreement.scores["ari"].undefined
        found = f"{groups.sentence(result.groups)} " if result.groups else ""
        st.info(f"{found}Scores are undefined because {reason}. The clusters below are shown without scores.")
    if result.config.feature.weights == catalog.UNTRAINED:
        st.warning("Computed with an untrained network (random weights, seed 0).")


def remarks(result: Attribution, tried: int) -> None:
    if sentences := list_remarks(result, tried):
        st.caption(" ".join(sentences))


def list_remarks(result: Attribution, tried: int) -> list[str]:
    """Remarks that a careful reader would ask for."""
    ari = result.agreement.scores["ari"]
    sentences = list(result.notes)
    if result.groups and not ari.undefined:
        sentences.append(f"Found by splits: {groups.sentence(result.groups)}")
    if result.config.whiten:
        sentences.append(f"Features are {real_sets.describe(result.config.whiten)}.")
    if ari.value == 1:
        n = result.agreement.n_distinct
        sentences.append(
            f"All images are assigned correctly; with {counted(n, 'image')} the true error rate may still be "
            f"up to {300 / n:.1f}% (rule of three)."
        )
    if tried > 1:
        sentences.append(
            f"{tried} configurations were evaluated on this data set; the best result is optimistically "
            "biased: select on a development set, report on a test set."
        )
    return sentences


def _chance(place: DeltaGenerator, result: Attribution) -> None:
    agreement = result.agreement
    if agreement.p_value is None or agreement.chance_95 is None:
        place.metric("ARI by chance", "undefined", None, delta_color="off", delta_arrow="off", border=True)
        return
    place.metric(
        "ARI by chance",
        digits(agreement.scores["ari"].chance or 0.0),
        p_value(agreement.p_value),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=f"Mean over 9,999 label permutations; 95% of them are below {agreement.chance_95:.3f}. "
        "The p-value is not corrected for the number of configurations evaluated.",
    )


def _paper(place: DeltaGenerator, references: Sequence[Reference]) -> None:
    if not references:
        place.metric(
            "Paper",
            "–",
            "not in the paper",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help="The paper reports VGG-16, LBP (1 feature), ResNet50, MobileNetV2, EfficientNet, "
            "DenseNet-121.",
        )
        return
    first, *rest = references
    others = "".join(f", {row.ari:.4f} {PARTS[row.part]}" for row in rest)
    place.metric(
        "Paper",
        f"{first.ari:.4f}",
        f"{PARTS[first.part]}{others}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=paper_words(references),
    )


def paper_words(references: Sequence[Reference]) -> str:
    """What the paper's values refer to."""
    remarks = " ".join(f"{row.table.capitalize()}: {row.remark}." for row in references if row.remark)
    return (
        "The same backbone, PCA and clustering on the challenge's images, which differ from these. "
        f"The paper does not specify its linkage. {remarks}"
    ).strip()
