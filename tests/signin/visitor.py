"""Somebody with a browser, as far as the server can tell: cookies, a socket, and what comes through it."""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60  # seconds


@dataclass
class Seen:
    """All that the server sent for one run of a page."""

    messages: list[ForwardMsg] = field(default_factory=list)

    def raw(self) -> bytes:
        return b"".join(message.SerializeToString() for message in self.messages)

    def text(self) -> str:
        """What a person reads, and links: every string, as it comes."""
        return "\n".join(sorted(text for message in self.messages for text in _strings(message.delta)))

    def buttons(self) -> dict[str, str]:
        """Label to the id of its widget."""
        elements = [message.delta.new_element for message in self.messages]
        return {each.button.label: each.button.id for each in elements if each.HasField("button")}

    def redirect(self) -> str | None:
        urls = [
            each.auth_redirect.url for each in self.messages if each.WhichOneof("type") == "auth_redirect"
        ]
        return urls[0] if urls else None


class Visitor:
    def __init__(self, url: str) -> None:
        self.url, self.http = url, httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE)
        self._socket: ClientConnection | None = None
        self._opened, self.session = contextlib.ExitStack(), ""

    def sign_in(self, name: str) -> None:
        """By the button on the page and the provider that it leads to."""
        self.http.cookies.set("as", name, domain="127.0.0.1")
        button = self.open("Data").buttons()["Sign in"]
        redirect = self.open("Data", press=button).redirect()
        assert redirect is not None
        assert self.http.get(redirect).status_code == 200
        self.leave()

    def open(self, page: str, query: str = "", press: str | None = None, resume: str = "") -> Seen:
        """A page by its address, in the session that is open, or a new one."""
        socket = self._socket = self._socket or self._connect(resume)
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_name = query, page
        if press:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = press, True
        socket.send(message.SerializeToString())
        return Seen(list(self._until_finished(socket)))

    def close(self) -> None:
        self.leave()
        self.http.close()

    def leave(self) -> None:
        self._opened.close()
        self._socket = None

    def _connect(self, resume: str) -> ClientConnection:
        self.http.get("/_stcore/health")
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.http.cookies.jar)
        token = self.http.cookies["_streamlit_xsrf"]
        opening = connect(
            self.url.replace("http", "ws") + "/_stcore/stream",
            origin=self.url,  # type: ignore[arg-type]
            subprotocols=["streamlit", token, *([resume] if resume else [])],  # type: ignore[list-item]
            additional_headers={"Cookie": cookies},
            max_size=None,
            proxy=None,
        )
        return self._opened.enter_context(opening)

    def _until_finished(self, socket: ClientConnection) -> Iterator[ForwardMsg]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            message = ForwardMsg.FromString(socket.recv(timeout=PATIENCE))  # type: ignore[arg-type]
            if message.WhichOneof("type") == "new_session":
                self.session = message.new_session.initialize.session_id
            yield message
            if message.WhichOneof("type") == "script_finished":
                return


def _strings(message: object) -> Iterator[str]:
    """All strings of a protobuf message, ids of widgets and hashes aside."""
    for descriptor, value in message.ListFields():  # type: ignore[attr-defined]
        for each in value if descriptor.is_repeated else [value]:
            if descriptor.type == descriptor.TYPE_MESSAGE and hasattr(each, "ListFields"):
                yield from _strings(each)
            elif isinstance(each, str) and not re.fullmatch(r"\$\$.*|[0-9a-f]{16,}", each):
                yield each
