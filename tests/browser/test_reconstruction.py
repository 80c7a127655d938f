"""What a person does on the page of training data by reconstruction: trains, watches, looks."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import LONG, Server
from tests.browser.test_generators import choose, settled, value

QUERY = "set=Demo+membership+DB1+development%2C+dial+1&ae_size=32+px&epochs=60"


def test_train_watch_reload_and_look(page: Page, demo_server: Server) -> None:
    page.goto(f"{demo_server.url}/Reconstruction?{QUERY}")
    expect(page.get_by_text(re.compile(r"epoch, loss .* left"))).to_be_visible()
    expect(page.locator(".st-key-live_loss_chart .main-svg").first).to_be_visible()
    page.reload()
    leak = page.get_by_text("A leak was found: used images are reconstructed better")
    expect(leak).to_be_visible(timeout=LONG)
    assert value(page, "AUC on test") > 0.75
    expect(page.locator(".gallery img")).to_have_count(3)

    settled(page)
    choose(page, "Decide by", "error pattern (SSIM)")
    axis = "SSIM with the “not used” centroid − SSIM with the “used” centroid"
    expect(page.get_by_text(axis)).to_be_visible()
    page.get_by_role("radio", name="Centroids").click()
    expect(page.get_by_text("not used − used")).to_be_visible()
