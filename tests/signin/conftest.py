"""A server with a provider, two people's sets, and nobody signed in yet."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from core.access import users
from core.access.users import User
from core.images.library import Library
from tests.signin.provider import Provider
from tests.signin.visitor import Visitor
from tests.support import textures

ROOT = Path(__file__).parents[2]
ANNS, BOBS = "Annette's own", "Robert's own"


@dataclass
class Place:
    url: str
    home: Path
    provider: Provider
    log: Path
    visitors: list[Visitor] = field(default_factory=list)

    def user(self, name: str) -> User:
        return users.of_claims(self.provider.claims(name))

    def visitor(self, name: str | None = None) -> Visitor:
        visitor = Visitor(self.url)
        self.visitors.append(visitor)
        if name:
            visitor.sign_in(name)
        return visitor


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Place(f"http://127.0.0.1:{port}", home, Provider(), home / "server.log")
    secrets = home / "secrets.toml"
    secrets.write_text(found.provider.secrets(found.url))
    textures.install(Library(home, found.user("ann")), ANNS, per_generator=12)
    textures.install(Library(home, found.user("bob")), BOBS, per_generator=8, seed=5)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with found.log.open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--server.port={port}", f"--secrets.files={secrets}"],
            cwd=ROOT,
            env={**os.environ, "IMPRINT_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(found, process)
        yield found
    finally:
        for visitor in found.visitors:
            visitor.close()
        process.terminate()
        process.wait(10)
        found.provider.stop()


def _wait(place: Place, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{place.url}/_stcore/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the server does not answer:\n{place.log.read_text()}")
