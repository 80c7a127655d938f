"""The verdict as a banner, and how it was reached in one small line."""

import streamlit as st

from core.numeric.statistics import format_p
from core.release.config import CONTEXTS
from core.release.result import CANNOT_TELL, FOUND, Release, SetFacts
from core.wording import counted


def show(found: Release) -> None:
    """Red for what was found, amber where nothing can be said; never green."""
    banner = {FOUND: st.error, CANNOT_TELL: st.warning}.get(found.verdict, st.info)
    banner(emphasised(found))
    st.caption(protocol(found))


def emphasised(found: Release) -> str:
    """The sentence, its verdict in bold."""
    start = len(found.verdict)
    return f"**{found.sentence[:start]}**{found.sentence[start:]}"


def protocol(found: Release) -> str:
    """What was declared, on what it was reported, and the p-value of all attacks together."""
    parts = []
    if found.headline is not None:
        declared = found.declared[0].lower() + found.declared[1:]
        parts.append(f"Headline attack: {found.headline.title} ({declared}).")
    if found.corrected_p is not None:
        attacks = counted(len(found.attacks), "attack")
        parts.append(f"p {format_p(found.corrected_p)}, corrected for {attacks}.")
    parts.append(f"{_where(found)} Released to: {CONTEXTS[found.config['context']]}.")
    return " ".join(parts)


def _where(found: Release) -> str:
    facts = next(each for each in found.sets if each.part == found.reported)
    name = f"the {found.reported} set {facts.name}" if len(found.sets) > 1 else facts.name
    return f"Reported on {name}: {sizes(facts)}."


def sizes(facts: SetFacts) -> str:
    known = facts.used + facts.not_used
    unlabelled = f", {facts.unlabelled:,} unlabelled" if facts.unlabelled else ""
    alone = facts.ungrouped == known
    whose = ", patients unknown" if alone else f" of {counted(facts.groups, 'patient group')}"
    return (
        f"{facts.generated:,} generated images; {facts.used:,} used and {facts.not_used:,} not used"
        f"{unlabelled} slices{whose}"
    )
