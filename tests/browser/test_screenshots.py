"""A picture of every page at 1280x720, light and dark, on the demo sets.

``IMPRINT_SCREENSHOTS=docs/pages`` keeps them, for the documents; else they are looked at and forgotten.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LONG, Server
from tests.browser.test_generators import settled

GENERATORS = "set=Demo+generators+test"
DIAL = "set=Demo+membership+DB1+development%2C+dial+1&test=Demo+membership+DB1+test%2C+dial+1"
PAGES = {
    "generators": (f"Generators?{GENERATORS}&backbone=Residual+spectrum", ".st-key-map_chart .main-svg"),
    "regions": (f"Regions?{DIAL}&backbone=Pixels", ".st-key-k_chart .main-svg"),
    "reconstruction": (f"Reconstruction?{DIAL}&ae_size=32+px&epochs=60", ".st-key-error_chart .main-svg"),
    "release": (f"Release?{DIAL}", ".main-svg"),
    "what-if": (f"What-if?{GENERATORS}", ".st-key-grid_backbones"),
    "compare": (f"Compare?{GENERATORS}", ".st-key-compare_map_A_0 .main-svg"),
    "paper": (f"Paper?{GENERATORS}", ".st-key-live_paper_chart .main-svg"),
    "audit": (f"Audit?{GENERATORS}", ".main-svg"),
    "runs": ("Runs", ".st-key-runs_table canvas"),
    "data": (f"Data?{GENERATORS}", ".gallery img"),
    "system": ("System", '[data-testid="stDataFrame"] canvas'),
}
LIGHT, DARK = 200, 60  # grey levels of a light sidebar are above, of a dark one below


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("IMPRINT_SCREENSHOTS")
    return Path(kept).resolve() if kept else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def tried(browser: Browser, demo_server: Server) -> None:
    """Two configurations, so that there is something to compare."""
    page = browser.new_page()
    for backbone in ("Residual+spectrum", "Pixels"):
        page.goto(f"{demo_server.url}/Generators?{GENERATORS}&backbone={backbone}")
        expect(page.locator(".st-key-map_chart .main-svg").first).to_be_visible()
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_its_picture_light_and_dark(
    name: str, browser: Browser, demo_server: Server, folder: Path, tried: None
) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
        path = folder / f"{name}-{scheme}.png"
        picture(context.new_page(), f"{demo_server.url}/{PAGES[name][0]}", PAGES[name][1], path)
        context.close()
        grey = np.asarray(Image.open(path).convert("L"))
        assert grey.shape == (720, 1280)
        assert grey[-5, 5] > LIGHT if scheme == "light" else grey[-5, 5] < DARK


def picture(page: Page, address: str, there: str, path: Path) -> None:
    page.goto(address)
    start = page.locator(".st-key-start button")
    expect(page.locator(there).or_(start).first).to_be_visible()
    if start.is_visible():  # a training that takes longer is announced first
        start.click()
    expect(page.locator(there).first).to_be_visible(timeout=LONG)
    settled(page)
    page.mouse.move(1270, 715)  # no tool bar of a plot, no tip
    page.screenshot(path=path)
