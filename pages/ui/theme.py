"""Colours and markers: one per generator, the same in every chart, table and gallery."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.numeric.statistics import Score, format_interval

# Okabe and Ito's colours, those that read on white and on black first.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#B5A642", "#7F7F7F")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "triangle-down")
SYMBOL_NUMBERS = {  # plotly's own
    "circle": 0,
    "square": 1,
    "diamond": 2,
    "cross": 3,
    "x": 4,
    "triangle-up": 5,
    "triangle-down": 6,
    "star": 17,
    "circle-open": 100,
}
GLYPHS = ("●", "◆", "■", "▲", "✚", "✖", "★", "▼")
UNKNOWN = "unknown"
GREY = "#8A9199"
ROLES = {"used": "#0072B2", "not used": "#E69F00", UNKNOWN: GREY, "generated": "#009E73"}
DISTANCES = {"min": "#009E73", "avg": "#CC79A7"}
DASHES = {"min": "solid", "avg": "dash"}

PAGE = """
section[data-testid="stSidebar"] { width: 238px !important; min-width: 238px !important; }
body:has([data-testid="stSidebar"] [aria-expanded="true"]) [data-testid="stSelectboxVirtualDropdown"] {
  min-width: 340px; }
[data-testid="stSidebarHeader"] { height: 2.2rem; margin-bottom: 0; }
[data-testid="stSidebarContent"] { padding: 0 0.9rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stSidebarUserContent"] h3 { margin-bottom: 0.5rem; }
[data-testid="stSidebar"] [data-testid="stPageLink"] a { padding-top: 0.16rem; padding-bottom: 0.16rem;
  min-height: 0; line-height: 1.5; }
[data-testid="stSidebar"] [data-testid="stPageLink"] { margin-bottom: -0.2rem; }
[data-testid="stSidebarUserContent"] { padding: 0 0 1rem; margin: 0; }
[data-testid="stMainBlockContainer"] { padding: 1.4rem 1.8rem 3rem; max-width: 1500px; }
[data-testid="stMainBlockContainer"] > div > [data-testid="stVerticalBlock"] { gap: 0.7rem; }
[data-testid="stHeader"] { background: transparent; height: 2rem; }
[data-testid="stMetric"] { padding: 0 !important; }
[data-testid="stMetric"] > div { padding: 0.45rem 0.7rem !important; }
[data-testid="stMetricValue"] { font-size: 1.5rem !important; line-height: 1.25 !important;
  font-variant-numeric: tabular-nums; }
[data-testid="stMetricDelta"] { font-size: 0.75rem !important; padding: 0 !important;
  background: none !important; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.35rem !important; padding: 0 !important; line-height: 1.2 !important; }
h3 { font-size: 1rem !important; padding: 0.2rem 0 !important; }
.st-key-actions { margin-top: -4.4rem; margin-bottom: 0.6rem; align-items: center; }
.st-key-actions button, .st-key-actions a, .st-key-actions a * { font-size: 0.875rem !important; }
.st-key-tour { border-color: rgba(0,114,178,0.55) !important; padding: 0.5rem 0.9rem !important; }
.st-key-tour [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
.st-key-tour [data-testid="stVerticalBlock"] { gap: 0.3rem; }
.st-key-tour p { font-size: 0.875rem; line-height: 1.45; margin: 0; }
.st-key-map_chart_hover { position: absolute; height: 0; }
a.go { color: inherit !important; font-size: 0.875rem; text-underline-offset: 3px; opacity: 0.85; }
a.go:hover, a.go:focus-visible { opacity: 1; }
[data-testid="stSidebar"] a.go { padding-left: 0.5rem; }
.exposed { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
  gap: 12px 20px; }
.exposed .patient { grid-column: 1 / -1; margin: 4px 0 -6px; font-size: 0.875rem; }
.exposed > div > .patient { margin: 4px 0 6px; }
.exposed .patient span { opacity: 0.75; margin-left: 0.5rem; font-variant-numeric: tabular-nums; }
.exposed .person { display: grid; grid-template-columns: 2fr 2fr 2fr 1fr; gap: 3px; max-width: 480px; }
.exposed figure { margin: 0; min-width: 0; }
.exposed img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; display: block;
  border-bottom: 4px solid var(--frame); }
.exposed .next img { border-bottom-width: 2px; margin-bottom: 3px; }
.exposed figcaption { font-size: 11px; line-height: 1.3; opacity: 0.8; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; padding-top: 2px; font-variant-numeric: tabular-nums; }
.heat { overflow-x: auto; }
.heat table { border-collapse: separate; border-spacing: 2px; font-size: 0.8rem; border: none; }
.heat th { font-weight: 500; text-align: left; padding: 0.25rem 0.6rem; opacity: 0.85; border: none; }
.heat td { padding: 0; text-align: center; border: none; min-width: 5.2rem; border-radius: 3px; }
.heat a { display: block; padding: 0.42rem 0.6rem; color: inherit !important; text-decoration: none;
  font-variant-numeric: tabular-nums; }
.heat a:hover, .heat a:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
"""
# Also in the report, which has no page around it.
GALLERY = """
.gallery { display: flex; flex-wrap: wrap; gap: 10px; }
.gallery figure { margin: 0; width: 116px; }
.gallery img { width: 116px; height: 116px; object-fit: contain; background: #000; display: block;
  border-bottom: 4px solid var(--frame); }
.gallery.large figure, .gallery.large img { width: 150px; }
.gallery.large img { height: 150px; }
.folder b { font-weight: 500; display: block; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.folder span { font-size: 0.8rem; opacity: 0.75; }
.gallery.small { gap: 4px; }
.gallery.small figure, .gallery.small img { width: 52px; }
.gallery.small img { height: 52px; border-bottom-width: 3px; }
.gallery figcaption { font-size: 11px; line-height: 1.3; opacity: 0.8; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; padding-top: 2px; }
"""
CSS = f"<style>{PAGE}{GALLERY}</style>"


@dataclass(frozen=True)
class Mark:
    colour: str
    symbol: str
    glyph: str


def marks(generators: Sequence[str]) -> dict[str, Mark]:
    """A colour and a shape for each generator, by the order of the names; grey for the unknown."""
    named = sorted(set(generators) - {UNKNOWN})
    styles = {
        name: Mark(PALETTE[i % len(PALETTE)], SYMBOLS[i % len(SYMBOLS)], GLYPHS[i % len(GLYPHS)])
        for i, name in enumerate(named)
    }
    return {**styles, UNKNOWN: Mark(GREY, "circle-open", "○")}


def role_marks() -> dict[str, Mark]:
    """The same for the role of a real slice: used, not used, unlabelled."""
    symbols = {"used": 0, "not used": 1, "generated": 2}
    named = {name: Mark(ROLES[name], SYMBOLS[i], GLYPHS[i]) for name, i in symbols.items()}
    return {**named, UNKNOWN: Mark(GREY, "circle-open", "○")}


def cluster_colours(k: int, matching: Sequence[int | None], generators: Sequence[str]) -> list[str]:
    """A cluster takes the colour of the generator it matches; the others take what is left."""
    styles = marks(generators)
    taken = {
        cluster: styles[name].colour
        for name, cluster in zip(generators, matching, strict=True)
        if cluster is not None
    }
    free = [colour for colour in PALETTE if colour not in taken.values()] or [GREY]
    spare = iter(range(k))
    return [taken[c] if c in taken else free[next(spare) % len(free)] for c in range(k)]


def share(value: float) -> str:
    return f"{100 * value:g}%"


def digits(value: float, low: float | None = None, high: float | None = None) -> str:
    """As many decimals as the interval justifies: 2, or 3 where it is narrower than 0.05."""
    narrow = low is None or high is None or high - low < 0.05
    text = f"{value:.3f}" if narrow else f"{value:.2f}"
    return text.replace("-0.000", "0.000").replace("-0.00", "0.00") if float(text) == 0 else text


def number(value: float | None) -> str:
    return "undefined" if value is None else digits(value)


def spread(score: Score) -> str:
    if score.low is None or score.high is None:
        return "–"
    return format_interval(score.low, score.high)


def p_value(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min"
