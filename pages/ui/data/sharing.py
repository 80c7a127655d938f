"""Whom a set is shared with: shown to its owner, and changed by the owner alone."""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.layout import page
from pages.ui.session import workspace

WHAT = (
    "They can look at the set and at everything that can be computed of it, and take that along. They can't "
    "change or delete it. Taking a share back ends that with the next click; what they took along, they have."
)


def panel(image_set: ImageSet) -> None:
    """A popover where people sign in; nothing where there is but one local user."""
    gate = workspace.current()
    if gate.user.local:
        return
    if not gate.library.owns(image_set.name):
        st.caption("Another person's set, which is shared with you. It can be looked at, and not changed.")
        return
    names = gate.library.share_of(image_set.name).names()
    with st.popover(f"Shared with {len(names)}" if names else "Share"):
        st.caption(WHAT)
        try:
            _change(image_set.name, names)
        except ImprintError as error:
            st.error(str(error))
        st.caption(f"Who shares with you by code needs yours: `{gate.user.id}`")


def _change(name: str, names: list[str]) -> None:
    library = workspace.library()
    for shown in names:
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"`{shown}`")
        if right.button("Take back", key=f"unshare_{shown}", type="tertiary"):
            library.share(name, lambda share, shown=shown: share.taken(shown))
            page.go_to_set(name)
    with st.form("share", border=False):
        whom = st.text_input("E-mail address or code of a person who may see it", key="share_with")
        if st.form_submit_button("Share"):
            library.share(name, lambda share: share.given(whom))
            page.go_to_set(name)
