"""Chromium: one that is there, else Playwright's own, else the system's package, else what failed.

``python -m tests.browser.chromium`` makes sure of it; ``make test`` runs that first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",  # CI runs as root, and the only pages opened are ours
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    """Path of a Chromium: CHROMIUM, the PATH, or what Playwright has installed."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def provide() -> str:
    """A Chromium's path, installed if need be. Raises RuntimeError with what was tried."""
    tried = []
    for what, command in (
        ("Playwright's own", [sys.executable, "-m", "playwright", "install", "chromium"]),
        ("the system's list of packages", ["apt-get", "update", "-qq"]),
        ("the system's package", ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]),
    ):
        found = find()
        if found:
            return found
        if shutil.which(command[0]) is None:
            tried.append(f"{what}: no {command[0]} here")
            continue
        print(f"No Chromium yet; trying {what}", flush=True)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            tried.append(f"{what}: {lines[-1]}")
    found = find()
    if found:
        return found
    raise RuntimeError("There is no Chromium, and none could be installed:\n  " + "\n  ".join(tried))


if __name__ == "__main__":
    try:
        print(f"Chromium: {provide()}")
    except RuntimeError as error:
        sys.exit(str(error))
