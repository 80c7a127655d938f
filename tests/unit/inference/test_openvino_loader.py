"""Nothing leaves the machine: OpenVINO, which would report each import, is kept from it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LISTENING = """
import sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event)
        raise OSError("no way out")
sys.addaudithook(refuse)
{use}
import atexit, threading
[t.join(10) for t in threading.enumerate() if t is not threading.main_thread()]
"""
OURS = "from core.inference.openvino_loader import openvino; openvino().Core()"
THEIRS = "import openvino"
# With one of these in its environment the telemetry keeps quiet by itself, and neither test could fail.
SILENCERS = ("CI", "TF_BUILD", "JENKINS_URL")


def run(use: str, home: Path) -> str:
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in SILENCERS}
    child = subprocess.run(
        [sys.executable, "-c", LISTENING.format(use=use)],
        cwd=ROOT,
        env={**environment, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return child.stdout


def test_no_connection_and_no_trace_in_the_home_folder(tmp_path: Path) -> None:
    assert run(OURS, tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_without_the_door_there_is_a_trace(tmp_path: Path) -> None:
    """If this fails, OpenVINO has stopped reporting, and openvino_loader.py may go."""
    run(THEIRS, tmp_path)
    assert (tmp_path / "intel").exists()


@pytest.mark.parametrize("folder", ["core", "pages", "demo", "tests/bench"])
def test_nobody_goes_round_it(folder: str) -> None:
    """An import for types alone runs nothing; the frontend is imported after the door was used."""
    for path in (ROOT / folder).rglob("*.py"):
        if path.name in ("openvino_loader.py", "openvino_export.py"):
            continue
        text = path.read_text().replace("if TYPE_CHECKING:\n    import openvino\n", "")
        assert not re.search(r"^\s*(import openvino\b|from openvino\b)", text, re.M), path
