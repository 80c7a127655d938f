"""The current user: the local user, or with an OpenID provider the person who signed in.

``[auth]`` in Streamlit's secrets sets the provider up. If the secrets can't be read, or are missing although
``IMPRINT_SIGN_IN=required``, access is denied: a lost file must not turn every visitor into the local user.
"""

import os
from pathlib import Path

import streamlit as st

from core.access import users
from core.access.users import LOCAL, User
from core.errors import ImprintError

REQUIRED = "IMPRINT_SIGN_IN"
UNREADABLE = (
    "Sign-in is not configured correctly: Streamlit's secrets can't be read, or have no [auth] section."
)


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
