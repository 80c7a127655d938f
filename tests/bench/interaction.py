"""From a changed knob to the redrawn page, in Chromium: time and bytes, on the demo set and on 10,000 images.

A toggle is over when the page last changed after it: the last change
of its elements or the last drawing of a chart, with no script running and a quarter of a second of quiet.
"""

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.extraction import embedder
from core.features import catalog
from core.images.library import Library
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.bench.toggle import SPEC, spectrum_rows
from tests.browser import chromium
from tests.browser.conftest import Server, free_port, install

LARGE, GENERATORS = 10_000, 5
KNOBS = {"Linkage": ("Ward", "average", "complete"), "k": ("known", "2", "3", "4", "5", "6")}
QUIET = 250  # ms without a change, after which a toggle is over
LIMIT = 120_000  # ms
VISITS, STARTS = 3, 3  # cold starts that make a browser known, and that are measured

WATCH = """() => {
  const main = document.querySelector('[data-testid="stMain"]');
  window.bench = { start: 0, last: 0 };
  const touch = () => { window.bench.last = performance.now(); };
  // A table's canvas holds a hidden copy for screen readers, which Streamlit's grid rewrites 0.2 s later.
  const seen = (change) => !(change.target.closest ?? change.target.parentElement?.closest)
    ?.call(change.target.closest ? change.target : change.target.parentElement, 'canvas');
  new MutationObserver((changes) => { if (changes.some(seen)) touch(); }).observe(main,
    { subtree: true, childList: true, attributes: true, characterData: true });
  document.addEventListener('click', event => {
    if (event.target.closest('[role="option"]')) {
      window.bench.start = window.bench.last = performance.now();
      window.bench.running = false;
    }
  }, true);
  const state = () => document.querySelector('[data-test-script-state]')?.dataset.testScriptState;
  const hear = () => {
    for (const plot of main.querySelectorAll('.js-plotly-plot')) {
      if (!plot.heard && plot.on) { plot.heard = true; plot.on('plotly_afterplot', touch); }
    }
    if (state() === 'running') window.bench.running = true;
  };
  setInterval(hear, 10);
  window.benchOver = () => window.bench.start > 0 && state() === 'notRunning'
    && performance.now() - window.bench.last > QUIET && performance.now() - window.bench.start > 400;
}""".replace("QUIET", str(QUIET))


@dataclass(frozen=True)
class Interaction:
    """``toggles``: milliseconds of each; ``received``: bytes over the socket in each."""

    images: int
    cached: bool
    toggles: tuple[float, ...]
    received: tuple[int, ...]

    def line(self) -> str:
        p50, p95 = (float(np.percentile(self.toggles, q)) for q in (50, 95))
        size = np.array(self.received) / 1000
        kind = "cached" if self.cached else "uncached"
        return (
            f"  {self.images:7,} images, {kind:9}{len(self.toggles):6}{p50:9.0f}{p95:9.0f}"
            f"{max(self.toggles):9.0f}{np.median(size):12.0f}{size.max():10.0f}"
        )

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(toggles: int = 200, large: int = LARGE) -> tuple[list[Interaction], dict[str, list[float]]]:
    """Toggles on both sets, first never seen and then again; and cold starts on cached results."""
    found: list[Interaction] = []
    starts: dict[str, list[float]] = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        browser = playwright.chromium.launch(executable_path=chromium.provide(), args=chromium.FLAGS)
        for name, fill in (("demo", install), ("large", lambda home: synthetic(home, large))):
            home = Path(folder) / name
            home.mkdir()
            fill(home)
            with _serving(home) as server:
                found += _toggled(browser, server, home, toggles)
            known = playwright.chromium.launch_persistent_context(
                str(Path(folder) / f"{name}-profile"), executable_path=chromium.provide(), args=chromium.FLAGS
            )
            starts |= {f"{name}, {which}": took for which, took in _cold_starts(browser, known, home).items()}
            known.close()
    return found, starts


def synthetic(home: Path, count: int) -> None:
    """A set of small images whose features are in the store, as an extraction leaves them: by their hash."""
    library, store = Library(home), Store(home / "store")
    rng = np.random.default_rng(0)
    labels = rng.integers(GENERATORS, size=count)
    names = []
    for i in range(count):
        noise = rng.integers(0, 255, (64, 64), dtype=np.uint8)
        names.append(ImageFile(f"{i:05}.png", library.add_pixels(noise), label=f"generator {labels[i]}"))
    image_set = ImageSet("large", "generators", tuple(names))
    library.add(image_set)
    rows = spectrum_rows(labels, catalog.dimensions(SPEC), rng)
    step = 16
    order = sorted(range(count), key=lambda place: names[place].sha256)
    for first in range(0, count, step):
        places = order[first : first + step]
        ids = [names[place].sha256 for place in places]
        store.put_rows(embedder.feature_key(catalog.spec()), ids, rows[places])
    store.close()


@contextmanager
def _serving(home: Path, port: int | None = None) -> Iterator[Server]:
    server = Server(home, port)
    try:
        yield server
    finally:
        server.stop()


def _toggled(browser: Browser, server: Server, home: Path, count: int) -> list[Interaction]:
    """Every combination of knobs once, uncached, then as many cached toggles as are asked for."""
    image_set = Library(home).all()[0]
    images = len(image_set.generated)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    bytes_in = _counted(page)
    page.goto(f"{server.url}/Generators?set={image_set.name}")
    page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=LIMIT)
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    order = list(product(KNOBS["Linkage"], KNOBS["k"]))
    walk = _walk(order, count, random.Random(0))
    seen, fresh, again = {("Ward", "known")}, [], []
    state = ["Ward", "known"]
    for knob, option in walk:
        state[list(KNOBS).index(knob)] = option
        taken = _toggle(page, knob, option, bytes_in)
        (again if tuple(state) in seen else fresh).append(taken)
        seen.add((state[0], state[1]))
    page.close()
    return [
        Interaction(images, cached, tuple(t for t, _ in taken), tuple(b for _, b in taken))
        for cached, taken in ((False, fresh), (True, again))
    ]


def _walk(order: Sequence[tuple[str, str]], count: int, draw: random.Random) -> list[tuple[str, str]]:
    """Toggles of one knob each, that visit every combination and then stroll until ``count`` were cached."""
    steps, state = [], ["Ward", "known"]
    for number, linkage in enumerate(KNOBS["Linkage"]):
        if number:
            steps.append(("Linkage", linkage))
        ks = [k for k in KNOBS["k"] if k != state[1]]
        steps += [("k", k) for k in ks]
        state[1] = ks[-1]
    state = [KNOBS["Linkage"][-1], state[1]]
    for _ in range(count):
        place = draw.randrange(2)
        knob = list(KNOBS)[place]
        state[place] = draw.choice([option for option in KNOBS[knob] if option != state[place]])
        steps.append((knob, state[place]))
    return steps


def _toggle(page: Page, knob: str, option: str, bytes_in: list[int]) -> tuple[float, int]:
    """Milliseconds from the click on the option to the last change of the page, and bytes received."""
    page.get_by_role("combobox", name=knob, exact=True).click()
    choice = page.get_by_role("option", name=option, exact=True)
    choice.wait_for()
    page.wait_for_timeout(100)  # the list has opened
    before = sum(bytes_in)
    page.evaluate("window.bench.start = 0")
    choice.click()
    page.wait_for_function("window.benchOver()", timeout=LIMIT, polling=20)
    taken = float(page.evaluate("window.bench.last - window.bench.start"))
    return taken, sum(bytes_in) - before


def _counted(page: Page) -> list[int]:
    """The sizes of all frames that come over the page's sockets, as they come."""
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    return sizes


def _cold_starts(browser: Browser, known: BrowserContext, home: Path) -> dict[str, list[float]]:
    """Seconds, in turns, in a browser that has seen nothing and in one that was at this address before.

    That one has the scripts, and from its third visit on what it compiled of them.
    """
    port = free_port()
    for _ in range(VISITS):
        _cold_start(known, home, port)
    found: dict[str, list[float]] = {"new browser": [], "known browser": []}
    for _ in range(STARTS):
        fresh = browser.new_context()
        found["new browser"].append(_cold_start(fresh, home, port))
        fresh.close()
        found["known browser"].append(_cold_start(known, home, port))
    return found


def _cold_start(context: BrowserContext, home: Path, port: int) -> float:
    """Seconds from the start of the server's process to the answer and its map on the page."""
    name = Library(home).all()[0].name
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 720})
    start = time.perf_counter()
    with _serving(home, port) as server:
        page.goto(f"{server.url}/Generators?set={name}")
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=LIMIT)
        seconds = time.perf_counter() - start
        page.wait_for_timeout(2000)  # what the browser compiled is kept once it has leisure
        page.close()
    return seconds


def text(found: Sequence[Interaction], starts: dict[str, list[float]]) -> str:
    lines = [
        "A TOGGLE IN THE BROWSER, from the click to the redrawn page, Chromium on the same cores",
        f"  {'':26}{'toggles':>7}{'p50 ms':>8}{'p95 ms':>9}{'slowest':>9}{'kB, median':>12}{'largest':>10}",
        *(each.line() for each in found),
    ]
    for name, seconds in starts.items():
        words = ", ".join(f"{value:.1f}" for value in seconds)
        lines.append(f"  cold start, server's process to the map on the page, {name}: {words} s")
    return "\n".join(lines)
