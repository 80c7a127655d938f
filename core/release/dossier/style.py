"""How a dossier looks, on the screen and on A4. The policy of the page names this style by its hash."""

import base64
import hashlib

CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 16px 64px; max-width: 732px; background: #fff; color: #1f2328;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 34px 0 8px; padding-top: 10px; border-top: 1px solid #d8dee4; }
h3 { font-size: 14.5px; margin: 20px 0 4px; }
h1, h2, h3 { break-after: avoid; }
p { margin: 6px 0; orphans: 3; widows: 3; }
ul, ol { margin: 6px 0; padding-left: 20px; }
li { margin: 4px 0; }
.quiet, caption, figcaption { color: #59636e; }
.question { font-size: 15px; }
.answer { border-left: 5px solid #59636e; background: #f6f8fa; padding: 10px 14px; margin: 14px 0;
  break-inside: avoid; }
.answer b { display: block; font-size: 17px; margin-bottom: 2px; }
.answer.found { border-color: #b3261e; }
.answer.missed { border-color: #0072B2; }
table { border-collapse: collapse; width: 100%; margin: 10px 0 14px; font-size: 12.5px; line-height: 1.4; }
caption { text-align: left; font-size: 12.5px; padding: 0 0 4px; caption-side: top; }
th, td { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; border-bottom: 1px solid #e6eaee;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
th { font-weight: 600; }
thead th { vertical-align: bottom; }
tbody th { font-weight: 400; }
td.number, th.number { text-align: right; padding-right: 14px; }
td.number { white-space: nowrap; }
table.facts { table-layout: fixed; }
table.facts th { width: 170px; color: #59636e; }
table.facts td { overflow-wrap: anywhere; }
thead { display: table-header-group; }
tr, figure, table { break-inside: avoid; }
table.long { break-inside: auto; }
table.narrow { width: 340px; }
figure { margin: 12px 0; }
figcaption { font-size: 12.5px; line-height: 1.4; margin-top: 4px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  fill: #1f2328; }
svg .tick { fill: #59636e; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .strong { font-weight: 600; }
svg .grid { stroke: #e6eaee; stroke-width: 1; }
svg .chance { stroke: #59636e; stroke-width: 1; stroke-dasharray: 4 3; }
svg .interval { stroke: #0072B2; stroke-width: 2.5; }
svg .point { fill: #0072B2; }
svg .placebo { fill: #fff; stroke: #8a5a00; stroke-width: 1.8; }
.sign { table-layout: fixed; }
.sign th { width: 170px; color: #59636e; }
.sign td, .sign th { padding-top: 16px; border-bottom: 1px solid #59636e; height: 44px; }
.sign th { border-bottom-color: #fff; }
code { font: 12px/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
.hash { background: #f6f8fa; padding: 8px 10px; margin: 8px 0; }
.keep { break-inside: avoid; }
@page { size: A4; margin: 14mm 15mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 10px sans-serif; color: #59636e; } }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { padding: 0; max-width: none; font-size: 12.5px; }
  h2 { margin-top: 22px; }
  table, caption, figcaption { font-size: 11px; }
}
"""
# Nothing is requested, nothing runs, and no style but this one holds.
POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
