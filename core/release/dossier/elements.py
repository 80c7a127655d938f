"""Pieces of a dossier's page. Every text is escaped here, wherever it comes from."""

import html
from collections.abc import Iterable, Sequence


def escaped(text: object) -> str:
    return html.escape(str(text))


def paragraphs(texts: Iterable[str], kind: str = "") -> str:
    opening = f'<p class="{kind}">' if kind else "<p>"
    return "".join(f"{opening}{escaped(text)}</p>\n" for text in texts)


def listed(texts: Iterable[str]) -> str:
    rows = "".join(f"<li>{escaped(text)}</li>\n" for text in texts)
    return f"<ul>\n{rows}</ul>\n" if rows else ""


def facts(caption: str, rows: Iterable[tuple[str, object]], kind: str = "facts") -> str:
    """A table of names and values; a name heads its row."""
    body = "".join(
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(value)}</td></tr>\n' for name, value in rows
    )
    return f'<table class="{kind}">\n<caption>{escaped(caption)}</caption>\n<tbody>\n{body}</tbody></table>\n'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> str:
    """The first ``words`` columns are text, the others are numbers."""
    head = "".join(
        f'<th scope="col"{"" if place < words else _NUMBER}>{escaped(each)}</th>'
        for place, each in enumerate(heads)
    )
    body = "".join(f"<tr>{_cells(row, words)}</tr>\n" for row in rows)
    kind = ' class="long"' if body.count("<tr>") > SHEET else ' class="narrow"' if len(heads) == 2 else ""
    return (
        f"<table{kind}>\n<caption>{escaped(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table>\n"
    )


SHEET = 20  # rows of a table that may go over several sheets of paper
_NUMBER = ' class="number"'


def _cells(row: Sequence[object], words: int) -> str:
    first, *others = row
    cells = "".join(
        f"<td{'' if place < words else _NUMBER}>{escaped(each)}</td>"
        for place, each in enumerate(others, start=1)
    )
    return f'<th scope="row">{escaped(first)}</th>{cells}'


def interval(pair: Sequence[float] | None, decimals: int = 2) -> str:
    return "" if pair is None else f"{pair[0]:.{decimals}f} to {pair[1]:.{decimals}f}"


def share(value: float | None, pair: Sequence[float] | None = None) -> str:
    """A rate in percent with its interval; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.0%}" if pair is None else f"{value:.0%} ({pair[0]:.0%} to {pair[1]:.0%})"


def p_words(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value: float | None) -> str:
    """Three figures, without an exponent."""
    if value is None:
        return "–"
    size = abs(value)
    shown = f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"
    return shown.lstrip("-") if float(shown) == 0 else shown
