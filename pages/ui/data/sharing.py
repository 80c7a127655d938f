"""With whom a data set is shared: shown to its owner, who alone can change it."""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.layout import page
from pages.ui.session import workspace

WHAT = (
    "They can view the data set and all results, and download both. They cannot edit or delete it. You can "
    "stop sharing at any time; existing downloads remain."
)


def panel(image_set: ImageSet) -> None:
    """A popover if users sign in; nothing for the local user."""
    current = workspace.current()
    if current.user.local:
        return
    if not current.library.owns(image_set.name):
        st.caption("Shared with you by its owner. You can view it, but not change it.")
        return
    names = current.library.share_of(image_set.name).names()
    with st.popover(f"Shared with {len(names)}" if names else "Share"):
        st.caption(WHAT)
        try:
            _change(image_set.name, names)
        except ImprintError as error:
            st.error(str(error))
        st.caption(f"Your code, for others to share with you: `{current.user.id}`")


def _change(name: str, names: list[str]) -> None:
    library = workspace.library()
    for shown in names:
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"`{shown}`")
        if right.button("Stop sharing", key=f"unshare_{shown}", type="tertiary"):
            library.share(name, lambda share, shown=shown: share.taken(shown))
            page.go_to_set(name)
    with st.form("share", border=False):
        whom = st.text_input("E-mail address or code of the person", key="share_with")
        if st.form_submit_button("Share"):
            library.share(name, lambda share: share.given(whom))
            page.go_to_set(name)
