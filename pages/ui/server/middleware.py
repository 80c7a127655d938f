"""Before every address of the server: what a browser may run, and whose files it may fetch.

Images and downloads have no address at all: they go through the socket of the session that asked
(widgets/gallery.py, widgets/download.py). What Streamlit itself gives an address, a file of a session or a
place for an upload, is only for the user of that session. This knows insides of the pinned Streamlit; where
they are not as known, nothing is handed out.
"""

import functools
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from core.access import users
from core.access.users import User
from core.errors import ImprintError
from pages.ui.session import identity

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MEDIA, UPLOAD = "media/", "_stcore/upload_file/"
INSIDES = ("_stcore/metrics", "_stcore/agent/", "_stcore/script-health-check")
SOON = ("PlotlyChart",)  # of Streamlit's scripts
HEADERS = {
    # Streamlit writes styles and components of its own into the page, and builds code from strings.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class AccessControl:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        _warn()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif opens(_path(scope), Headers(scope=scope)):
            await self._app(scope, receive, _with_headers(send))
        else:
            await PlainTextResponse("Not found", 404)(scope, receive, _with_headers(send))


def opens(path: str, headers: Mapping[str, str]) -> bool:
    """Whether an address is for whoever asks. ``path``: without the server's own."""
    if not path.startswith((MEDIA, UPLOAD, *INSIDES)):
        return True  # the program itself, the same for all
    try:
        if not identity.protected():
            return True
    except ImprintError:
        return False
    user = signed_in(headers)
    if user is None or path.startswith(INSIDES):
        return False
    try:
        sessions = _sessions(user)
        if path.startswith(UPLOAD):
            return path.removeprefix(UPLOAD).split("/")[0] in sessions
        return path.removeprefix(MEDIA).split(".")[0] in _files(sessions)
    except AttributeError:  # another Streamlit than the pinned one
        return False


def signed_in(headers: Mapping[str, str]) -> User | None:
    """Of the cookie that Streamlit signed."""
    cookies = cookie_parser(headers.get("cookie", ""))
    try:
        signed = starlette_websocket._get_signed_cookie_with_chunks(cookies, USER_COOKIE_NAME)
        claims = json.loads(signed) if signed else {}
        return users.of_claims(claims) if claims.get("is_logged_in") is True else None
    except (ImprintError, ValueError, AttributeError):
        return None


def _sessions(user: User) -> set[str]:
    """Ids of a user's sessions, also of those whose browser is about to come back."""
    found = runtime.get_instance()._session_mgr.list_sessions()
    return {each.session.id for each in found if _whose(each.session._user_info) == user}


def _whose(claims: Mapping[str, Any]) -> User | None:
    try:
        return users.of_claims(claims)
    except ImprintError:
        return None  # signed out meanwhile


def _files(sessions: set[str]) -> set[str]:
    by_session = dict(runtime.get_instance().media_file_mgr._files_by_session_and_coord)
    return {name for each in sessions for name in by_session.get(each, {}).values()}


def _path(scope: Scope) -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    path = str(scope["path"]).lstrip("/")
    return path.removeprefix(f"{base}/") if base else path


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if headers.get("content-type", "").startswith("text/html"):
                headers["Link"] = _early()
        await send(message)

    return sending


@functools.cache
def _early() -> str:
    """What a page is known to need is fetched with it, not when its first plot is drawn."""
    scripts = Path(st.__file__).parent / "static" / "static" / "js"
    names = sorted(path.name for wanted in SOON for path in scripts.glob(f"{wanted}.*.js"))
    return ", ".join(f"<./static/js/{name}>; rel=modulepreload" for name in names)


def _warn() -> None:
    address = st.get_option("server.address")
    try:
        if address not in LOOPBACK and not identity.protected():
            logging.getLogger(__name__).warning(
                "Imprint answers on %s, where others can reach it, and nobody has to sign in: everybody is "
                "the local user. docs/deployment.md says how to set up an OpenID provider.",
                address or "every address",
            )
    except ImprintError as error:
        logging.getLogger(__name__).error("%s", error)
