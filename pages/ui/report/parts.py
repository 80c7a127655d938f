"""What a report is made of: headings, tables, plots and images, as HTML. Every text is escaped here."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from pages.ui.report.document import WIDTH
from pages.ui.theme import Mark
from pages.ui.widgets.charts import CONFIG

# A wheel scrolls the page; what is kept of a plot is its picture.
OPTIONS = {**CONFIG, "scrollZoom": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
FONT = {"family": "system-ui, sans-serif", "size": 12, "color": "#1f2328"}
SHORT = len("-0.123 to -0.123")  # what is no longer is not broken into lines

Row = Mapping[str, object]


def escaped(text: object) -> str:
    return html.escape(str(text))


def section(title: str, first: str, *others: str) -> str:
    """``first`` stays on the page that its heading is on."""
    return f"<section>\n{kept(heading(title, 2), first)}{''.join(others)}</section>\n"


def kept(*pieces: str) -> str:
    """Together on one page of paper."""
    return f'<div class="keep">{"".join(pieces)}</div>\n'


def heading(title: str, level: int = 3) -> str:
    return f"<h{level}>{escaped(title)}</h{level}>\n"


def words(*sentences: str, kind: str = "") -> str:
    """One paragraph, or nothing."""
    text = " ".join(sentence for sentence in sentences if sentence)
    return f'<p class="{kind}">{escaped(text)}</p>\n' if text else ""


def listed(sentences: Sequence[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{escaped(each)}</li>\n" for each in sentences if each) + "</ul>\n"


def cards(*shown: tuple[str, str, str]) -> str:
    """Numbers in one row: label, value, and a note below."""
    tiles = [
        f"<div><span>{escaped(label)}</span><b>{escaped(value)}</b><small>{escaped(below)}</small></div>"
        for label, value, below in shown
    ]
    return f'<div class="cards">{"".join(tiles)}</div>\n'


def facts(rows: Sequence[tuple[str, object]]) -> str:
    """A table of names and values."""
    lines = [
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(value)}</td></tr>\n' for name, value in rows
    ]
    return f'<table class="facts"><tbody>\n{"".join(lines)}</tbody></table>\n'


def table(
    rows: Sequence[Row], kind: str = "", styles: Sequence[Sequence[str]] | None = None, corner: str = ""
) -> str:
    """Rows by column; the first column heads its row. ``styles``: CSS of the other cells."""
    named = dict.fromkeys(name for row in rows for name in row)
    columns = [name for name in named if any(row.get(name, "") not in ("", None) for row in rows)]
    head = "".join(f'<th scope="col">{escaped(name or corner)}</th>' for name in columns)
    lines = []
    for place, row in enumerate(rows):
        css = ["", *styles[place]] if styles else [""] * len(columns)
        cells = [_cell(row.get(name, ""), css[i], i == 0) for i, name in enumerate(columns)]
        lines.append(f"<tr>{''.join(cells)}</tr>\n")
    return (
        f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(lines)}</tbody></table>\n'
    )


def _cell(value: object, css: str, first: bool) -> str:
    text = "" if value is None else str(value)
    if first:
        return f'<th scope="row">{escaped(text)}</th>'
    short = ' class="short"' if len(text) <= SHORT else ""
    style = f' style="{escaped(css)}"' if css else ""
    return f"<td{short}{style}>{escaped(text)}</td>"


# -- plots ----------------------------------------------------------------------------------------------


def plot(figure: go.Figure, alt: str, caption: str = "", width: int = WIDTH) -> str:
    """A plot of a fixed width, so that paper shows what the screen does."""
    data = json.dumps({**_drawing(figure, width), "config": OPTIONS}).replace("<", "\\u003c")
    height = int(figure.layout.height or 330)
    text = f"<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="plot"><div role="img" aria-label="{escaped(alt)}" '
        f'style="width:{width}px;height:{height}px"></div>'
        f'<script type="application/json">{data}</script>{text}</figure>\n'
    )


def beside(*plots: str) -> str:
    """Plots of half the width, two a line."""
    return f'<div class="plots">{"".join(plots)}</div>\n'


HALF = (WIDTH - 10) // 2


def _drawing(figure: go.Figure, width: int) -> dict[str, Any]:
    """Data and layout. Points are drawn as SVG, which paper shows sharp, and names hold no markup."""
    drawn = go.Figure(figure)
    drawn.update_layout(template="plotly_white", width=width, font=FONT, dragmode="zoom")
    found = json.loads(drawn.to_json())
    for trace in found["data"]:
        trace["type"] = trace["type"].removesuffix("gl")
        trace.update({name: _plain(trace[name]) for name in ("name", "customdata") if name in trace})
    return {"data": found["data"], "layout": found["layout"]}


def _plain(value: Any) -> Any:
    """Plotly reads some tags and entities in texts: a name is shown as it is."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return html.escape(value, quote=False) if isinstance(value, str) else value


# -- images and files -----------------------------------------------------------------------------------


def gallery(figures: Sequence[str], large: bool = False) -> str:
    """Figures of ``gallery.figure`` beside each other."""
    return f'<div class="gallery{" large" if large else ""}">{"".join(figures)}</div>\n'


def signed(mark: Mark, name: str) -> str:
    """A file's name after its marker, on one line."""
    return f"{mark.glyph}\N{NO-BREAK SPACE}{name}"


def attached(text: str, name: str, title: str) -> str:
    """A text file, to read and to save."""
    uri = f"data:application/json;base64,{base64.b64encode(text.encode()).decode()}"
    return (
        f"<details><summary>{escaped(title)}</summary>\n"
        f'<p class="screen"><a download="{escaped(name)}" href="{uri}">Save as {escaped(name)}</a></p>\n'
        f"<pre>{escaped(text)}</pre></details>\n"
    )
