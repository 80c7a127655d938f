"""Who sits before the page: the local user, or where an OpenID provider is set up, whoever it vouches for.

``[auth]`` in Streamlit's secrets sets it up. Secrets that can't be read, or that ``IMPRINT_SIGN_IN=required``
asks for in vain, open nothing: a lost file must not turn every visitor into the local user.
"""

import os
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import users
from core.errors import ImprintError
from core.users import LOCAL, User

REQUIRED = "IMPRINT_SIGN_IN"
ENTERED = "entered"
UNREADABLE = "Signing in is not set up as it should be: Streamlit's secrets can't be read, or have no [auth]."


class NotSignedIn(ImprintError):
    def __init__(self) -> None:
        super().__init__("You are not signed in.")


def protected() -> bool:
    """Whether people sign in here. Raises ImprintError where that can't be told."""
    there = any(Path(path).exists() for path in st.get_option("secrets.files"))
    given = getattr(st.secrets, "_secrets", ...) is not None  # read before; to look for files in vain is slow
    readable = (there or given) and st.secrets.load_if_toml_exists()
    if readable and "auth" in st.secrets:
        return True
    if os.environ.get(REQUIRED) == "required" or (there and not readable):
        raise ImprintError(UNREADABLE)
    return False


def user() -> User:
    """Raises NotSignedIn, and ImprintError where nobody could be."""
    if not protected():
        return LOCAL
    if not st.user.is_logged_in:
        raise NotSignedIn
    return users.of_claims(st.user)


def enter() -> User:
    """Before anything else on a page: who is not signed in sees the way to do that, and nothing more."""
    from pages.ui import engine

    try:
        present = user()
    except NotSignedIn:
        _sign_in()
        st.stop()
    except ImprintError as error:
        st.error(str(error))
        st.stop()
    if st.session_state.get(ENTERED) != present.id:
        engine.gate().enter()
        st.session_state[ENTERED] = present.id
    return present


def _sign_in() -> None:
    st.title("Imprint", anchor=False)
    st.caption("Sign in to see your image sets.")
    named = [name for name, value in st.secrets["auth"].items() if hasattr(value, "keys")]
    providers = [name for name in named if name != "client_kwargs"]
    for name in providers or [None]:
        label = f"Sign in with {name.capitalize()}" if name else "Sign in"
        if st.button(label, key=f"sign_in_{name}", type="primary"):
            st.login(name)


def badge(place: DeltaGenerator) -> None:
    """Who is signed in, and the way out."""
    present = user()
    if present.local:
        return
    left, right = place.columns([3, 2], vertical_alignment="center")
    left.caption(present.title)
    if right.button("Sign out", key="sign_out", type="tertiary"):
        st.logout()
