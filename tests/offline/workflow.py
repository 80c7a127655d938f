"""The whole workflow, by command line and by a server's pages: ``python -m tests.offline.workflow FOLDER``.

Prints a line a step, and at last what the kernel has counted of packets that had no route to go by.
"""

import contextlib
import fcntl
import io
import os
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image

from core.cli.main import main
from tests.signin.visitor import Visitor
from tests.support.textures import textures

ROOT = Path(__file__).parents[2]
NETWORK = "efficientnet_lite0"  # its weights are bundled as a package: torch and OpenVINO are at work
PAGES = ("Generators", "Regions", "What-if", "Compare", "Audit", "Runs", "Data", "System")


def images(folder: Path) -> tuple[Path, Path]:
    """A set of generators, and one of generated and real images."""
    for number, (path, pixels) in enumerate(textures(8, seed=3).items()):
        name = Path(path)
        role = ("generated", "real_used", "real_not_used")[number // 8]
        for place in (folder / "generators" / name, folder / "membership" / role / f"{number:03}.png"):
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place)
    return folder / "generators", folder / "membership"


def by_command(folder: Path) -> None:
    generators, membership = images(folder / "images")
    run = folder / "run.json"
    for command in (
        ["import", str(generators), "--name", "g"],
        ["import", str(membership), "--name", "m"],
        ["attribute", "g", "--backbone", NETWORK, "--save-run", str(run)],
        ["membership", "m", "--backbone", "pixels"],
        ["sweep", "g", "--backbone", "lbp,pixels", "--linkage", "ward,average"],
        ["audit", "g"],
        ["run", str(run)],
        ["runs"],
        ["sets"],
    ):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = main(command)
        print(f"{command[0]}: {status}", flush=True)
        assert status == 0, said.getvalue()


def by_server(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, f"--server.port={port}"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    visitor = Visitor(f"http://127.0.0.1:{port}")
    try:
        _wait(visitor)
        for page in PAGES:
            chosen = {"set": "m" if page == "Regions" else "g", "backbone": "Pixels"}
            seen = visitor.open(page, urlencode(chosen))
            elsewhere = re.findall(r"(?:src|href)=\"(https?://[^\"]+)", seen.text())
            print(
                f"page {page}: {len(seen.messages)} messages, {len(elsewhere)} addresses elsewhere",
                flush=True,
            )
            assert not elsewhere
            visitor.leave()
    finally:
        visitor.close()
        server.terminate()
        server.wait(10)


def report() -> None:
    """What the button Report writes."""
    from core.attribution.pipeline import PipelineConfig
    from core.engine import Engine
    from core.features import catalog
    from core.images.library import Library
    from core.store import Store
    from pages.ui.report.builder import build

    library, store = Library(), Store()
    engine, sets = Engine(store, library), [library.get("g")]
    text = build(engine, sets, [engine.answer(sets, PipelineConfig(catalog.spec("pixels")))])
    store.close()
    print(f"report: {len(text)} characters", flush=True)
    assert "default-src 'none'" in text


def _wait(visitor: Visitor) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError, Exception):
            visitor.http.get("/_stcore/health").raise_for_status()
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def loopback() -> None:
    """Up, where this is a network of our own: `ip link set lo up`."""
    up_and_running = 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, contextlib.suppress(OSError):
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", up_and_running))


def unrouted() -> int:
    """Packets and connections that the kernel found no route for, in this network."""
    rows = [line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines() if line[:3] == "Ip:"]
    found = int(dict(zip(*rows, strict=True))["OutNoRoutes"])
    with contextlib.suppress(FileNotFoundError):
        lines = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
        found += int(lines.get("Ip6OutNoRoutes", 0))
    return found


if __name__ == "__main__":
    loopback()
    if sys.argv[2:] == ["turn away"]:  # that the count counts
        with contextlib.suppress(OSError):
            socket.create_connection(("192.0.2.1", 9), timeout=1)
    else:
        place = Path(sys.argv[1])
        os.environ["IMPRINT_HOME"] = str(place / "home")
        by_command(place)
        report()
        by_server(place / "home")
    print(f"unrouted: {unrouted()}")
