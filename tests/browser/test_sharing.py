"""What leaves the page and comes back: links, runs, comparisons, the guided demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from core.engine import ATTRIBUTION
from core.experiments import submission
from core.images.library import Library
from tests.browser.conftest import ROOT, Server
from tests.browser.test_generators import choose, lasso, metric, settled, value
from tests.support import textures

DIMMED = '[class*="st-key-compare_map_B"] .point[style*="opacity: 0.1"]'
CONFIGURED = "set=Enlarged+textures&backbone=LBP&pca=95%25&cluster=k-means"


def test_a_copied_link_opens_the_same_view_elsewhere(page: Page, browser: Browser, server: Server) -> None:
    """Knobs are turned, the link is copied, another person's browser opens it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.url}/Generators?set=Enlarged+textures&backbone=LBP")
    expect(metric(page, "ARI")).to_be_visible()
    choose(page, "Linkage", "average")
    settled(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "linkage=average" in link
    shown = value(page, "ARI")

    other = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    other.goto(link)
    expect(metric(other, "ARI")).to_be_visible()
    expect(other.get_by_role("combobox", name="Linkage")).to_have_value("average")
    assert value(other, "ARI") == shown
    other.context.close()


def test_a_saved_run_is_made_again_on_a_clean_home(page: Page, server: Server, tmp_path: Path) -> None:
    """The page writes the file; the command line, with another cache and another name of the set, finds the
    same labels and scores."""
    page.goto(f"{server.url}/Generators?{CONFIGURED}")
    expect(metric(page, "ARI")).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save run").click()
    runfile = tmp_path / "run.json"
    download.value.save_as(runfile)

    home = tmp_path / "clean"
    textures.install(Library(home), name="by another name")
    done = subprocess.run(
        [sys.executable, "-m", "core", "run", str(runfile), "--json"],
        cwd=ROOT,
        env={**os.environ, "IMPRINT_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    again, saved = json.loads(done.stdout), json.loads(runfile.read_text())
    assert again["same"]
    assert again["labels"] == saved["labels"]
    assert again["scores"] == saved["scores"]
    assert again["scores"]["ari"] == saved["scores"]["ari"]


def test_two_configurations_are_compared(page: Page, server: Server) -> None:
    """From the page of one to the comparison with the best other; the images that changed are shown."""
    page.goto(f"{server.url}/Generators?set=Enlarged+textures&backbone=LBP&cluster=k-means")
    expect(metric(page, "ARI")).to_be_visible()
    page.goto(f"{server.url}/Generators?set=Enlarged+textures&backbone=Pixels")
    expect(metric(page, "ARI")).to_be_visible()
    settled(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(metric(page, "B − A")).to_be_visible()
    expect(page.locator(".st-key-compare_map_A_0 .main-svg").first).to_be_visible()
    changed = int(metric(page, "Changed").get_by_test_id("stMetricValue").inner_text())
    assert changed > 0
    expect(page.get_by_text("Images that changed from A to B")).to_be_visible()
    expect(page.locator(".gallery figure")).to_have_count(min(changed, 24))

    lasso(page, "compare_map_A_0")
    expect(page.get_by_text("selected images changed")).to_be_visible()
    expect(page.locator(DIMMED).first).to_be_attached()  # on the other map the rest stands back as well


def test_the_guided_demo_goes_to_the_end(page: Page, demo_server: Server) -> None:
    """The entrance of a first visit; four stops, each with the result that its text explains."""
    page.goto(demo_server.url)
    expect(page.get_by_text("1 of 4 · Model attribution")).to_be_visible()
    expect(metric(page, "ARI")).to_be_visible()
    assert value(page, "ARI") > 0.9

    _next(page, "2 of 4 · Memorisation found: training-data leakage")
    expect(page.get_by_text("A leak was found: used images are nearer")).to_be_visible()

    _next(page, "3 of 4 · No leak found")
    expect(page.get_by_text("No leak was found by this attack at this sample size")).to_be_visible()

    _next(page, "4 of 4 · Significant, but meaningless")
    expect(metric(page, "ARI")).to_be_visible()
    expect(page.get_by_role("combobox", name="Backbone")).to_have_value("Pixels")
    settled(page)
    assert value(page, "ARI") < 0.1

    page.get_by_role("link", name="Use your own images").click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    page.goto(demo_server.url)
    expect(page.get_by_role("heading", name="Generators")).to_be_visible()
    expect(page.get_by_text("1 of 4")).to_have_count(0)


def _next(page: Page, title: str) -> None:
    settled(page)
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.get_by_text(title)).to_be_visible()


def test_the_paper_stands_beside_ours(page: Page, server: Server) -> None:
    """Rows that can run do, the others say why."""
    page.goto(f"{server.url}/Paper?set=Enlarged+textures")
    page.get_by_text("Table 5").click()
    page.get_by_role("button", name="Run 10 configurations").click()
    expect(page.get_by_text("2 of 10 rows evaluated")).to_be_visible()
    expect(page.locator(".st-key-paper_chart .main-svg").first).to_be_visible()
    expect(page.get_by_text("The abstract gives 0.996")).to_be_visible()


def test_the_run_log_has_what_was_tried(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Generators?{CONFIGURED}")
    expect(metric(page, "ARI")).to_be_visible()
    page.goto(f"{server.url}/Runs")
    page.get_by_label("Filter").fill("LBP kmeans 0.95")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of ")).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert "Enlarged textures" in Path(download.value.path()).read_text()
    page.locator(".st-key-runs_table .dvn-scroller").click(position={"x": 16, "y": 1.5 * 35})
    opener = page.get_by_role("link", name="Open this run")
    expect(opener).to_be_visible()
    settled(page)
    opener.click()
    expect(page.get_by_role("combobox", name="Clustering")).to_have_value("k-means")


def test_a_submission_keeps_the_challenges_form(page: Page, server: Server) -> None:
    """Every image once, by its identifier, and what the page writes is what the validator wants."""
    page.goto(f"{server.url}/Generators?{CONFIGURED}")
    expect(metric(page, "ARI")).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Submission").click()
    text = Path(download.value.path()).read_text()
    files = Library(server.home).get(textures.NAME).generated
    assert submission.validate(text, submission.identifiers(files), ATTRIBUTION) == ()
    assert text.count("\n") == len(files)
