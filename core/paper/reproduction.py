"""The paper's tables on data sets of one's own: every row on each data set, their mean, submission files."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.engine import ATTRIBUTION, MEMBERSHIP, Engine
from core.errors import BadChoice, ImprintError
from core.experiments import submission, sweep
from core.paper import means, tables
from core.paper.data_sets import DataSet
from core.paper.tables import Line
from core.progress import Listener, silent
from core.types import Role
from core.wording import verb

TABLES = ("2", "3", "4", "5")
SUBMITTED = ("3", "4", "5")  # table 2 is on development
Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """A score of a table: as the paper's columns begin, and where a row has it (``part``: "" or "test")."""

    label: str
    part: str
    score: str

    def value(self, row: Mapping[str, Any]) -> float | None:
        """None where it is undefined."""
        return None if row.get("error") else self._numbers(row).get(self.score)

    def interval(self, row: Mapping[str, Any]) -> list[float] | None:
        return None if row.get("error") else self._numbers(row).get(f"{self.score}_ci")

    def optimism(self, row: Mapping[str, Any]) -> str:
        """What to say beside a score of development; empty if nothing was selected on it, and on test."""
        return "" if self.part or row.get("error") else row.get("optimism") or ""

    def theirs(self, line: Line) -> dict[str, float]:
        """The paper's values by data set (DB1, DB2, mean); "" where it has one data set."""
        return {
            column.removeprefix(self.label).strip(): value
            for column, value in line.theirs.items()
            if column.startswith(self.label)
        }

    def _numbers(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (row.get(self.part) or {}) if self.part else row
        return found


ARI = Measure("ARI", "", "ari")
DEVELOPMENT, TEST = Measure("F1 dev.", "", "f1"), Measure("F1 test", "test", "f1")


def measures(table: str, data_sets: Sequence[DataSet]) -> list[Measure]:
    """F1 on development (cross-validated), and on test if there is a test part; or ARI."""
    if table in tables.ATTRIBUTIONS:
        return [ARI]
    return [DEVELOPMENT, TEST] if any(each.test for each in data_sets) else [DEVELOPMENT]


def titles(data_sets: Sequence[DataSet]) -> list[str]:
    """DB1 and DB2, as the paper's columns are named, if that tells the data sets apart; else their names."""
    numbers = [each.number for each in data_sets]
    if None in numbers or len(set(numbers)) < len(numbers):
        return [each.name for each in data_sets]
    return [str(number) for number in numbers]


@dataclass(frozen=True)
class TableResult:
    """``swept``: for each data set the rows as JSON, in the order of ``lines``."""

    table: str
    lines: Sequence[Line]
    data_sets: Sequence[DataSet]
    swept: Sequence[Sequence[Mapping[str, Any]]]

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.data_sets]

    @property
    def dependent(self) -> bool:
        return dependent(self.table, self.data_sets)

    def rows(self) -> list[Row]:
        """Each row of means, with the row of each data set under ``data_sets``."""
        return [self._row(line, place) for place, line in enumerate(self.lines)]

    def _row(self, line: Line, place: int) -> Row:
        own = [rows[place] for rows in self.swept]
        each = [
            {"name": data_set.name, "parts": [part.name for part in data_set.asked(self.table)], **row}
            for data_set, row in zip(self.data_sets, own, strict=True)
        ]
        return {
            "table": self.table,
            "row": line.name,
            "paper": dict(line.theirs),
            "remark": line.remark,
            **means.mean_row(self.names, own, self.dependent),
            "data_sets": each,
        }


def dependent(table: str, data_sets: Sequence[DataSet]) -> bool:
    return means.share_people([each.asked(table)[-1] for each in data_sets])


def sort_out(data_sets: Sequence[DataSet], asked: str) -> tuple[dict[str, list[DataSet]], list[str]]:
    """The data sets of each table that can be made (``asked``: its number, or all), and what is left out.

    Raises BadChoice if nothing can be made.
    """
    wanted = TABLES if asked == "all" else (asked,)
    found = {
        table: [each for each in data_sets if each.fits(table) and each.asked(table)] for table in wanted
    }
    found = {table: fitting for table, fitting in found.items() if fitting}
    used = {each.name for fitting in found.values() for each in fitting}
    left = [_why_left_out(each) for each in data_sets if each.name not in used]
    if not found:
        which = "No table can" if asked == "all" else f"Table {asked} can't"
        raise BadChoice(f"{which} be made: {' '.join(left)}")
    return found, left


def _why_left_out(data_set: DataSet) -> str:
    both = " and ".join(tables.fitting(data_set.real))
    if data_set.development is None:
        return f"'{data_set.name}' is a test part whose development part is missing."
    kind = "real images" if data_set.real else "no real images"
    return f"'{data_set.name}' has {kind}, so it is for tables {both}."


def reproduce(
    by: Engine,
    table: str,
    data_sets: Sequence[DataSet],
    untrained: bool = False,
    listener: Listener = silent,
) -> TableResult:
    """Every row of a table, on each of the data sets by itself."""
    lines = tables.lines(table, untrained)
    swept = [
        sweep.run_sweep(by, each.asked(table), tables.listed(lines), listener).as_json()["rows"]
        for each in data_sets
    ]
    return TableResult(table, lines, data_sets, swept)


def remarks(table: str, data_sets: Sequence[DataSet]) -> list[str]:
    """Why means are undefined, or their intervals wider, as sentences."""
    said = []
    if table in tables.MEMBERSHIPS:
        missing = [f"'{each.name}' has no test part" for each in data_sets if each.test is None]
        if len(missing) < len(data_sets):
            said += missing
        tests = [each.test for each in data_sets if each.test is not None]
        hidden = [
            f"'{test.name}'" for test in tests if all(file.role is Role.REAL_UNKNOWN for file in test.real)
        ]
        if hidden:
            are = verb(len(hidden), "is", "are")
            said.append(f"{' and '.join(hidden)} {are} unlabelled, so there are predictions but no scores")
    if said:
        said = [f"F1 test is undefined: {'; '.join(said)}."]
    if len(data_sets) > 1 and dependent(table, data_sets):
        said.append(
            "These data sets share images or names of patient groups, so the intervals of the means allow "
            "for full dependence."
        )
    return said


def check_names(table: str, data_sets: Sequence[DataSet]) -> None:
    """Raises BadChoice if the images of a test part can't be named in a submission file."""
    task = MEMBERSHIP if table in tables.MEMBERSHIPS else ATTRIBUTION
    for each in data_sets:
        if each.test is not None:
            submission.identifiers(submission.images_to_submit(each.test.files, task))


def submissions(by: Engine, found: TableResult) -> Iterator[tuple[str, str, str]]:
    """For each run of a table and each test part: file name, name of the test part, and text.

    What was evaluated comes from the cache. Rows without a result have no file.
    """
    tests = [(each, each.test.name) for each in found.data_sets if each.test is not None]
    slugs = _slugs([name for _, name in tests])
    for line in found.lines if found.table in SUBMITTED else ():
        for (data_set, name), slug in zip(tests, slugs, strict=True):
            try:
                answer = by.answer(data_set.asked(found.table), line.config)
            except ImprintError:
                continue  # the row has the reason
            yield f"table{found.table}-run{line.run}-{slug}.csv", name, submission.submission_text(answer)


def zipped(files: Iterable[tuple[str, str, str]]) -> bytes:
    """Submission files as an archive, the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, _, content in files:
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _slugs(names: Sequence[str]) -> list[str]:
    """Names as parts of file names: letters and digits of any script, hyphens; numbered where two agree."""
    plain = [re.sub(r"\W+", "-", name).strip("-") for name in names]
    return [slug if plain.count(slug) == 1 else f"{slug}-{place}" for place, slug in enumerate(plain, 1)]
