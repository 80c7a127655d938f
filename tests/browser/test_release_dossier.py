"""A dossier as a data officer opens it: from a file, without a network, and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.images.library import Library
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.dossier.document import document
from core.release.dossier.files import write_dossier
from core.store import Store
from tests.support.releases import leaking, lighten

PAPER = 96 * (210 - 2 * 15) // 25.4  # px of A4 within its margins
REFUSED = """async () => {
  const refused = [];
  document.addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
  const add = (tag, fields) => document.body.append(Object.assign(document.createElement(tag), fields));
  await fetch('http://127.0.0.1:1/').catch(() => null);
  add('img', { src: 'http://127.0.0.1:1/x.png' });
  add('script', { textContent: 'window.strange = true' });
  add('style', { textContent: 'body { display: none }' });
  await new Promise(resolve => setTimeout(resolve, 300));
  return [...refused.sort(), window.strange, getComputedStyle(document.body).display];
}"""
WIDEST = """() => [...document.querySelectorAll('table, figure, svg, p, h1, .answer')]
  .map(each => each.getBoundingClientRect()).map(box => [box.left, box.right])"""


@pytest.fixture
def written(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lighten(monkeypatch)
    library = Library()
    config, sets = ReleaseConfig(context="public"), [leaking(library, "a study", 1.0)]
    release = Assessor(Store(), library).assess(sets, config)
    return write_dossier(tmp_path, document(release, config, sets, name_people=True))[0]


def test_a_dossier_opens_offline_and_fits_its_paper(written: Path, browser: Browser) -> None:
    """One request: the file. Its own style holds, though the policy allows no other; nothing is clipped."""
    context = browser.new_context(viewport={"width": int(PAPER), "height": 1000}, offline=True)
    page = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda line: complaints.append(line.text))
    page.goto(written.as_uri())
    assert (requests, complaints) == ([written.as_uri()], [])
    expect(page.get_by_role("heading", level=1)).to_have_text("Release dossier: a study")
    expect(page.locator(".answer")).to_contain_text("Exposure found")
    expect(page.locator(".answer")).to_have_css("border-left-width", "5px")
    expect(page.locator("#imprint-dossier")).to_be_hidden()
    expect(page.get_by_role("img", name="AUC of every attack")).to_be_visible()
    page.emulate_media(media="print")
    edges = page.evaluate(WIDEST)
    assert len(edges) > 40
    assert min(left for left, _ in edges) >= 0
    assert max(right for _, right in edges) <= PAPER + 1
    assert page.evaluate(REFUSED) == [
        *("connect-src", "img-src", "script-src-elem", "style-src-elem"),
        *(None, "block"),
    ]
    context.close()
