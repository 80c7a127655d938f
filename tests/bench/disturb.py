"""``python -m tests.bench.disturb``: training that is disturbed in every way a person can, by the page.

At ten moments each, spread over the whole work, the worker is killed, the tab closed, the server killed.
Then the page is opened anew and, where it asks, told to go on. The weights and the verdict must be those of
the work that nobody disturbed.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from core.config import AutoencoderSpec, ReconstructionConfig
from core.experiments import results_json
from core.hashing import bytes_key
from core.images.library import Library
from core.jobs import queue
from core.membership.reconstruction import attack, keys
from core.membership.reconstruction.attack import ReconstructionAttack
from core.store import Store
from tests.browser import chromium
from tests.browser.conftest import Server, install

MOMENTS = 10
EPOCHS = 12
SETS = ("Demo membership DB1 development, dial 1", "Demo membership DB1 test, dial 1")
CONFIG = ReconstructionConfig(AutoencoderSpec(size=32, epochs=EPOCHS))
QUERY = f"set={SETS[0].replace(' ', '+').replace(',', '%2C')}&ae_size=32+px&epochs={EPOCHS}"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="imprint-disturb-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.provide(), args=chromium.FLAGS)
        untouched = Path(folder) / "untouched"
        untouched.mkdir()
        install(untouched)
        wanted, seconds = _run(browser, untouched, Path(folder) / "first", lambda *_: None, 0.0)
        print(f"undisturbed: {seconds:.1f} s, {wanted}", flush=True)
        wrong = 0
        for name, disturb in DISTURBANCES.items():
            for moment in range(MOMENTS):
                after = seconds * (moment + 0.5) / MOMENTS
                found, _ = _run(browser, untouched, Path(folder) / "again", disturb, after)
                wrong += found != wanted
                words = "the same" if found == wanted else f"OTHER: {found}"
                print(f"{name}, after {after:.1f} s: {words}", flush=True)
        total = MOMENTS * len(DISTURBANCES)
        print(f"{total - wrong} of {total} ended as if nothing had happened")
        browser.close()
    return int(wrong > 0)


def _run(
    browser: Browser, untouched: Path, home: Path, disturb: "Disturb", after: float
) -> tuple[str, float]:
    """A digest of the result, and how long it took from the click."""
    shutil.copytree(untouched, home)
    server = Server(home)
    try:
        page = _open(browser, server)
        _press(page)
        start = time.perf_counter()
        time.sleep(after)
        server = disturb(page, server) or server
        page = page if not page.is_closed() else _open(browser, server)
        _finish(page)
        seconds = time.perf_counter() - start
        page.context.close()
        return _digest(home), seconds
    finally:
        server.stop()
        _kill_worker(None, server)
        shutil.rmtree(home, ignore_errors=True)


def _open(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.goto(f"{server.url}/Reconstruction?{QUERY}")
    return page


BUTTONS = '[class*="st-key-start"] button, [class*="st-key-again"] button'


def _press(page: Page) -> None:
    """Start the work where the page asks for a click; else it has started by itself."""
    page.locator(f"{BUTTONS}, [class*='st-key-cancel_']").first.wait_for(timeout=60_000)
    if page.locator(BUTTONS).count():
        with contextlib.suppress(Error):
            page.locator(BUTTONS).first.click(timeout=2000)


def _finish(page: Page) -> None:
    """Until the verdict is there; work that died is told to go on."""
    answer = page.get_by_text("A leak was found").first
    for _ in range(1200):
        if answer.is_visible():
            return
        again = page.locator('[class*="st-key-again"] button')
        if again.count() and again.first.is_visible():
            with contextlib.suppress(Error):  # the page is drawn anew in between: a person clicks again
                again.first.click(timeout=2000)
        page.wait_for_timeout(250)
    raise RuntimeError(f"no verdict: {page.locator('body').inner_text()[:500]}")


def _digest(home: Path) -> str:
    """Of both autoencoders' weights, and of the verdict that they lead to."""
    os.environ["IMPRINT_HOME"] = str(home)
    store, library = Store(home / "store"), Library(home)
    engine, sets = ReconstructionAttack(store, library), [library.get(name) for name in SETS]
    spec = attack.adapt_to_machine(CONFIG)[0].autoencoder
    weights = [store.get(keys.model_key(each, spec)) for each in sets]
    if any(each is None for each in weights):
        return "no trained network"
    facts = results_json.reconstruction_json(engine.run(*sets, CONFIG))
    for passing in ("seconds", "cached"):
        facts.pop(passing)
    parts = [array.tobytes() for each in weights for _, array in sorted(each.items())]
    store.close()
    return bytes_key(b"".join([*parts, json.dumps(facts, sort_keys=True).encode()]))[:16]


# -- what is done to it -------------------------------------------------------------------------------

Disturb = Callable[[Page, Server], Server | None]


def _kill_worker(page: Page | None, server: Server) -> None:
    os.environ["IMPRINT_HOME"] = str(server.home)
    for job in queue.recent():
        if job.active and job.pid:
            os.killpg(job.pid, signal.SIGKILL)


def _close_tab(page: Page, server: Server) -> None:
    page.context.close()


def _kill_server(page: Page, server: Server) -> Server:
    server.kill()
    page.context.close()
    return Server(server.home)


DISTURBANCES: dict[str, Disturb] = {
    "worker killed": _kill_worker,
    "tab closed": _close_tab,
    "server killed": _kill_server,
}

if __name__ == "__main__":
    sys.exit(main())
