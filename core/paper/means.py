"""The mean of a row over several data sets, as the paper reports DB1, DB2 and their average."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.types import ImageSet

SCORES = ("ari", "nmi", "f1", "accuracy", "precision", "recall", "balanced_accuracy", "auc", "apparent_f1")
NOT_A_NUMBER_OF_ALL = ("verdict", "p_value")  # a mean of these would mean nothing
Row = Mapping[str, Any]


def mean_row(names: Sequence[str], rows: Sequence[Row], dependent: bool = False) -> dict[str, Any]:
    """One row of a sweep per data set (as JSON) as one row of the same keys, of means.

    A score is None (undefined) unless every data set has it; ``undefined`` says which has none. Of one data
    set the row is as it was. What is neither a score nor an interval is kept where all data sets agree.
    ``dependent``: see ``interval``.
    """
    if len(rows) == 1:
        return dict(rows[0])
    made = _means(rows, dependent)
    if any("test" in row for row in rows):
        scored = {name: None for name in made if name in SCORES and name != "apparent_f1"}
        made["test"] = {**scored, **_means([row.get("test") or {} for row in rows], dependent)}
    made["seconds"] = round(sum(row.get("seconds", 0.0) for row in rows), 4)
    made["error"] = _errors(names, [row["error"] for row in rows])
    return made


def interval(
    values: Sequence[float], intervals: Sequence[Sequence[float]], dependent: bool = False
) -> list[float]:
    """The 95% interval of the mean of n estimates, from theirs.

    Independent estimates: the method of variance estimates recovery (Zou and Donner 2008, Statistics in
    Medicine 27:1693), which keeps asymmetric intervals asymmetric. ``dependent``: the mean of the lower and
    that of the upper limits, which holds however the estimates depend on each other.
    """
    mean, n = sum(values) / len(values), len(values)
    below = [value - low for value, (low, _) in zip(values, intervals, strict=True)]
    above = [high - value for value, (_, high) in zip(values, intervals, strict=True)]
    together = math.fsum if dependent else _root_of_squares
    return [mean - together(below) / n, mean + together(above) / n]


def share_people(parts: Sequence[ImageSet]) -> bool:
    """Whether data sets share a real image or the name of a patient group: their scores are dependent then.

    Sets without real images are compared by their generated ones.
    """
    seen: set[str] = set()
    for part in parts:
        files = part.real or part.generated
        own = {file.sha256 for file in files} | {f"group {file.group}" for file in files if file.group}
        if seen & own:
            return True
        seen |= own
    return False


def _means(rows: Sequence[Row], dependent: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in dict.fromkeys(name for row in rows for name in row if name not in ("test", "error")):
        values = [row.get(name) for row in rows]
        if name in SCORES:
            made[name] = None if None in values else sum(values) / len(values)  # type: ignore[arg-type]
        elif name.endswith("_ci"):
            own = [row.get(name.removesuffix("_ci")) for row in rows]
            known = None not in values and None not in own
            made[name] = interval(own, values, dependent) if known else None  # type: ignore[arg-type]
        elif name in NOT_A_NUMBER_OF_ALL:
            made[name] = None
        else:
            made[name] = values[0] if all(value == values[0] for value in values) else None
    return made


def _errors(names: Sequence[str], errors: Sequence[str | None]) -> str | None:
    """Once if all data sets have the same one."""
    told = [(name, error) for name, error in zip(names, errors, strict=True) if error]
    if told and all(error == errors[0] for error in errors):
        return errors[0]
    return " ".join(f"{name}: {error}" for name, error in told) or None


def _root_of_squares(values: Iterable[float]) -> float:
    return math.hypot(*values)
