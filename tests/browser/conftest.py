"""A fresh server on a free port with its own home, and a Chromium to meet it with."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.images.library import Library
from tests.browser import chromium
from tests.support import textures

ROOT = Path(__file__).parents[2]
PATIENCE = int(os.environ.get("PATIENCE", "60000"))  # ms; the first extraction loads torch
LONG = 3 * PATIENCE  # for what a job trains or converts: jobs are nice, and tests beside them come first

expect.set_options(timeout=PATIENCE)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """Imprint as ``make run`` starts it, on another port: a free one, unless it is given."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self._log = (home / "server.log").open("wb")
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        self._process = subprocess.Popen(
            [*command, "--server.port", str(self.port)],
            cwd=ROOT,
            env={**os.environ, "IMPRINT_HOME": str(home)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait()

    def _wait(self) -> None:
        """Until it answers, for a minute at most; its end is an error with what it said."""
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).close()
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                break
        self.stop()
        raise RuntimeError(f"the server does not answer:\n{(self.home / 'server.log').read_text()}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As a crash would end it."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


def install(home: Path) -> None:
    """The demo sets, by the command that ``make run`` calls."""
    command = [sys.executable, "-m", "core", "demo", "--if-empty"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "IMPRINT_HOME": str(home)}, check=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium.provide(), args=chromium.FLAGS)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the journeys, with a small set."""
    home = tmp_path_factory.mktemp("home")
    textures.install(Library(home))
    running = Server(home)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the demo sets."""
    home = tmp_path_factory.mktemp("demo_home")
    install(home)
    running = Server(home)
    yield running
    running.stop()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Servers of their own, for tests of the very first request."""
    servers: list[Server] = []

    def make(demo: bool = False) -> Server:
        home = tmp_path / f"home{len(servers)}"
        home.mkdir()
        if demo:
            install(home)
        else:
            textures.install(Library(home))
        servers.append(Server(home))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that notes every request that would leave the machine, and fails the test if there is one."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if _leaves(request.url) else None)
    yield page
    context.close()
    assert elsewhere == []


def _leaves(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:"))
