"""Who is exposed: each named slice with its nearest generated images, by patient group."""

import html
import itertools
from dataclasses import dataclass

import streamlit as st

from core.release.result import AtRisk, Exposed, Release
from core.types import ImageSet
from core.wording import counted, verb
from pages.ui.release import pictures

PAGE = 12  # slices
UNNAMED = 2.0  # more than any p-value: patients who are not named come last


@dataclass(frozen=True)
class Patient:
    """Named slices of one patient; ``words`` may be empty."""

    title: str
    words: str
    p_value: float
    images: tuple[Exposed, ...]

    @property
    def order(self) -> tuple[bool, float]:
        """Exact copies first, then by certainty."""
        return not any(each.copy for each in self.images), self.p_value


def section(found: Release, image_set: ImageSet) -> None:
    """Counts, then the slices; more than a page of them are paged."""
    risk = found.at_risk
    if not risk.n_images:
        st.markdown("### Who is exposed")
        st.caption(nobody(risk))
        return
    title, pager = st.columns([5, 1])
    title.markdown("### Who is exposed")
    title.markdown(counts(found))
    listed = [(who, each) for who in patients(risk) for each in who.images]
    pages = -(-len(listed) // PAGE)
    page = 1
    if pages > 1:
        page = int(pager.number_input(f"Page (of {pages})", 1, pages, 1, key="exposed_page"))
    shown = listed[(page - 1) * PAGE : page * PAGE]
    names = {file.sha256: file.name for file in image_set.generated}
    parts = [
        _cell(who, [pictures.card(each, names) for _, each in some])
        for who, some in itertools.groupby(shown, key=lambda pair: pair[0])
    ]
    st.html(f'<div class="exposed">{"".join(parts)}</div>')
    st.caption(
        "Real slice, nearest generated image, difference of both, and the next nearest. For the difference "
        "the generated image is moved by at most a sixteenth of its side, or mirrored, to where both agree "
        f"most; {pictures.WHITE} grey levels and more are white in all of them. {check(found)}"
    )


def counts(found: Release) -> str:
    """How many are named, by what, and how many of them may be wrong."""
    risk = found.at_risk
    slices, groups = counted(risk.n_images, "slice"), counted(risk.n_groups, "patient group")
    copies = sum(each.copy for each in risk.images)
    has = f"{verb(copies, 'has', 'have')} an exact copy among the generated images."
    if copies == risk.n_images:
        return f"**{slices} of {groups}** {has} Nobody else is named."
    by = next((row.title for row in found.attacks if row.attack == risk.attack), risk.attack)
    text = f"**{slices} and {groups}** are named by {by} at a false discovery rate of {risk.rate:.0%}."
    return f"{text} Of these slices, {copies:,} {has}" if copies else text


def nobody(risk: AtRisk) -> str:
    if not risk.calibrated_on:
        return (
            "Nobody can be named: that takes slices labelled “not used”, whose scores show how near a slice "
            "gets that the generator never saw."
        )
    return (
        f"Nobody is named at a false discovery rate of {risk.rate:.0%}, compared with "
        f"{counted(risk.calibrated_on, 'slice')} labelled “not used”."
    )


def check(found: Release) -> str:
    """How many of the named are known to be none, where labels are known."""
    risk = found.at_risk
    labelled = sum(each.role != "real_unknown" for each in risk.images)
    if not labelled:
        return ""
    wrong = risk.false_images
    return f"Check: {wrong:,} of the {labelled:,} named {verb(wrong, 'is', 'are')} labelled “not used”."


def patients(risk: AtRisk) -> list[Patient]:
    """All named slices by patient group, in the order in which they are shown."""
    named = {each.group: each for each in risk.groups}
    by_group: dict[str, list[Exposed]] = {}
    for each in risk.images:
        by_group.setdefault(each.group or "", []).append(each)
    found = []
    for group, images in by_group.items():
        slices = tuple(images)
        if not group:
            found.append(Patient("Patient not known", "", UNNAMED, slices))
        elif group in named:
            of = named[group]
            p = f", p = {of.p_value:.3f}" if of.p_value else ""  # of exact copies there is no doubt
            words = f"{of.images} of {counted(of.of, 'slice')} named{p}"
            found.append(Patient(f"Patient group {group}", words, of.p_value, slices))
        else:
            words = f"{counted(len(slices), 'slice')} named, the group as a whole is not"
            found.append(Patient(f"Patient group {group}", words, UNNAMED, slices))
    return sorted(found, key=lambda who: who.order)


def _cell(who: Patient, cards: list[str]) -> str:
    """HTML of a patient's cards below their heading; one that is alone has its heading to itself."""
    if len(cards) == 1:
        return f"<div>{_heading(who)}{cards[0]}</div>"
    return _heading(who) + "".join(cards)


def _heading(who: Patient) -> str:
    words = f"<span>{html.escape(who.words)}</span>" if who.words else ""
    return f'<p class="patient"><b>{html.escape(who.title)}</b>{words}</p>'
