"""Is it possible? Whether published scores can all be true, as a small form with examples."""

import functools

import streamlit as st

from core.errors import ImprintError
from core.paper import consistency, reference
from core.paper.consistency import Consistency, Counts, Printed

LABELS = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "kappa": "Kappa",
    "prevalence": "Prevalence",
}
IMAGES = {"used": "Used images", "not_used": "Not used images", "images": "All images"}
CLASS = 2000  # used, and as many not used images in the challenge's test sets of 2024
IMPOSSIBLE = {"accuracy": "0.883", "precision": "0.461", "f1": "0.540", "used": 100, "not_used": 100}


@st.fragment
def calculator() -> None:
    """A fragment of its own, so that typing redraws nothing else."""
    with st.expander("Is it possible? Check whether published scores can all be true"):
        examples = _examples()
        st.selectbox(
            "Example",
            list(examples),
            index=None,
            key="possible_example",
            placeholder="Load an example",
            on_change=lambda: _load(examples.get(st.session_state["possible_example"])),
            label_visibility="collapsed",
        )
        scores = {
            name: column.text_input(label, key=f"possible_{name}")
            for column, (name, label) in zip(st.columns(len(LABELS)), LABELS.items(), strict=True)
        }
        numbers = [
            column.number_input(label, min_value=0, value=None, step=1, key=f"possible_{name}")
            for column, (name, label) in zip(st.columns(len(IMAGES)), IMAGES.items(), strict=True)
        ]
        st.caption(
            "Enter numbers with the digits that were printed (0.540 is not 0.54), and leave out what is "
            "unknown. “Used” is the positive class."
        )
        if any(scores.values()):
            _answer(scores, *numbers)


def _answer(scores: dict[str, str], used: int | None, not_used: int | None, images: int | None) -> None:
    try:
        printed = {name: consistency.parse(name, text) for name, text in scores.items() if text.strip()}
        counts = consistency.counts_of(used, not_used, images)
        found = _check(tuple(sorted(printed.items())), counts)
    except ImprintError as error:
        st.error(str(error))
        return
    said = " ".join(consistency.sentences(found, counts))
    (st.success if found.possible else st.warning)(said)


@functools.lru_cache(64)
def _check(scores: tuple[tuple[str, Printed], ...], counts: Counts | None) -> Consistency:
    return consistency.check(dict(scores), counts)


def _examples() -> dict[str, dict[str, str | int]]:
    """Figures that can't be true, and the paper's table 4."""
    found: dict[str, dict[str, str | int]] = {
        "Accuracy 0.883, precision 0.461, F1 0.540 on 100 + 100": IMPOSSIBLE
    }
    for row in reference.table4():
        name = f"Table 4, run {row['run']} ({row['reduction']}), {row['dataset']}"
        scores = {score: row[score] for score in LABELS if score in row}
        found[name] = {**scores, "used": CLASS, "not_used": CLASS}
    return found


def _load(example: dict[str, str | int] | None) -> None:
    """Put an example's figures into the form, and empty the other fields."""
    for name in LABELS:
        st.session_state[f"possible_{name}"] = (example or {}).get(name, "")
    for name in IMAGES:
        st.session_state[f"possible_{name}"] = (example or {}).get(name)
