"""What a person does on the page of training data by regions: sees the leak, its evidence, other crops."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_generators import choose, metric, settled, value

LEAKY = "set=Demo+membership+DB1+development%2C+dial+1&backbone=Pixels"
HONEST = "set=Demo+membership+DB1+development%2C+dial+0&backbone=Pixels"


def open_regions(page: Page, server: Server, query: str) -> None:
    page.goto(f"{server.url}/Regions?{query}")
    expect(page.locator(".st-key-k_chart .main-svg").first).to_be_visible()


def test_the_leak_its_evidence_and_the_lungs(page: Page, demo_server: Server) -> None:
    """Dial 1: every used patient is in the generator's images; found whole, and by the lungs alone."""
    open_regions(page, demo_server, LEAKY)
    expect(page.get_by_text("A leak was found")).to_be_visible()
    assert value(page, "F1 on test") > 0.9
    settled(page)

    table = page.locator(".st-key-slices_test .dvn-scroller")
    table.click(position={"x": 16, "y": 2.5 * 35})  # the second slice
    expect(page.get_by_text(re.compile("Minimum distance to .* cluster centroids"))).to_be_visible()
    expect(page.locator(".gallery").last.locator("img")).to_have_count(5)

    page.get_by_role("combobox", name="Crop").scroll_into_view_if_needed()
    settled(page)  # scrolling closes an open list
    choose(page, "Crop", "lungs")
    expect(page.get_by_text("crop: lungs")).to_be_visible()
    assert value(page, "AUC on test") > 0.9
    expect(page).to_have_url(re.compile("crop=lungs"))

    settled(page)
    page.get_by_role("radio", name="All crops").click()
    expect(page.locator(".st-key-crops_chart").get_by_text("not computed yet")).to_have_count(2)
    page.get_by_role("button", name="Compute the other crops for this backbone").click()
    expect(page.locator(".st-key-crops_chart").get_by_text("not computed yet")).to_have_count(0)


def test_no_leak_is_told_with_what_would_have_been_missed(page: Page, demo_server: Server) -> None:
    open_regions(page, demo_server, HONEST)
    expect(page.get_by_text("smallest detectable AUC")).to_be_visible()
    expect(metric(page, "Baseline F1").get_by_test_id("stMetricValue")).to_have_text("0.667")


def test_a_link_opens_the_same_verdict(page: Page, demo_server: Server) -> None:
    test = "test=Demo+membership+DB2+test%2C+dial+1"
    open_regions(page, demo_server, f"{LEAKY}&{test}&distance=avg&clusters=20&rule=Median")
    expect(page.get_by_text("mean distance, k = 20, rule “median”")).to_be_visible()
    expect(
        page.get_by_test_id("stSidebar").get_by_text("Demo membership DB2 test, dial 1").first
    ).to_be_visible()
    before = value(page, "F1 on test")
    other = page.context.browser.new_context().new_page()
    other.goto(page.url)
    expect(metric(other, "F1 on test")).to_be_visible()
    assert value(other, "F1 on test") == before
    other.context.close()


def test_from_a_set_without_real_images(page: Page, demo_server: Server) -> None:
    """By the sidebar, with a generators set chosen: the page moves on, and says so."""
    page.goto(f"{demo_server.url}/Generators?set=Demo+generators+test&backbone=LBP")
    expect(metric(page, "ARI")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Training data: regions").click()
    expect(page.get_by_text("“Demo generators test” has no real images")).to_be_visible()
