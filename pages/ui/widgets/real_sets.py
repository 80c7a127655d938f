"""Data sets with real images, by which features are whitened: by name on a page, by content in a result."""

import streamlit as st

from core.errors import BadChoice
from pages.ui.session import workspace

NONE = "none"
KEY = "real"
HELP = (
    "Takes out of the features how real slices differ, which is anatomy; what a generator adds is left. "
    "Generators are then told apart more clearly. 50 slices are enough, also of another hospital."
)


def names() -> list[str]:
    """Of the user's data sets that have real images."""
    return sorted((each.name for each in workspace.library().all() if each.real), key=str.casefold)


def name_of(content: str) -> str | None:
    """The data set with this ``ImageSet.real_content``, one whose images are marked as real before others."""
    alike = [each for each in workspace.library().all() if each.real_content == content]
    return min(alike, key=lambda each: (not each.real, each.name.casefold())).name if alike else None


def setting(content: str) -> str:
    """What the widget shows for it; a content that isn't here is shown, and refused, as such."""
    if not content:
        return NONE
    return name_of(content) or f"not here ({content[:12]})"


def describe(content: str) -> str:
    """In a configuration's text."""
    name = name_of(content)
    return f"whitened by real images of {name}" if name else "whitened by real images that are not here"


def choose() -> str:
    """The widget; returns the chosen name, which may be one of a link and not be here."""
    asked = st.session_state.get(KEY) or st.query_params.get(KEY) or NONE
    options = [NONE, *names()]
    if asked not in options:
        options.append(asked)
    return str(
        st.selectbox(
            "Whiten by real images",
            options,
            key=KEY,
            bind="query-params",
            help=HELP,
            filter_mode=None,
        )
    )


def content_of(name: str) -> str:
    """Of the real images of a data set; "" for none. Raises BadChoice for one that isn't here."""
    if name == NONE:
        return ""
    found = {each.name: each for each in workspace.library().all()}
    if name not in found:
        raise BadChoice(
            "The real images by which this link whitens the features are not here. Import them, or choose "
            "other ones under More."
        )
    return found[name].real_content
