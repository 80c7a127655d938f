"""The report as a person opens it: from a file, without a network, and on paper."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.config import AutoencoderSpec, ClusterSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.engine import Config, Engine
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from pages.ui.report import builder
from tests.support import textures
from tests.unit.membership.test_cluster_distance import leaky

PIXELS = catalog.spec("pixels", options={"side": 16})
GROUPS = [PipelineConfig(PIXELS)]
COMPARED = [*GROUPS, PipelineConfig(PIXELS, cluster=ClusterSpec("kmeans", k=4))]
REGIONS = [MembershipConfig(PIXELS)]
ERRORS = [ReconstructionConfig(AutoencoderSpec(size=32, bottleneck=8, epochs=3))]
PAPER = 96 * (210 - 2 * 12) // 25.4, 96 * (297 - 2 * 12) // 25.4  # px of A4 within its margins

Write = Callable[[list[Config]], Path]


@pytest.fixture
def write(home: Path, tmp_path: Path) -> Write:
    """The report of configurations, as a file."""
    engine = Engine(Store(), Library(), Effort(8, 2))

    def make(configs: list[Config]) -> Path:
        if isinstance(configs[0], PipelineConfig):
            textures.install(engine.library)
            sets = [engine.library.get(textures.NAME)]
        else:
            sets = [leaky(engine.library, name, 1) for name in ("my development", "my test")]
        path = tmp_path / "report.html"
        answers = [engine.answer(sets, config) for config in configs]
        path.write_bytes(builder.build(engine, sets, answers).encode())
        return path

    return make


@dataclass
class Cut:
    """A page without a network, with every request and every complaint that it makes."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: Path) -> None:
        self.page.goto(path.as_uri())
        for place in range(self.page.locator(".plot").count()):
            expect(self.page.locator(".plot").nth(place).locator(".main-svg").first).to_be_visible()


@pytest.fixture
def cut(browser: Browser) -> Iterator[Cut]:
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    context.set_offline(True)
    cut = Cut(context.new_page())
    cut.page.on("request", lambda request: cut.requests.append(request.url))
    cut.page.on("pageerror", lambda error: cut.complaints.append(str(error)))
    cut.page.on("console", lambda line: cut.complaints.append(line.text) if line.type == "error" else None)
    yield cut
    context.close()


def test_it_opens_without_a_network_and_asks_for_nothing(write: Write, cut: Cut) -> None:
    path = write(GROUPS)
    cut.open(path)
    assert [url for url in cut.requests if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert cut.complaints == []


def test_a_plot_answers_the_pointer(write: Write, cut: Cut) -> None:
    """Hover tells the image; a click on a name in the legend hides its points."""
    cut.open(write(GROUPS))
    page = cut.page
    page.locator(".scatterlayer .point").first.hover(force=True)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("cluster c")
    shown = page.locator(".scatterlayer .point").count()
    page.locator(".legendtoggle").first.click(force=True)
    expect(page.locator(".scatterlayer .point")).to_have_count(shown * 2 // 3)


def test_neither_a_request_nor_a_strange_script_gets_through(write: Write, cut: Cut) -> None:
    """The policy itself refuses them, also where a network is there."""
    cut.open(write(GROUPS))
    cut.page.context.set_offline(False)
    refused = cut.page.evaluate(
        """async () => {
          const refused = [];
          document.addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
          const add = (tag, fields) =>
            document.body.append(Object.assign(document.createElement(tag), fields));
          await fetch('http://127.0.0.1:1/').catch(() => null);
          add('img', { src: 'http://127.0.0.1:1/x.png' });
          add('script', { textContent: 'window.strange = true' });
          await new Promise(resolve => setTimeout(resolve, 300));
          return [...refused.sort(), window.strange];
        }"""
    )
    assert refused == ["connect-src", "img-src", "script-src-elem", None]


WIDEST = """() => [...document.querySelectorAll('.js-plotly-plot .main-svg, img, table, figure, pre, h1, p')]
  .filter(each => each.getClientRects().length)
  .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 80)])
  .map(([box, html]) => [box.left, box.right, box.height, html])"""
UNBROKEN = """() => [...document.querySelectorAll('.plot, .keep, tr, .cards')]
  .map(each => [getComputedStyle(each).breakInside, each.getBoundingClientRect().height])"""
LABELS = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
  const frame = plot.getBoundingClientRect();
  return [...plot.querySelectorAll('.xtick, .ytick, .g-xtitle, .g-ytitle, .legend')]
    .map(each => each.getBoundingClientRect()).filter(box => box.width)
    .map(({ left, right, top, bottom }) =>
      [left - frame.left, frame.right - right, top - frame.top, frame.bottom - bottom]);
})"""


@pytest.mark.parametrize("configs", [GROUPS, COMPARED, REGIONS, ERRORS])
def test_on_paper_nothing_is_clipped(configs: list[Config], write: Write, cut: Cut) -> None:
    """In print, as wide as A4 within its margins: all lies on the sheet, and what must not break fits one."""
    cut.open(write(configs))
    page, (width, height) = cut.page, PAPER
    page.emulate_media(media="print")
    page.set_viewport_size({"width": int(width), "height": int(height)})
    boxes = page.evaluate(WIDEST)
    assert boxes
    assert [box for box in boxes if box[0] < 0 or box[1] > width + 0.5] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unbroken = page.evaluate(UNBROKEN)
    assert {how for how, _ in unbroken} == {"avoid"}
    assert max(tall for _, tall in unbroken) < height
    assert [edges for edges in page.evaluate(LABELS) if min(edges) < -1] == []
    expect(page.locator(".modebar-container").first).to_be_hidden()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert cut.complaints == []
