"""The settings of an assessment. Each is bound to the address bar, so a link opens the same view."""

from collections.abc import Sequence

import streamlit as st

from core.release.attacks.catalog import BATTERY, OTHERS, find_attack
from core.release.config import AUTO, CONTEXTS, ReleaseConfig
from core.types import ImageSet
from pages.ui.session import workspace

NO_REFERENCE = "none"
KEYS = ("context", "rate", "reference", "headline", "attacks", "seed")  # in the address
RATES = ("0.1", "0.01", "0.05", "0.2")
CONTEXT_WORDS = {name: words.partition(":")[0] for name, words in CONTEXTS.items()}


def read(sets: Sequence[ImageSet]) -> tuple[ReleaseConfig, ImageSet | None]:
    """The configuration, and the reference set where one is chosen."""
    places = st.columns([2.2, 1.3, 2, 1], vertical_alignment="bottom")
    context = places[0].selectbox(
        "Released to",
        list(CONTEXTS),
        key="context",
        bind="query-params",
        format_func=context_words,
        filter_mode=None,
        help="As you declare it. It is stated with the result; no number depends on it.",
    )
    rate = places[1].selectbox(
        "False discovery rate",
        RATES,
        key="rate",
        bind="query-params",
        format_func=lambda text: f"{float(text):.0%}",
        filter_mode=None,
        help="Expected share of the named slices that were not used in training.",
    )
    reference = _reference(places[2], sets)
    with places[3].popover("More", width="stretch"):
        headline, attacks, seed = _more()
    config = ReleaseConfig(headline, attacks, float(rate), context, reference is not None, seed)
    return config, reference


def context_words(name: str) -> str:
    words = CONTEXT_WORDS[name]
    return words[0].upper() + words[1:]


def _reference(place: st.delta_generator.DeltaGenerator, sets: Sequence[ImageSet]) -> ImageSet | None:
    taken = {each.name for each in sets}
    names = sorted((each.name for each in workspace.library().all()), key=str.casefold)
    options = [NO_REFERENCE, *(name for name in names if name not in taken)]
    if st.session_state.get("reference") not in (None, *options):
        st.session_state["reference"] = NO_REFERENCE
    name = place.selectbox(
        "Reference set",
        options,
        key="reference",
        bind="query-params",
        help="Images of another generator, or of other people. They take the generator's place as a control, "
        "and attacks that compare with a reference need them.",
    )
    return None if name in (None, NO_REFERENCE) else workspace.library().get(str(name))


def _more() -> tuple[str, tuple[str, ...], int]:
    """Headline attack, attacks beyond the battery, seed."""
    headline = st.selectbox(
        "Headline attack",
        [AUTO, *BATTERY],
        key="headline",
        bind="query-params",
        format_func=_headline_words,
        filter_mode=None,
        help="Declared before the test set is read. Automatic: the best on the development set.",
    )
    attacks = st.multiselect(
        "Further attacks",
        OTHERS,
        key="attacks",
        bind="query-params",
        format_func=attack_words,
        placeholder="the battery of six alone",
        help="From the literature. Each further attack makes the correction for many attacks stricter.",
    )
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, key="seed", bind="query-params", help="Random seed for all permutations"
    )
    return headline, tuple(attacks), int(seed)


def attack_words(name: str) -> str:
    return find_attack(name).title


def _headline_words(name: str) -> str:
    return "automatic" if name == AUTO else attack_words(name)
