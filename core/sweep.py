"""Many configurations of one set: stages shared, rows as they come, and the choice among them paid for.

A backbone is embedded once and a tree built once, whatever hangs from them, since the store keeps every
stage. Development chooses; the choice, as it is, meets test; its p-value lets permutations choose as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from core import scores
from core.errors import BadChoice, ImprintError
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.judging import truth_of
from core.membership import scores as membership_scores
from core.pipeline import Attribution, Pipeline
from core.progress import Listener, Meter
from core.store import Store
from core.training_data import Membership, TrainingData
from core.uncertainty import Score
from core.values import (
    ClusterSpec,
    CropSpec,
    FeatureSpec,
    ImageSet,
    K,
    MembershipConfig,
    PipelineConfig,
    ReduceSpec,
)

MOST = 5000  # configurations
SHOWN = ("f1", "balanced_accuracy", "auc")

Config = PipelineConfig | MembershipConfig


@dataclass(frozen=True)
class Grid:
    """What is combined with what. Parts that a configuration does not have are left out of it."""

    features: tuple[FeatureSpec, ...]
    crops: tuple[str, ...] = ("full",)
    variances: tuple[float | None, ...] = (None,)
    methods: tuple[str, ...] = ("hierarchical",)
    linkages: tuple[str, ...] = ("ward",)
    ks: tuple[K, ...] = ("known",)
    distances: tuple[str, ...] = ("best",)
    rules: tuple[str, ...] = ("best",)
    seed: int = 0

    def configs(self, image_set: ImageSet) -> list[Any]:
        """For a set with real images training-data fingerprints, for any other generator fingerprints."""
        return self.memberships() if image_set.real else self.attributions()

    def as_json(self) -> dict[str, Any]:
        """Whole, and read back by ``from_json``."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Grid":
        lists = {name: tuple(value) for name, value in raw.items() if isinstance(value, (list, tuple))}
        found = tuple(FeatureSpec.from_json(each) for each in raw["features"])
        return Grid(**{**raw, **lists, "features": found})

    def attributions(self) -> list[PipelineConfig]:
        """Backbones vary slowest: what one leaves in the store, the next configurations find there."""
        made = [
            PipelineConfig(
                feature,
                ReduceSpec(variance),
                ClusterSpec(method, linkage if method == "hierarchical" else "ward", k=k, seed=self.seed),
                CropSpec(crop, self.seed if crop == "patch" else 0),
            )
            for feature, crop, variance, method, linkage, k in product(
                self.features, self.crops, self.variances, self.methods, self.linkages, self.ks
            )
        ]
        return _counted(list(dict.fromkeys(made)))

    def memberships(self) -> list[MembershipConfig]:
        made = [
            MembershipConfig(
                feature,
                crop,
                method,
                linkage if method == "hierarchical" else "ward",
                distance,
                "sweep" if k == "known" else k,
                rule,
                seed=self.seed,
            )
            for feature, crop, method, linkage, distance, k, rule in product(
                *(self.features, self.crops, self.methods, self.linkages),
                *(self.distances, self.ks, self.rules),
            )
        ]
        return _counted(list(dict.fromkeys(made)))


@dataclass(frozen=True)
class Row:
    """One configuration: its numbers, or why there are none. ``score`` is what development chooses by."""

    config: Config
    numbers: Mapping[str, Any]
    score: float | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """``k``, ``distance`` and ``rule`` as chosen; what was asked for is in ``config``."""
        return {"config": self.config.flat(), **self.numbers, "error": self.error}


@dataclass(frozen=True)
class Swept:
    """``best`` is the place of the row that development prefers; ``p_value`` pays for that choice.

    ``test`` is that configuration on the test set.
    """

    rows: tuple[Row, ...]
    best: int | None
    p_value: float | None
    test: Row | None

    def as_json(self) -> dict[str, Any]:
        """What the command line prints and the page draws."""
        return {
            "rows": [row.as_json() for row in self.rows],
            "best": self.best,
            "p_value": self.p_value,
            "test": None if self.test is None else self.test.as_json(),
        }


OnRow = Callable[[Row], None]


def name(sets: Sequence[ImageSet], grid: Grid) -> str:
    """Where the rows of a sweep are noted, while it runs and after."""
    files = [[(f.sha256, f.role, f.label or "", f.group or "") for f in each.files] for each in sets]
    return f"sweep:{key(files, grid)}"


def run(
    store: Store, library: Library, effort: Effort, listener: Listener, sets: Sequence[ImageSet], grid: Grid
) -> Swept:
    """The sweep that suits the set, each row noted as soon as it is there."""
    image_set, test = sets[0], sets[1] if len(sets) > 1 else None
    configs = grid.configs(image_set)
    meter = Meter("configurations", len(configs), listener)
    rows: list[dict[str, Any]] = []

    def noted(row: Row) -> None:
        rows.append(row.as_json())
        store.put_note(name(sets, grid), {"rows": rows, "of": len(configs), "over": False})
        meter.add(1)

    if image_set.real:
        swept = memberships(TrainingData(store, library, effort), image_set, test, configs, noted)
    else:
        swept = attributions(Pipeline(store, library, effort), image_set, test, configs, noted)
    store.put_note(name(sets, grid), {**swept.as_json(), "of": len(configs), "over": True})
    return swept


def attributions(
    pipeline: Pipeline,
    image_set: ImageSet,
    test: ImageSet | None,
    configs: Sequence[PipelineConfig],
    on_row: OnRow = lambda row: None,
) -> Swept:
    """By ARI. A row that can't run says why, and the others go on."""
    rows, found = [], []
    for config in configs:
        row, result = _tried(config, partial(_attributed, pipeline, image_set, config))
        rows.append(row)
        if result is not None and row.score is not None:
            found.append(result.clusters)
        on_row(row)
    best = _best(rows)
    p = None
    if best is not None:
        labels = np.array([file.label or "" for file in image_set.generated])
        known = labels != ""
        p = scores.corrected_p(labels[known], [clusters[known] for clusters in found])
    reported = None
    if best is not None and test is not None:
        chosen = configs[best]
        reported, _ = _tried(chosen, partial(_attributed, pipeline, test, chosen))
    return Swept(tuple(rows), best, p, reported)


def memberships(
    engine: TrainingData,
    development: ImageSet,
    test: ImageSet | None,
    configs: Sequence[MembershipConfig],
    on_row: OnRow = lambda row: None,
) -> Swept:
    """By balanced accuracy, cross-validated on development; rows tell development's numbers alone."""
    rows, found = [], []
    for config in configs:
        row, result = _tried(config, partial(_judged, engine, development, None, config))
        rows.append(row)
        if result is not None:
            found.append(engine.distances(development, config))
        on_row(row)
    best = _best(rows)
    p, reported = None, None
    if best is not None:
        truth, known = truth_of(development.real)
        every = np.concatenate(found)[:, known]
        p = membership_scores.corrected_p(every, truth, configs[best].seed)
        if test is not None:
            chosen = configs[best]
            reported, _ = _tried(chosen, partial(_judged, engine, development, test, chosen))
    return Swept(tuple(rows), best, p, reported)


def _tried(config: Any, run: Callable[[], tuple[Row, Any]]) -> tuple[Row, Any]:
    try:
        return run()
    except ImprintError as error:
        return Row(config, {}, None, str(error)), None


def _attributed(pipeline: Pipeline, image_set: ImageSet, config: PipelineConfig) -> tuple[Row, Attribution]:
    result = pipeline.attribute(image_set, config)
    agreement = result.agreement
    numbers = {
        **_numbers(agreement.scores, ("ari", "nmi", "accuracy")),
        "p_value": agreement.p_value,
        "k": result.k,
        "n_features": result.n_features,
        "seconds": round(result.seconds, 4),
    }
    ari = agreement.scores["ari"]
    return Row(result.config, numbers, ari.value, ari.undefined), result


def _judged(
    engine: TrainingData, development: ImageSet, test: ImageSet | None, config: MembershipConfig
) -> tuple[Row, Membership]:
    result = engine.membership(development, test, config)
    distance, k, rule = result.chosen
    verdict = result.reported.verdict
    numbers = {
        **(_numbers(verdict.scores, SHOWN) if verdict else {}),
        "p_value": result.reported.p_value,
        "distance": distance,
        "k": k,
        "rule": rule,
        "verdict": result.outcome,
        "seconds": round(result.seconds, 4),
    }
    return Row(result.config, numbers, float(result.development.balanced.max())), result


def _numbers(found: Mapping[str, Score], names: Sequence[str]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name in names:
        score = found[name]
        numbers[name] = score.value
        numbers[f"{name}_ci"] = None if score.low is None else [score.low, score.high]
    return numbers


def _best(rows: Sequence[Row]) -> int | None:
    """Of equals, the first."""
    places = [place for place, row in enumerate(rows) if row.score is not None]
    return max(places, key=lambda place: (rows[place].score or 0.0, -place)) if places else None


def _counted(configs: list[Any]) -> list[Any]:
    if len(configs) > MOST:
        raise BadChoice(f"This grid has {len(configs)} configurations; choose at most {MOST}.")
    return configs
