"""The AUC of every attack with its interval, beside the placebo's, as a drawing that needs no script."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, LEFT, RIGHT, TOP, ROW = 700, 270, 20, 10, 26
LONGEST = 42  # characters of a title that fit there
TICKS = 5  # steps of the axis at most


def auc_chart(rows: Sequence[Mapping[str, Any]]) -> str:
    """``rows``: attacks of a dossier. An SVG whose description says the same in words."""
    least = min([0.5, *(value for row in rows for value in _values(row))])
    low = max(0.0, int(least * 10 + 1e-9) / 10)
    bottom = TOP + ROW * len(rows)

    def across(value: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (1 - low):.1f}"

    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {bottom + 40}" role="img" aria-labelledby="chart-title chart-words">',
            '<title id="chart-title">AUC of every attack, with 95% interval, and of the placebo</title>',
            f'<desc id="chart-words">{html.escape("; ".join(map(_words, rows)))}.</desc>',
            *(_tick(across(value), value, bottom) for value in _ticks(low)),
            f'<line class="chance" x1="{across(0.5)}" y1="{TOP - 6}" x2="{across(0.5)}" y2="{bottom}"/>',
            *(_row(row, across, TOP + ROW * place + ROW / 2) for place, row in enumerate(rows)),
            f'<text class="tick middle" x="{across((1 + low) / 2)}" y="{bottom + 34}">AUC</text>',
            "</svg>",
        ]
    )


def _values(row: Mapping[str, Any]) -> list[float]:
    found = [row["auc"], *(row["auc_ci"] or ())]
    return found if row["placebo_auc"] is None else [*found, row["placebo_auc"]]


def _ticks(low: float) -> list[float]:
    """Round values from ``low`` to 1."""
    tenths = round((1 - low) * 10)
    step = 1 if tenths <= TICKS else 2
    return [value / 10 for value in range(10, 10 - tenths - 1, -step)]


def _tick(x: str, value: float, bottom: float) -> str:
    return (
        f'<line class="grid" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{bottom}"/>'
        f'<text class="tick middle" x="{x}" y="{bottom + 17}">{value:.1f}</text>'
    )


def _row(row: Mapping[str, Any], across: Any, y: float) -> str:
    parts = [
        f'<text class="end{" strong" if row["headline"] else ""}" x="{LEFT - 14}" y="{y + 4:.1f}">'
        f"{html.escape(_short(row['title']))}</text>"
    ]
    if row["auc_ci"]:
        first, last = (across(value) for value in row["auc_ci"])
        parts.append(f'<line class="interval" x1="{first}" y1="{y:.1f}" x2="{last}" y2="{y:.1f}"/>')
    parts.append(f'<circle class="point" cx="{across(row["auc"])}" cy="{y:.1f}" r="4.5"/>')
    if row["placebo_auc"] is not None:
        x = float(across(row["placebo_auc"]))
        corners = f"{x:.1f},{y - 5.5:.1f} {x + 5.5:.1f},{y:.1f} {x:.1f},{y + 5.5:.1f} {x - 5.5:.1f},{y:.1f}"
        parts.append(f'<polygon class="placebo" points="{corners}"/>')
    return "".join(parts)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"


def _words(row: Mapping[str, Any]) -> str:
    said = f"{row['title']} {row['auc']:.3f}"
    if row["auc_ci"]:
        said += " ({:.3f} to {:.3f})".format(*row["auc_ci"])
    return said if row["placebo_auc"] is None else f"{said}, placebo {row['placebo_auc']:.3f}"
