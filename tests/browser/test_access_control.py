"""What the server tells browsers to forbid, they forbid; and what the pages need is not among it."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

ASK = """async () => {
  const seen = new Promise((done) => document.addEventListener(
    'securitypolicyviolation', (event) => done(event.effectiveDirective), { once: true }));
  fetch('http://127.0.0.1:9/').catch(() => {});
  return seen;
}"""


def test_pages_work_under_the_policy_that_keeps_requests_at_home(page: Page, server: Server) -> None:
    """Map, thumbnails and gallery are drawn without a breach; a request to another port is one."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.url}/Generators?backbone=LBP")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator('[data-listening="true"]')).to_have_count(1)
    page.goto(f"{server.url}/Data")
    expect(page.locator(".gallery img").first).to_be_visible()
    assert not [text for text in said if "Content Security Policy" in text or "violates" in text]
    assert page.evaluate(ASK) == "connect-src"
