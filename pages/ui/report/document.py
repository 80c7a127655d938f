"""The HTML around a report: one page that requests nothing, for screen and paper.

Its content security policy forbids every request, and every script but the two below, which it names by
their hashes: so a name with a script in it would not run even if it slipped through the escaping.
"""

import base64
import functools
import hashlib
import html

from pages.ui.theme import GALLERY

WIDTH = 700  # px; A4 less its margins of 12 mm holds 703

CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 0 64px; width: 700px; background: #fff; color: #1f2328;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 34px 0 8px; padding-top: 10px; border-top: 1px solid #d8dee4; }
h3 { font-size: 14px; margin: 18px 0 6px; }
h1, h2, h3 { break-after: avoid; }
p { margin: 6px 0; }
.quiet, figcaption { color: #59636e; }
.answer { font-size: 15px; border-left: 4px solid #0072B2; padding: 2px 0 2px 12px; margin: 14px 0; }
.cards { display: flex; gap: 10px; margin: 14px 0; }
.cards div { flex: 1 1 0; border: 1px solid #d8dee4; border-radius: 6px; padding: 8px 10px; }
.cards span, .cards small { display: block; font-size: 11px; color: #59636e; }
.cards b { font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-size: 13px; line-height: 1.35; }
th, td { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; border-bottom: 1px solid #e6eaee;
  white-space: pre-line; overflow-wrap: break-word; font-variant-numeric: tabular-nums; }
td.short { white-space: pre; }
th { font-weight: 600; }
tbody th { font-weight: 400; color: #59636e; }
.facts, .sides { table-layout: fixed; }
.facts th, .sides th:first-child { width: 150px; }
.facts td, .sides td { overflow-wrap: anywhere; white-space: pre-line; }
.counts { width: auto; }
.counts td, .counts thead th + th { text-align: center; padding: 4px 6px; min-width: 64px; }
tr, figure, .cards, .keep, .gallery > div { break-inside: avoid; }
.plot { margin: 10px 0 14px; }
.plots { display: flex; flex-wrap: wrap; gap: 10px; }
.plot figcaption, .note { font-size: 12.5px; line-height: 1.4; color: #59636e; margin: 2px 0 10px; }
.gallery { margin: 8px 0; }
.gallery:not(.large) figure, .gallery:not(.large) img { width: 106px; }
.gallery:not(.large) img { height: 106px; }
.gallery img { box-sizing: content-box; }
.gallery figcaption { white-space: normal; overflow-wrap: anywhere; }
li { margin: 4px 0; }
details { margin: 8px 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 11px; line-height: 1.35;
  background: #f6f8fa; padding: 10px; }
code { font-size: 12.5px; background: #f6f8fa; padding: 1px 4px; }
@page { size: A4; margin: 12mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { padding: 0; width: auto; max-width: 700px; }
  h2 { margin-top: 22px; }
  .modebar-container, .screen { display: none !important; }
}
"""

DRAW = """
for (const data of document.querySelectorAll('script[type="application/json"]')) {
  const figure = JSON.parse(data.textContent);
  Plotly.newPlot(data.previousElementSibling, figure.data, figure.layout, figure.config);
}
"""


def page(title: str, body: str) -> str:
    """The whole file; ``body`` is HTML whose texts are escaped already."""
    plotly, policy = _plotly()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=740">
<title>{html.escape(title)}</title>
<style>{GALLERY}{CSS}</style>
</head>
<body>
<main>
{body}
</main>
<noscript><p>The plots of this report need JavaScript. All numbers are in its tables.</p></noscript>
<script>{plotly}</script>
<script>{DRAW}</script>
</body>
</html>
"""


@functools.cache
def _plotly() -> tuple[str, str]:
    """plotly.js, and the policy that lets it and DRAW run, and nothing else."""
    from plotly.offline import get_plotlyjs

    script = get_plotlyjs().replace("\r\n", "\n")  # as a browser reads it, so that the hash holds
    allowed = " ".join(_hashed(each) for each in (script, DRAW))
    # Plotly writes its own styles, and makes the picture to download as a blob.
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    return script, policy


def _hashed(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
