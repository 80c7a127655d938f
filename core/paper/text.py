"""A table as lines of text: the paper's values next to ours."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.numeric.statistics import format_interval
from core.paper import reproduction, tables
from core.paper.reproduction import Measure, TableResult
from core.paper.tables import Line

Row = Mapping[str, Any]


def lines(found: TableResult) -> Iterator[str]:
    """Of one data set a line per row; of several, a line more per measure, with the mean and its interval."""
    several = len(found.data_sets) > 1
    for line, row in zip(found.lines, found.rows(), strict=True):
        if not several:
            yield f"{line.name}: paper {_printed(line)}; {_ours(row)}"
            continue
        yield line.name if not row["error"] else f"{line.name}: {row['error']}"
        for measure in reproduction.measures(found.table, found.data_sets):
            yield f"  {_label(measure, row)}: {_beside(measure, line)}ours {_each(measure, row, found)}"
    yield from reproduction.remarks(found.table, found.data_sets)
    yield tables.REMARKS[found.table]


def _printed(line: Line) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in line.theirs.items())


def _ours(row: Row) -> str:
    found = tables.ours(row)
    if found is None:
        return f"ours: {row['error'] or 'undefined'}"
    value, spread = found
    optimism = "" if "test" in row else reproduction.DEVELOPMENT.optimism(row)
    shown = [text for text in (format_interval(*spread) if spread else "", optimism) if text]
    return f"ours {value:.4f}" + (f" ({'; '.join(shown)})" if shown else "")


def _label(measure: Measure, row: Row) -> str:
    optimism = measure.optimism(row)
    return f"{measure.label} ({optimism})" if optimism else measure.label


def _beside(measure: Measure, line: Line) -> str:
    theirs = measure.theirs(line)
    shown = ", ".join(f"{name} {value:.4f}".strip() for name, value in theirs.items())
    return f"paper {shown}; " if shown else ""


def _each(measure: Measure, row: Row, found: TableResult) -> str:
    titles = reproduction.titles(found.data_sets)
    values = [
        f"{title} {_value(measure.value(own))}" for title, own in zip(titles, row["data_sets"], strict=True)
    ]
    spread = measure.interval(row)
    mean = f"mean {_value(measure.value(row))}" + (f" ({format_interval(*spread)})" if spread else "")
    return ", ".join([*values, mean])


def _value(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
