"""Signing in and out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.access.users import User
from core.errors import ImprintError
from pages.ui.session.identity import NotSignedIn, user

ENTERED = "entered"


def require_sign_in() -> User:
    """Before anything else on a page: whoever is not signed in sees the sign-in button and nothing more."""
    from pages.ui.session import workspace

    try:
        present = user()
    except NotSignedIn:
        _sign_in()
        st.stop()
    except ImprintError as error:
        st.error(str(error))
        st.stop()
    if st.session_state.get(ENTERED) != present.id:
        workspace.current().enter()
        st.session_state[ENTERED] = present.id
    return present


def _sign_in() -> None:
    st.title("Imprint", anchor=False)
    st.caption("Sign in to see your data sets.")
    named = [name for name, value in st.secrets["auth"].items() if hasattr(value, "keys")]
    providers = [name for name in named if name != "client_kwargs"]
    for name in providers or [None]:
        label = f"Sign in with {name.capitalize()}" if name else "Sign in"
        if st.button(label, key=f"sign_in_{name}", type="primary"):
            st.login(name)


def badge(place: DeltaGenerator) -> None:
    """Who is signed in, and a button to sign out."""
    present = user()
    if present.local:
        return
    left, right = place.columns([3, 2], vertical_alignment="center")
    left.caption(present.title)
    if right.button("Sign out", key="sign_out", type="tertiary"):
        st.logout()
