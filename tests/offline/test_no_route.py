"""The whole workflow with no route to anywhere, and nobody in it looks for one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDER = Path(__file__).with_name("recorder")
APART = ["unshare", "--map-root-user", "--net"]  # a network of its own, with nothing in it but loopback
# With one of these in its environment OpenVINO's telemetry keeps quiet by itself; proxies would be a way out.
DROPPED = ("CI", "TF_BUILD", "JENKINS_URL", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


def apart() -> list[str]:
    """The command that runs another without a route, where this machine lets us; else none."""
    if shutil.which(APART[0]) is None:
        return []
    return APART if subprocess.run([*APART, "true"], capture_output=True).returncode == 0 else []


def run(folder: Path, *more: str, record: bool = True) -> tuple[str, str]:
    """What the workflow printed, and what the recorder wrote down."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in map(str.lower, DROPPED)}
    written = folder / "record"
    watched = {"IMPRINT_RECORD": str(written), "PYTHONPATH": str(RECORDER)} if record else {}
    done = subprocess.run(
        [*apart(), sys.executable, "-m", "tests.offline.workflow", str(folder), *more],
        cwd=ROOT,
        env={**kept, "HOME": str(folder), **watched},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, written.read_text() if written.exists() else ""


def test_the_whole_workflow_passes_and_no_connection_is_attempted(tmp_path: Path) -> None:
    """Python's audit hook sees what Python does, the kernel's count what libraries do beneath it."""
    said, written = run(tmp_path)
    print(
        f"{said}attempts that the recorder saw: {len(written.splitlines())}; without a route: {bool(apart())}"
    )
    assert written == ""
    if apart():
        assert said.endswith("unrouted: 0\n")


def test_an_attempt_would_be_seen(tmp_path: Path) -> None:
    said, written = run(tmp_path, "turn away")
    assert "'192.0.2.1'" in written
    if apart():
        said, written = run(tmp_path / "unwatched", "turn away", record=False)
        assert said == "unrouted: 1\n"
