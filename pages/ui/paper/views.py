"""The paper's rows next to ours: a chart of both, and a table with differences, each data set and remarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.numeric.statistics import format_interval
from core.paper import reproduction, tables
from core.paper.data_sets import DataSet
from core.paper.reproduction import Measure, TableResult
from core.paper.tables import Line
from core.wording import counted
from pages.ui.paper.charts import Found, figure
from pages.ui.session import workspace
from pages.ui.theme import digits
from pages.ui.widgets import charts, download, permalinks

Row = Mapping[str, Any]
MEAN = "mean"
COLUMNS = (MEAN, "DB1", "DB2")  # the paper's
PARTS = {"test": reproduction.TEST, "development": reproduction.DEVELOPMENT}
OUTSIDE = "different images: compare rankings, not values"
SUBMISSION_WORDS = "One submission file per run and test part, in the challenge's format"


@dataclass(frozen=True)
class Compared:
    """A column of the paper, and ours beside it: the mean, or one data set, of a measure."""

    theirs: str
    measure: Measure
    title: str = ""  # of the data set, as in ``titles``; "" for the mean

    def of(self, row: Row, titles: Sequence[str]) -> Row:
        """The row beside the paper's: of means, or of the data set."""
        own: Row = row["data_sets"][titles.index(self.title)] if self.title in titles else row
        return own

    def ours(self, row: Row, titles: Sequence[str]) -> Found | None:
        own = self.of(row, titles)
        value = self.measure.value(own)
        return None if value is None else (value, self.measure.interval(own))


def live(table: str, data_sets: Sequence[DataSet], lines: Sequence[Line]) -> None:
    """The rows that all data sets have so far; before the first, only the paper's."""
    listed = tables.listed(list(lines))
    noted = [
        workspace.store().note(workspace.current().swept(each.asked(table), listed)) for each in data_sets
    ]
    show(table, data_sets, lines, [found["rows"] if found else [] for found in noted], live=True)


def show(
    table: str,
    data_sets: Sequence[DataSet],
    lines: Sequence[Line],
    swept: Sequence[Sequence[Row]],
    live: bool = False,
) -> None:
    """``swept``: the rows of each data set, as many as there are yet."""
    there = min(map(len, swept))
    found = TableResult(table, lines[:there], data_sets, [rows[:there] for rows in swept])
    rows, titles = found.rows(), reproduction.titles(data_sets)
    compared = _compared(table, data_sets, lines, rows, titles)
    ours = [compared.ours(row, titles) for row in rows] + [None] * (len(lines) - there)
    heading = _ours_is(compared, titles)
    if not live:
        st.info(_in_words(lines, ours, compared.theirs))
    st.plotly_chart(
        figure(lines, compared.theirs, heading, ours, _each(compared, rows, titles)),
        key="live_paper_chart" if live else "paper_chart",
        config=charts.CONFIG,
        alt=f"{compared.theirs} of each row of the table: published value, and our value with its interval",
    )
    st.caption(" ".join([_about(compared, rows), _mean_of(found, titles)]))
    for remark in reproduction.remarks(table, data_sets):
        st.caption(remark)
    _table(found, lines, rows, titles, compared, ours)
    if not live and table in reproduction.SUBMITTED and any(each.test for each in data_sets):
        _submissions(found)


def _about(compared: Compared, rows: Sequence[Row]) -> str:
    crossed = ""
    if compared.measure is reproduction.DEVELOPMENT:
        optimism = dict.fromkeys(text for row in rows if (text := compared.measure.optimism(row)))
        chosen = f"; each row is the {' or the '.join(optimism)}" if optimism else ""
        crossed = f" Ours on development is cross-validated{chosen}."
    return f"{OUTSIDE[0].upper()}{OUTSIDE[1:]}. Bars: 95% interval of our value.{crossed}"


def _mean_of(found: TableResult, titles: Sequence[str]) -> str:
    """Which parts are meant, where there are several data sets."""
    if len(titles) == 1:
        return ""
    words = []
    for title, each in zip(titles, found.data_sets, strict=True):
        parts = [f"“{part.name}”" for part in each.asked(found.table)]
        name = f"{title}: " if title != each.name else ""
        fitted = "fitted on " if len(parts) > 1 else ""
        words.append(f"{name}{fitted}{', reported on '.join(parts)}")
    return f"Ours: mean of {counted(len(titles), 'data set')}. {'; '.join(words)}."


def _submissions(found: TableResult) -> None:
    def make() -> bytes:
        workspace.current().check([part for each in found.data_sets for part in each.parts])
        for each in found.data_sets:
            reproduction.check_names(found.table, [each])
        return reproduction.zipped(reproduction.submissions(workspace.engine(), found))

    download.button("Submission files", "submissions.zip", make, SUBMISSION_WORDS)


def _in_words(lines: Sequence[Line], ours: Sequence[Found | None], theirs: str) -> str:
    """How many rows were evaluated, and whether they are ranked as in the paper."""
    pairs = [
        (line.theirs[theirs], found[0]) for line, found in zip(lines, ours, strict=True) if found is not None
    ]
    words = f"{len(pairs)} of {len(lines)} rows evaluated."
    if len(pairs) < 3 or len(set(pairs)) < 3:
        return f"{words} Too few to compare their ranking with the paper's."
    rho = pd.DataFrame(pairs).rank().corr().iloc[0, 1]
    return f"{words} Rank correlation with the paper: {rho:.2f} ({len(pairs)} rows)."


def _compared(
    table: str,
    data_sets: Sequence[DataSet],
    lines: Sequence[Line],
    rows: Sequence[Row],
    titles: Sequence[str],
) -> Compared:
    """The paper's column to compare with: of test or development, of one data set or both."""
    columns = list(lines[0].theirs)
    if len(columns) == 1:
        return Compared(columns[0], reproduction.ARI)
    left, right = st.columns([1, 1])
    name = str(
        left.segmented_control("The paper's data set", COLUMNS, default=MEAN, key="data_set", required=True)
    )
    title = name if len(titles) > 1 and name in titles else ""
    measures = reproduction.measures(table, data_sets)
    if len(measures) == 1:  # without a test part, development stands beside the paper's test
        return Compared(f"{reproduction.TEST.label} {name}", measures[0], title)
    measure = reproduction.TEST
    if f"{reproduction.DEVELOPMENT.label} {name}" in columns:
        scored = not rows or any(measure.value(row) is not None for row in rows)
        part = right.segmented_control(
            "Part", list(PARTS), default="test" if scored else "development", key="part", required=True
        )
        measure = PARTS[str(part)]
    return Compared(f"{measure.label} {name}", measure, title)


def _each(
    compared: Compared, rows: Sequence[Row], titles: Sequence[str]
) -> dict[str, list[tuple[str, float]]]:
    """Of several data sets, by title: rows and values of each."""
    if len(titles) == 1:
        return {}
    return {
        title: [
            (str(row["row"]), value)
            for row in rows
            if (value := compared.measure.value(row["data_sets"][place])) is not None
        ]
        for place, title in enumerate(titles)
    }


def _ours_is(compared: Compared, titles: Sequence[str]) -> str:
    """The heading of our values."""
    return "ours" if len(titles) == 1 else f"ours, {compared.title or MEAN}"


def _table(
    found: TableResult,
    lines: Sequence[Line],
    rows: Sequence[Row],
    titles: Sequence[str],
    compared: Compared,
    ours: Sequence[Found | None],
) -> None:
    several, theirs = len(titles) > 1, compared.theirs
    heading = _ours_is(compared, titles)
    links = {title: f"page {title}" if several else "open" for title in titles}
    made = []
    for place, (line, own) in enumerate(zip(lines, ours, strict=True)):
        row = rows[place] if place < len(rows) else None
        cells = {
            "row": line.name,
            "paper": f"{line.theirs[theirs]:.4f}",
            heading: _undefined(row, several) if own is None else digits(own[0], *(own[1] or ())),
            "95% interval": "" if own is None or not own[1] else _spread(own[1]),
            "ours − paper": "" if own is None else f"{own[0] - line.theirs[theirs]:+.3f}",
        }
        if several:
            cells |= {title: _own(row, compared.measure, at) for at, title in enumerate(titles)}
        if theirs != "ARI":
            cells["AUC"] = "" if row is None else _auc(compared.of(row, titles), compared.measure)
        for title, data_set in zip(titles, found.data_sets, strict=True):
            href = permalinks.href(line.config.flat(), data_set.asked(found.table))
            cells[links[title]] = "" if row is None or row["error"] else f"/{href}"
        error = None if row is None else row["error"]
        cells["remark"] = " ".join(text for text in (_why(error), line.remark) if text)
        made.append(cells)
    st.dataframe(
        pd.DataFrame(made),
        hide_index=True,
        height="content",
        key="paper_table",
        column_config={
            name: st.column_config.LinkColumn(name if several else "page", display_text="open")
            for name in links.values()
        },
    )


def _undefined(row: Row | None, several: bool) -> str:
    """Not there yet or not evaluated, or without a value."""
    return "undefined" if several and row is not None and not row["error"] else "–"


def _own(row: Row | None, measure: Measure, place: int) -> str:
    if row is None:
        return "–"
    own = row["data_sets"][place]
    value, interval = measure.value(own), measure.interval(own)
    return _undefined(own, True) if value is None else digits(value, *(interval or ()))


def _auc(row: Row, measure: Measure) -> str:
    value = None if row.get("error") else (row.get(measure.part) or {} if measure.part else row).get("auc")
    return "" if value is None else digits(value)


def _why(error: str | None) -> str:
    """The first sentence of why a row could not be evaluated; the System page has the rest."""
    return "" if error is None else f"Not evaluated: {error.split('. ')[0].rstrip('.')}."


def _spread(interval: Sequence[float]) -> str:
    return format_interval(interval[0], interval[1])
