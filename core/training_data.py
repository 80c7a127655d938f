"""Training-data fingerprints, from sets to a verdict: the order of the stages (paper, section 3.1.1).

    generated -> crop -> features -> clusters -> distances -> rule -> predictions -> scores
    real      -> crop -> features -------------/

Distance, k and rule are chosen on development and applied to test as they are.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import clustering
from core.embedding import Embedder
from core.errors import BadChoice
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import distances, protocol, scores
from core.membership.protocol import Development
from core.membership.rules import RULES
from core.membership.scores import Truth, Verdict
from core.progress import Listener, silent
from core.regions.crops import CROPS, NEEDS_LUNGS
from core.stages import Run
from core.store import Store
from core.values import ClusterSpec, CropSpec, ImageFile, ImageSet, MembershipConfig, PipelineConfig, Role

REAL = (Role.REAL_USED, Role.REAL_NOT_USED, Role.REAL_UNKNOWN)


@dataclass(frozen=True)
class Judged:
    """A set's real images under the chosen rule. ``distance`` float (n,), infinite where there is no lung.

    ``verdict`` is over the images whose truth is known, None where there are none; ``p_value`` is that of its
    AUC, corrected for the choice where the choice was made on this very set.
    """

    name: str
    files: tuple[ImageFile, ...]
    distance: np.ndarray
    predicted: np.ndarray
    verdict: Verdict | None
    p_value: float | None
    lungless: dict[str, int]

    @property
    def known(self) -> np.ndarray:
        return np.array([file.role is not Role.REAL_UNKNOWN for file in self.files], bool)


@dataclass(frozen=True)
class Membership:
    """``candidates`` names the rows (distance, k) that development chose among."""

    config: MembershipConfig
    candidates: tuple[tuple[str, int], ...]
    development: Development
    dev: Judged
    test: Judged | None
    outcome: str
    sentence: str
    seconds: float
    cached: bool
    notes: tuple[str, ...]

    @property
    def chosen(self) -> tuple[str, int, str]:
        """Distance, k and rule."""
        distance, k = self.candidates[self.development.choice.row]
        return distance, k, self.development.choice.rule


class TrainingData:
    """The stages over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store = store
        self.embedder = Embedder(store, library, effort or Effort(), listener)

    def membership(
        self, development: ImageSet, test: ImageSet | None, config: MembershipConfig
    ) -> Membership:
        """Which real images were used. Raises BadChoice where the sets can't answer."""
        start = time.perf_counter()
        check(config)
        sets = [development] if test is None else [development, test]
        images = [self._images(image_set, config) for image_set in sets]
        candidates = _candidates(config, min(len(each.generated) for each in images))
        measured = [self._measure(each, config, candidates) for each in images]
        truth = [_truth(found.files) for found in measured]
        if not truth[0][1].any():
            raise BadChoice(
                f"'{development.name}' has no real image whose truth is known: nothing can be learnt."
            )
        rules = RULES.names() if config.rule == "best" else [config.rule]
        known = truth[0][1]
        learnt = protocol.develop(measured[0].rows[:, known], truth[0][0], rules, config.seed)
        judged = [
            _judge(found, learnt, of, place, config.seed)
            for place, (found, of) in enumerate(zip(measured, truth, strict=True))
        ]
        last = judged[-1]
        outcome, sentence = (
            ("undefined", "The truth of these images is not known: there are predictions and no scores.")
            if last.verdict is None
            else protocol.in_words(last.verdict, last.p_value)
        )
        return Membership(
            config,
            candidates,
            learnt,
            judged[0],
            judged[1] if test is not None else None,
            outcome,
            sentence,
            time.perf_counter() - start,
            all(found.cached for found in measured),
            tuple(note for found in measured for note in found.notes()),
        )

    def _images(self, image_set: ImageSet, config: MembershipConfig) -> "_Images":
        """The images that can be compared: a generated one without lungs forms no cluster of lungs."""
        real = tuple(file for file in image_set.files if file.role in REAL)
        generated, empty = image_set.generated, set[str]()
        if config.crop in NEEDS_LUNGS:
            empty = self.embedder.lungless([file.sha256 for file in (*generated, *real)])
        kept = tuple(file for file in generated if file.sha256 not in empty)
        if not real or len(kept) < 2:
            with_lungs = " with lungs" if empty else ""
            raise BadChoice(
                f"'{image_set.name}' has {len(kept)} generated{with_lungs} and {len(real)} real images; "
                "membership needs at least 2 generated ones and a real one."
            )
        no_lung = np.array([file.sha256 in empty for file in real])
        lungless = {"generated": len(generated) - len(kept), "real": int(no_lung.sum())}
        return _Images(image_set.name, kept, real, no_lung, lungless)

    def _measure(
        self, images: "_Images", config: MembershipConfig, candidates: tuple[tuple[str, int], ...]
    ) -> "_Measured":
        """Distances of the real images to the generated ones; of random patches the mean over draws."""
        rows, cached = self._distances(images.generated, images.real, config, candidates)
        rows = np.where(images.no_lung, np.inf, rows)
        return _Measured(images.name, images.real, rows, cached, images.lungless)

    def _distances(
        self,
        generated: tuple[ImageFile, ...],
        real: tuple[ImageFile, ...],
        config: MembershipConfig,
        candidates: tuple[tuple[str, int], ...],
    ) -> tuple[np.ndarray, bool]:
        found, cached = [], []
        for crop in config.crops():
            rows, was_there = self._distances_of(generated, real, config, crop, candidates)
            found.append(rows)
            cached.append(was_there)
        return np.mean(found, axis=0), all(cached)

    def _distances_of(
        self,
        generated: tuple[ImageFile, ...],
        real: tuple[ImageFile, ...],
        config: MembershipConfig,
        crop: CropSpec,
        candidates: tuple[tuple[str, int], ...],
    ) -> tuple[np.ndarray, bool]:
        """float (c, n) for one crop, through the store."""
        cluster = ClusterSpec(config.method, config.linkage, seed=config.seed)
        run = Run(self.embedder, PipelineConfig(config.feature, cluster=cluster, crop=crop), generated)
        ks = sorted({k for _, k in candidates})
        ids = [file.sha256 for file in real]
        name = key("distances", distances.VERSION, clustering.VERSION, run.features_key, cluster, ids, ks)
        arrays = self.store.get(name)
        if cached := arrays is not None:
            table = arrays["distances"]
        else:
            run.ensure_features()
            measured, _ = self.embedder.embed(config.feature, ids, crop)
            if config.method == "kmeans":
                rows = run.features()
                labels = {k: clustering.kmeans(rows, k, config.seed) for k in ks}
                table = distances.by_kmeans(rows, measured, ks, labels.__getitem__)
            else:
                table = distances.by_tree(run.features(), run.tree(), measured, ks)
            self.store.put(name, {"distances": table}, "distances")
        place = {k: index for index, k in enumerate(ks)}
        chosen = [table[distances.KINDS.index(kind), place[k]] for kind, k in candidates]
        return np.stack(chosen), cached


@dataclass(frozen=True)
class _Images:
    name: str
    generated: tuple[ImageFile, ...]
    real: tuple[ImageFile, ...]
    no_lung: np.ndarray
    lungless: dict[str, int]


@dataclass(frozen=True)
class _Measured:
    name: str
    files: tuple[ImageFile, ...]
    rows: np.ndarray
    cached: bool
    lungless: dict[str, int]

    def notes(self) -> list[str]:
        found = [f"{count} {kind} images" for kind, count in self.lungless.items() if count]
        if not found:
            return []
        return [
            f"{self.name}: in {' and '.join(found)} no lung was found; such generated images are left out, "
            "and such real ones are not called used."
        ]


def check(config: MembershipConfig) -> None:
    """Raises BadChoice or UnknownName where a part of the config is unknown."""
    CROPS.get(config.crop)
    clustering.check(ClusterSpec(config.method, config.linkage))
    if config.distance not in (*distances.KINDS, "best"):
        raise BadChoice(f"distance is one of {', '.join(distances.KINDS)}, best; got '{config.distance}'.")
    if config.rule != "best":
        RULES.get(config.rule)


def _candidates(config: MembershipConfig, generated: int) -> tuple[tuple[str, int], ...]:
    kinds: Sequence[str] = distances.KINDS if config.distance == "best" else (config.distance,)
    ks = distances.sweep(generated) if config.k == "sweep" else (int(config.k),)
    return tuple((kind, k) for kind in kinds for k in ks)


def _truth(files: tuple[ImageFile, ...]) -> tuple[Truth, np.ndarray]:
    """Of the images whose truth is known; and which these are, bool (n,)."""
    known = np.array([file.role is not Role.REAL_UNKNOWN for file in files], bool)
    chosen = [file for file in files if file.role is not Role.REAL_UNKNOWN]
    names = [file.group or f"alone {index}" for index, file in enumerate(chosen)]
    groups = np.unique(names, return_inverse=True)[1] if names else np.zeros(0, np.int64)
    return Truth(np.array([file.role is Role.REAL_USED for file in chosen], bool), groups), known


def _judge(
    found: _Measured, learnt: Development, of: tuple[Truth, np.ndarray], place: int, seed: int
) -> Judged:
    """On development, its cross-validated predictions and a p-value that pays for the choice."""
    truth, known = of
    distance, predicted = found.rows[learnt.choice.row], learnt.choice.used(found.rows)
    verdict, p = None, None
    if place == 0:
        predicted = predicted.copy()
        predicted[known] = learnt.predicted
    if known.any():
        verdict = scores.verdict(predicted[known], distance[known], truth, seed)
        p = verdict.p_value
        if place == 0 and p is not None:
            p = scores.corrected_p(found.rows[:, known], truth, seed)
    return Judged(found.name, found.files, distance, predicted, verdict, p, found.lungless)
