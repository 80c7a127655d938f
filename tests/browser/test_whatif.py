"""What a person does on What-if: runs a grid, sees it fill, opens a configuration by its cell."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_generators import metric, settled, value


def test_a_grid_is_run_and_a_cell_opens_its_page(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/What-if?set=Enlarged+textures")
    backbones = page.locator(".st-key-grid_backbones")
    backbones.get_by_label("Clear all").click()
    settled(page)
    backbones.get_by_role("combobox").fill("LBP")
    page.get_by_role("option", name="LBP", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run 4 configurations").click()
    expect(page.get_by_text("Corrected for selection out of 4")).to_be_visible()
    cells = page.locator(".heat td a")
    expect(cells).to_have_count(4)

    settled(page)
    cell = page.get_by_role("link", name="LBP, k-means, 95%")
    shown = float(cell.inner_text())
    cell.click()
    expect(page.get_by_role("heading", name="Generators")).to_be_visible()
    expect(metric(page, "ARI")).to_be_visible()
    expect(page.get_by_role("combobox", name="Backbone")).to_have_value("LBP")
    expect(page.get_by_role("combobox", name="Clustering")).to_have_value("k-means")
    assert value(page, "ARI") == shown
