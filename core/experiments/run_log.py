"""The run log: every configuration evaluated on a data set, once, so selection among many is visible.

A question (its kind and the truth of its sets) has a file of JSON lines under the user's ``runs``, which
clearing the cache leaves alone. A line that was cut off by a crash is passed over. Numbers of other versions
of the modules they are from are marked, until the same configuration is evaluated again: a later line of a
configuration takes an earlier one's place.
"""

import csv
import fcntl
import functools
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import engine, paths
from core.access.users import LOCAL, User
from core.attribution.pipeline import Attribution
from core.engine import Answer
from core.experiments import versions
from core.features import catalog
from core.hashing import key
from core.membership.cluster_distance import Membership
from core.numeric.statistics import Score
from core.types import ImageSet

Row = Mapping[str, Any]
BEST_BY = {engine.ATTRIBUTION: "ari", engine.MEMBERSHIP: "dev_auc", engine.RECONSTRUCTION: "dev_auc"}


def record(sets: Sequence[ImageSet], answer: Answer, user: User = LOCAL) -> None:
    """Note an answer under its sets and its configuration; the same one again changes nothing, unless
    modules have other versions since."""
    kind, identity = engine.kind_of(answer.config), {"id": key(answer.config), "numbers": _versions()}
    path = _path(kind, sets, user)
    text = _text(path)
    if json.dumps(identity)[1:-1] in text:  # not parsed: a sweep asks this a thousand times
        return
    row = {
        **identity,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": kind,
        "sets": [each.name for each in sets],
        "config": answer.config.flat(),
        "spec": engine.as_json(answer.config),
        **(_attribution(answer) if isinstance(answer, Attribution) else _judgement(answer)),
    }
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two tabs may write at once
        cut_off = text and not text.endswith("\n")  # what a crash left must not swallow this line
        file.write("\n" * bool(cut_off) + json.dumps(row) + "\n")


def ranked_runs(kind: str, sets: Sequence[ImageSet], user: User = LOCAL) -> list[Row]:
    """All runs, best first, undefined last. Attacks are ranked on development: test is not for selection."""
    score = BEST_BY[kind]
    return sorted(
        _latest(_path(kind, sets, user)),
        key=lambda row: (row[score] is None, -(row[score] or 0), str(row["config"])),
    )


def all_runs(user: User = LOCAL) -> list[Row]:
    """The user's whole log, the latest first."""
    rows = [row for path in sorted(paths.folder("runs", user.id).glob("*.jsonl")) for row in _latest(path)]
    return sorted(rows, key=lambda row: str(row["time"]), reverse=True)


def flatten(row: Row) -> dict[str, Any]:
    """A row as one line: the same for the page, the CSV and the command line."""
    config = row["config"]
    score = "ari" if row["kind"] == engine.ATTRIBUTION else "dev_auc"
    low, high = row[f"{score}_ci"] or (None, None)
    backbone = config.get("backbone")
    return {
        "time": row["time"],
        "kind": row["kind"],
        "sets": " / ".join(row["sets"]),
        "backbone": catalog.title(backbone) if backbone else f"autoencoder, {config['size']} px",
        "untrained": config.get("weights") == catalog.UNTRAINED,
        "crop": config.get("crop"),
        "pca": config.get("pca"),
        "cluster": config.get("cluster"),
        "linkage": config.get("linkage"),
        "distance": row.get("distance"),
        "rule": row.get("rule"),
        "k": row.get("k"),
        "seed": config["seed"],
        "score": "ARI" if score == "ari" else "AUC (development)",
        "value": row[score],
        "low": low,
        "high": high,
        "p_value": row.get("p_value"),
        "test_auc": row.get("test_auc"),
        "test_f1": row.get("test_f1"),
        "outcome": row.get("outcome"),
        "earlier_version": row.get("numbers") != _versions(),
        "id": row["id"][:12],
    }


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["time"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _attribution(answer: Attribution) -> dict[str, Any]:
    ari = answer.agreement.scores["ari"]
    return {
        "k": answer.k,
        "ari": ari.value,
        "ari_ci": _interval(ari),
        "p_value": answer.agreement.p_value,
        "n_features": answer.n_features,
    }


def _judgement(answer: Answer) -> dict[str, Any]:
    """``distance`` and ``k`` of a reconstruction are its decision and nothing."""
    assert not isinstance(answer, Attribution)
    if isinstance(answer, Membership):
        distance, k, rule = answer.chosen
    else:
        distance, k, rule = answer.config.decision, None, answer.chosen
    facts: dict[str, Any] = {"distance": distance, "k": k, "rule": rule, "outcome": answer.outcome}
    for part, judged in (("dev", answer.dev), ("test", answer.test)):
        verdict = judged.verdict if judged else None
        for name in ("auc", "f1"):
            score = verdict.scores[name] if verdict else Score(None)
            facts |= {f"{part}_{name}": score.value, f"{part}_{name}_ci": _interval(score)}
    return facts


def _interval(score: Score) -> list[float] | None:
    return None if score.low is None or score.high is None else [score.low, score.high]


def _path(kind: str, sets: Sequence[ImageSet], user: User) -> Path:
    return paths.folder("runs", user.id) / f"{key(kind, [each.truth for each in sets])[:32]}.jsonl"


def _versions() -> str:
    return key(versions.of_numbers())[:12]


def _latest(path: Path) -> list[Row]:
    return list({row["id"]: row for row in _read(path)}.values())


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _read(path: Path) -> tuple[Row, ...]:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return ()
    return _parsed(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(64)
def _parsed(path: Path, size: int, changed: int) -> tuple[Row, ...]:
    """The content of a file in one state: a page reads it at every rerun."""
    return tuple(row for line in _text(path).splitlines() if (row := _row(line)) is not None)


def _row(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and {"id", "time", "config", "spec"} <= set(row) else None
