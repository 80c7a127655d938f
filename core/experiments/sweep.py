"""Many configurations on the same data sets: shared stages, rows as they finish, a p-value for the best.

A backbone is embedded once and a tree built once, whatever hangs from them, since the store keeps every
stage. Development chooses; the choice, as it is, meets test; its p-value lets permutations choose as well.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.access.users import LOCAL, User
from core.attribution.pipeline import Attribution
from core.clustering import metrics
from core.config import PipelineConfig
from core.engine import Answer, Config, Engine
from core.errors import ImprintError
from core.experiments import distributed_sweep, run_log, versions
from core.experiments.grid import Listed
from core.hashing import key
from core.membership import metrics as membership_metrics
from core.membership.cluster_distance import Membership
from core.membership.evaluation import PartResult
from core.membership.verdict import REVERSED
from core.numeric.statistics import Score
from core.progress import Listener, Meter, silent
from core.types import ImageSet
from core.wording import counted

VERSION = 6
log = logging.getLogger(__name__)
SHOWN = ("f1", "accuracy", "precision", "recall", "balanced_accuracy", "auc")


@dataclass(frozen=True)
class Row:
    """One configuration: its numbers, or why there are none. ``score`` is what development chooses by."""

    config: Config
    numbers: Mapping[str, Any]
    score: float | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """``k``, ``distance`` and ``rule`` as chosen; what was asked for is in ``config``."""
        return {"config": self.config.flat(), "id": key(self.config), **self.numbers, "error": self.error}


@dataclass(frozen=True)
class SweepResult:
    """``best`` is the place of the row that is best on development, in the direction in which the verdict
    looks: used images nearer. ``p_value`` is corrected for that selection.

    ``test`` is that configuration on the test set; ``remark`` is about rows that point the other way.
    """

    rows: tuple[Row, ...]
    best: int | None
    p_value: float | None
    test: Row | None
    remark: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What the command line prints and the page draws."""
        return {
            "rows": [row.as_json() for row in self.rows],
            "best": self.best,
            "p_value": self.p_value,
            "test": None if self.test is None else self.test.as_json(),
            "remark": self.remark,
        }


OnRow = Callable[[Row], None]


def sweep_name(sets: Sequence[ImageSet], listed: Listed, user: User = LOCAL) -> str:
    """Where the rows of a user's sweep are noted, while it runs and after: their remarks may tell names."""
    whose = () if user.local else (user.id,)
    return f"sweep:{key(VERSION, versions.of_numbers(), [each.truth for each in sets], listed, *whose)}"


def run_sweep(
    by: Engine, sets: Sequence[ImageSet], listed: Listed, listener: Listener = silent
) -> SweepResult:
    """All configurations, each row noted as soon as it is there."""
    meter = Meter("configurations", len(listed.configs), listener)
    where, of = sweep_name(sets, listed, by.library.user), len(listed.configs)
    rows: list[dict[str, Any]] = []

    def noted(row: Row) -> None:
        rows.append(row.as_json())
        by.store.put_note(where, {"rows": rows, "of": of, "over": False})
        meter.add(1)

    with distributed_sweep.compute_ahead(
        by, sets if listed.each_on_test else sets[:1], listed.configs
    ) as ahead:
        swept = evaluate_all(by, sets, listed, noted, ahead)
    by.store.put_note(where, {**swept.as_json(), "of": of, "over": True})
    return swept


def evaluate_all(
    by: Engine,
    sets: Sequence[ImageSet],
    listed: Listed,
    on_row: OnRow = lambda row: None,
    ahead: Callable[[Config], None] = lambda config: None,
) -> SweepResult:
    """A row that can't run says why, and the others go on. ``ahead`` may compute a row elsewhere before."""
    asked = sets if listed.each_on_test else sets[:1]
    rows: list[Row] = []
    chosen_among: list[np.ndarray] = []
    for config in listed.configs:
        ahead(config)
        row, answer = _row(by, asked, config)
        rows.append(row)
        if answer is not None and row.score is not None:
            chosen_among.append(_chosen_among(by, sets[0], answer))
        on_row(row)
    best = _best(rows)
    p = None if best is None else _corrected_p(by, sets[0], rows[best].config, chosen_among)
    reported = None
    if best is not None and len(sets) > 1 and not listed.each_on_test:
        reported = _on_test(by, sets, rows[best].config)
    return SweepResult(tuple(rows), best, p, reported, _reversed(rows))


def _row(by: Engine, sets: Sequence[ImageSet], config: Config) -> tuple[Row, Answer | None]:
    try:
        answer = by.answer(sets, config)
    except ImprintError as error:
        return Row(config, {}, None, str(error)), None
    except Exception as error:  # of a thousand rows the others are still wanted
        log.exception("a row of a sweep failed")
        return Row(config, {}, None, f"Internal error in Imprint ({type(error).__name__}: {error})."), None
    run_log.record(sets, answer, by.library.user)
    return (_attributed(answer) if isinstance(answer, Attribution) else _judged(answer)), answer


def _on_test(by: Engine, sets: Sequence[ImageSet], config: Config) -> Row:
    """Attribution has nothing to learn on development, so test is asked by itself."""
    if isinstance(config, PipelineConfig):
        return _row(by, sets[1:], config)[0]
    row, answer = _row(by, sets, config)
    if answer is None or isinstance(answer, Attribution):
        return row
    return Row(row.config, {**row.numbers, **_part(answer.reported), "optimism": None}, row.score)


def _attributed(answer: Attribution) -> Row:
    agreement = answer.agreement
    numbers = {
        **_numbers(agreement.scores, ("ari", "nmi", "accuracy")),
        "p_value": agreement.p_value,
        "k": answer.k,
        "n_features": answer.n_features,
        "seconds": round(answer.seconds, 4),
    }
    ari = agreement.scores["ari"]
    return Row(answer.config, numbers, ari.value, ari.undefined)


def _judged(answer: Answer) -> Row:
    """Development's numbers, cross-validated; ``test`` holds those of the set that is reported on."""
    assert not isinstance(answer, Attribution)
    numbers = {
        **_part(answer.dev),
        "optimism": answer.optimism or None,
        "apparent_f1": answer.development.apparent_f1,
        "verdict": answer.outcome,
        "seconds": round(answer.seconds, 4),
    }
    if answer.test is not None:
        numbers["test"] = _part(answer.test)
    if isinstance(answer, Membership):
        numbers["distance"], numbers["k"], numbers["rule"] = answer.chosen
    else:
        numbers["rule"] = answer.chosen
    return Row(answer.config, numbers, float(answer.development.balanced.max()))


def _part(judged: PartResult) -> dict[str, Any]:
    """None where the images are unlabelled: a score left out would leave another part's in its place."""
    undefined = dict.fromkeys(SHOWN, Score(None))
    scored = _numbers(judged.verdict.scores if judged.verdict else undefined, SHOWN)
    return {**scored, "p_value": judged.p_value}


def _numbers(found: Mapping[str, Score], names: Sequence[str]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for each in names:
        score = found[each]
        numbers[each] = score.value
        numbers[f"{each}_ci"] = None if score.low is None else [score.low, score.high]
    return numbers


def _chosen_among(by: Engine, development: ImageSet, answer: Answer) -> np.ndarray:
    """Clusters (n,), or all distances (c, n) that the answer's own choice was made among."""
    if isinstance(answer, Attribution):
        return answer.clusters[_distinct(development)]
    return by.attacks[type(answer.config)].candidate_distances(development, answer)


def _corrected_p(
    by: Engine, development: ImageSet, config: Config, among: Sequence[np.ndarray]
) -> float | None:
    if isinstance(config, PipelineConfig):
        files = [development.generated[place] for place in _distinct(development)]
        labels = np.array([file.label or "" for file in files])
        known = labels != ""
        return metrics.corrected_p_value(labels[known], [clusters[known] for clusters in among])
    attack = by.attacks[type(config)]
    if attack.meaning(config).farther is None:
        return None  # its distances follow the labels, so permuting these alone is no test
    truth, known = attack.ground_truth(development)
    return membership_metrics.corrected_p_value(np.concatenate(among)[:, known], truth, 0)


def _distinct(image_set: ImageSet) -> np.ndarray:
    """Places of the generated images, each with its label once, by their hashes: permutations then depend
    neither on copies nor on file names."""
    places = {(file.sha256, file.label or ""): place for place, file in enumerate(image_set.generated)}
    return np.array([places[each] for each in sorted(places)])


def _best(rows: Sequence[Row]) -> int | None:
    """Of equals, the first; a row whose used images are farther is no candidate, however well it predicts."""
    places = [place for place, row in enumerate(rows) if row.score is not None and not _farther(row)]
    return max(places, key=lambda place: (rows[place].score or 0.0, -place)) if places else None


def _farther(row: Row) -> bool:
    auc = row.numbers.get("auc")
    return row.numbers.get("verdict") == REVERSED or (auc is not None and auc < 0.5)


def _reversed(rows: Sequence[Row]) -> str | None:
    """A sentence where the verdict says that used images are farther."""
    found = sum(row.numbers.get("verdict") == REVERSED for row in rows)
    if not found:
        return None
    return (
        f"In {counted(found, 'configuration')} of {len(rows)} used images are farther from the generated "
        "images than images that were not used: are the two folders swapped?"
    )
