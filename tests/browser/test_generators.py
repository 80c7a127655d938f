"""What a person does on the page Generators, in a real Chromium."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import LONG, Server


def metric(page: Page, label: str):
    return page.get_by_test_id("stMetric").filter(has_text=re.compile(rf"^{label}")).first


def choose(page: Page, setting: str, option: str) -> None:
    page.get_by_role("combobox", name=setting, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def value(page: Page, label: str) -> float:
    return float(metric(page, label).get_by_test_id("stMetricValue").inner_text())


def open_generators(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/Generators?{query}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


QUIET = """() => new Promise(resolve => {
  let timer = setTimeout(done, 1000);
  const observer = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 1000); });
  observer.observe(document.querySelector('[data-testid="stMain"]'),
    { subtree: true, childList: true, attributes: true, characterData: true });
  function done() { observer.disconnect(); resolve(true); }
})"""


def settled(page: Page) -> None:
    """Until no script runs and nothing on the page has changed for a second: Plotly draws after the script,
    and a gesture in the middle of a redraw is lost."""
    expect(page.locator("[data-test-script-state='notRunning']")).to_be_attached()
    page.evaluate(QUIET)


def lasso(page: Page, chart: str = "map_chart") -> None:
    """Draw a loop over the left half of a map."""
    settled(page)
    box = page.locator(f".st-key-{chart} .nsewdrag").first.bounding_box()
    assert box is not None
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.05)]
    points = [(box["x"] + fx * box["width"], box["y"] + fy * box["height"]) for fx, fy in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def test_from_the_entrance_to_the_images(page: Page, server: Server) -> None:
    """Open, see the ARI; change backbone, PCA and clustering and see it change; lasso, see the images."""
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Generators")).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    first = value(page, "ARI")
    assert 0 < first < 1

    choose(page, "Backbone", "Residual spectrum")
    expect(metric(page, "ARI").get_by_test_id("stMetricValue")).not_to_have_text(f"{first:.2f}")
    expect(page).to_have_url(re.compile("backbone=Residual"))
    second = value(page, "ARI")

    choose(page, "Clustering", "k-means")
    expect(metric(page, "ARI").get_by_test_id("stMetricValue")).not_to_have_text(f"{second:.2f}")
    third = value(page, "ARI")

    choose(page, "k", "5")
    expect(metric(page, "k").get_by_test_id("stMetricValue")).to_have_text("5")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("pca=50"))
    expect(metric(page, "ARI").get_by_test_id("stMetricValue")).not_to_have_text(f"{third:.2f}")

    lasso(page)
    expect(page.locator(".gallery img").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ images selected"))).to_be_visible()


def test_hover_shows_the_image(page: Page, server: Server) -> None:
    open_generators(page, server, "backbone=LBP")
    expect(metric(page, "ARI")).to_be_visible()
    settled(page)
    point = page.locator(".st-key-map_chart .scatterlayer .point").first
    box = point.bounding_box()
    assert box is not None
    expect(page.locator(".tip[data-listening]")).to_be_attached()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    expect(page.locator(".tip")).to_be_visible()
    expect(page.locator(".tip .picture")).to_be_visible()
    expect(page.locator(".tip .name")).to_have_text(re.compile(r"\.png$"))
    first = page.locator(".tip .what").inner_text()
    choose(page, "k", "2")
    settled(page)
    page.mouse.move(0, 0)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    expect(page.locator(".tip .what")).to_have_text(re.compile(r", cluster c[12]$"))
    assert first.split(",")[0] == page.locator(".tip .what").inner_text().split(",")[0]


def test_a_cell_of_the_table_shows_its_images(page: Page, server: Server) -> None:
    open_generators(page, server, "backbone=LBP")
    settled(page)
    table = page.locator(".st-key-contingency .dvn-scroller")
    width = table.evaluate("table => table.clientWidth")
    table.click(position={"x": 0.4 * width, "y": 1.5 * 35})  # first row, first cluster: never empty
    expect(page.get_by_text(re.compile(r"\d+ images selected"))).to_be_visible()


def test_a_link_opens_the_same_view(page: Page, server: Server) -> None:
    query = "set=Enlarged+textures&backbone=LBP&pca=90%25&cluster=k-means&k=4"
    open_generators(page, server, query)
    expect(metric(page, "k").get_by_test_id("stMetricValue")).to_have_text("4")
    before = value(page, "ARI")
    link = page.url
    other = page.context.browser.new_context().new_page()
    other.goto(link)
    expect(metric(other, "k").get_by_test_id("stMetricValue")).to_have_text("4")
    assert value(other, "ARI") == before
    other.context.close()


def test_the_history_is_a_table(page: Page, server: Server) -> None:
    open_generators(page, server, "backbone=LBP&cluster=k-means")
    page.get_by_role("radio", name="History").click()
    expect(page.locator(".st-key-history_table canvas").first).to_be_visible()


def test_missing_weights_say_what_to_do(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Generators?backbone=ResNet50")
    expect(page.get_by_text("ResNet50 needs its ImageNet weights")).to_be_visible()
    expect(page.get_by_text("Use this folder")).to_be_visible()


def test_work_can_be_watched_and_cancelled(page: Page, server: Server) -> None:
    """VGG-16 on 180 images takes far longer than this test: it is announced, started, seen, cancelled."""
    page.goto(f"{server.url}/Generators?backbone=VGG-16&weights=untrained")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Embedding 180 images with VGG-16")).to_be_visible()
    # Half a gigabyte of weights is drawn and converted first.
    expect(page.get_by_text(re.compile(r"images/s, .* left"))).to_be_visible(timeout=LONG)
    page.reload()
    expect(page.get_by_text(re.compile(r"images/s, .* left"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
