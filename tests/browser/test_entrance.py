"""The first request to a fresh server, which Streamlit treats apart, by every page's own link."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("Generators", "Generators"),
        ("Regions", "Training data: regions"),
        ("Reconstruction", "Training data: reconstruction"),
        ("What-if", "What-if"),
        ("Compare", "Compare"),
        ("Paper", "Paper"),
        ("Audit", "Audit"),
        ("Runs", "Runs"),
        ("Data", "Data"),
        ("System", "System"),
    ],
)
def test_every_page_opens_by_its_link_on_a_fresh_server(
    address: str, title: str, page: Page, fresh_server: Callable[[], Server]
) -> None:
    server = fresh_server()
    page.goto(f"{server.url}/{address}")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_role("link", name="Generators")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_a_set_is_imported_looked_at_and_attributed(page: Page, server: Server, tmp_path_factory) -> None:
    """The way of a new user: Data, a folder with one folder per generator, then its clusters."""
    from PIL import Image

    from tests.support.textures import textures

    folder = tmp_path_factory.mktemp("images")
    for path, pixels in textures(12, seed=1).items():
        (folder / path).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / path)
    (folder / "nearest" / "empty.png").write_bytes(b"")

    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    page.get_by_role("radio", name="On this server").click()
    page.get_by_label("Folder or archive on this machine").fill(str(folder))
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("1 file would be rejected").first).to_be_visible()
    page.get_by_label("Name of the data set").fill("Mine")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Mine was imported: 36 images")).to_be_visible()
    expect(page.get_by_text("1 file rejected")).to_be_visible()
    expect(page.locator(".gallery img").first).to_be_visible()

    page.goto(f"{server.url}/Generators?set=Mine&backbone=LBP")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    expect(page.get_by_test_id("stMetric").nth(1).get_by_test_id("stMetricValue")).to_have_text("3")


def test_a_new_user_finds_the_demo_sets(page: Page, fresh_server: Callable[..., Server]) -> None:
    """As ``make run`` does: the demo sets into an empty home, then the page, which groups the first."""
    server = fresh_server(demo=True)
    page.goto(server.url)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("1,000 generated")).to_be_visible()
    expect(sidebar.get_by_text("4 generators")).to_be_visible()
    expect(page.get_by_text("1 of 4 · Model attribution")).to_be_visible()
    page.goto(f"{server.url}/Generators?backbone=LBP")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stMetric").nth(1).get_by_test_id("stMetricValue")).to_have_text("3")
    page.goto(f"{server.url}/Data?set=Demo+membership+DB1+test%2C+dial+0.5")
    expect(page.get_by_text("real, not used").first).to_be_visible()
    expect(page.locator(".gallery img").first).to_be_visible()
