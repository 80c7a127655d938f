"""The audit of a data set, from its images to its findings, over the store and the library.

    pixels -> image statistics (once per image) -> blind baselines -> findings
                                              \\-> near-duplicates across classes

The method's result is not part of the cached audit: findings are compared with it when they are read.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from functools import partial

import numpy as np

from core import engine
from core.audit import baselines, blind_scores, image_statistics, near_duplicates, text
from core.audit.baselines import BASELINES
from core.audit.blind_scores import WARNINGS, Finding
from core.audit.near_duplicates import CrossClassPairs
from core.clustering import methods, metrics
from core.experiments import run_log
from core.experiments.run_log import Row
from core.extraction.embedder import Embedder, feature_key
from core.features import catalog
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import metrics as membership_metrics
from core.membership.evaluation import ground_truth
from core.numeric.blocks import batched
from core.numeric.parallel import one_thread
from core.numeric.statistics import Score
from core.progress import Listener, Meter, silent
from core.store import Store
from core.types import ImageFile, ImageSet, Role

BATCH = 256  # images stored at a time


@dataclass(frozen=True)
class Audit:
    """``score``: ARI for generators, AUC if there are real images. ``method``: its best result so far.

    ``embedded``: near-duplicates were searched by embedding as well. ``cached``: nothing was computed.
    """

    image_set: ImageSet
    score: str
    findings: tuple[Finding, ...]
    crossings: tuple[CrossClassPairs, ...]
    method: Score | None
    embedded: bool
    cached: bool
    seconds: float

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.outcome(self.method) in WARNINGS)

    @property
    def confounds(self) -> tuple[CrossClassPairs, ...]:
        """Pairs across classes that are confounders, not the leakage that the method looks for."""
        return tuple(each for each in self.crossings if self.meaning(each).confound)

    @property
    def sentence(self) -> str:
        confounds = sum(each.total for each in self.confounds)
        found = text.sentence(self.findings, self.score, self.method, confounds)
        return " ".join([*text.collapsed(self.image_set), found])

    def meaning(self, crossing: CrossClassPairs) -> text.Meaning:
        return text.meaning(crossing, bool(self.image_set.real))

    def remark(self, finding: Finding) -> str:
        return text.remark(finding, finding.outcome(self.method), self.score, self.method)


class Auditor:
    """Audits over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store, self.library, self.effort = store, library, effort or Effort()
        self.embedder = Embedder(store, library, self.effort, listener)

    def audit(self, image_set: ImageSet, method: Score | None = None, embedding: bool = False) -> Audit:
        """``embedding``: compute missing embeddings; without it they are used only if all are available."""
        start = time.perf_counter()
        embedded = embedding or self._embedded(image_set)
        space = feature_key(catalog.spec()) if embedded else None
        name = key("audit", _versions(), space, [_facts(file) for file in image_set.files])
        found = self.store.note(name)
        if cached := found is not None:
            findings = tuple(map(Finding.from_json, found["findings"]))
            crossings = tuple(map(CrossClassPairs.from_json, found["crossings"]))
        else:
            seen = self._seen([file.sha256 for file in image_set.files])
            with one_thread():  # k-means in one dimension is slower on several threads
                findings = _findings(image_set, seen)
            crossings = self._crossings(image_set, seen, embedded)
            note = {"findings": list(map(asdict, findings)), "crossings": list(map(asdict, crossings))}
            self.store.put_note(name, note)
        seconds = time.perf_counter() - start
        score = "AUC" if image_set.real else "ARI"
        return Audit(image_set, score, findings, crossings, method, embedded, cached, seconds)

    def missing(self, image_set: ImageSet) -> int:
        """How many images have not been analysed yet."""
        return self.store.count_lacking(statistics_key(), _ids(image_set))

    def results(self, image_set: ImageSet) -> list[Row]:
        """The method's runs on a data set, best first; with real images, all runs that developed on it."""
        if not image_set.real:
            return run_log.ranked_runs(engine.ATTRIBUTION, [image_set], self.library.user)
        others = [each for each in self.library.all() if each.real and each.name != image_set.name]
        pairs = [[image_set], *([image_set, other] for other in others)]
        kinds, user = (engine.MEMBERSHIP, engine.RECONSTRUCTION), self.library.user
        rows = [row for kind in kinds for sets in pairs for row in run_log.ranked_runs(kind, sets, user)]
        return sorted(rows, key=lambda row: (row["dev_auc"] is None, -(row["dev_auc"] or 0)))

    # -- the stages ----------------------------------------------------------------------------------

    def _seen(self, ids: Sequence[str]) -> Mapping[str, np.ndarray]:
        """Stored rows by image (image_statistics.row); each batch is stored before the next one starts."""
        space = statistics_key()
        found = self.store.rows(space, ids)
        missing = [identity for identity in dict.fromkeys(ids) if identity not in found]
        meter = Meter("analysing images", len(missing), self.embedder.listener)
        with ThreadPoolExecutor(self.effort.threads) as pool:
            for batch in batched(missing, BATCH):
                rows = list(
                    pool.map(lambda identity: image_statistics.row(self.library.pixels(identity)), batch)
                )
                self.store.put_rows(space, batch, np.stack(rows))
                found.update(zip(batch, rows, strict=True))
                meter.add(len(batch))
        return found

    def _crossings(
        self, image_set: ImageSet, seen: Mapping[str, np.ndarray], embedded: bool
    ) -> tuple[CrossClassPairs, ...]:
        ids = [file.sha256 for file in image_set.files]
        small = np.stack([image_statistics.thumbnail_of(seen[identity]) for identity in ids])
        vectors = self.embedder.embed(catalog.spec(), ids)[0] if embedded else None
        classes = [text.class_of(file, bool(image_set.real)) for file in image_set.files]
        return near_duplicates.find_cross_class_pairs(classes, near_duplicates.images(ids, small, vectors))

    def _embedded(self, image_set: ImageSet) -> bool:
        return self.store.has_rows(feature_key(catalog.spec()), _ids(image_set))


def statistics_key() -> str:
    """Key of the statistics' rows in the store."""
    return key("looks", image_statistics.VERSION)


def _versions() -> tuple[int, ...]:
    return (
        *(baselines.VERSION, blind_scores.VERSION, near_duplicates.VERSION, image_statistics.VERSION),
        *(methods.VERSION, metrics.VERSION, membership_metrics.VERSION),
    )


def score_of(row: Row) -> Score:
    """The score of a run, with its interval."""
    name = "ari" if row["kind"] == engine.ATTRIBUTION else "dev_auc"
    low, high = row[f"{name}_ci"] or (None, None)
    return Score(row[name], low, high, undefined=None if row[name] is not None else "undefined")


def best_result(rows: Sequence[Row]) -> Score | None:
    return score_of(rows[0]) if rows else None


def before_and_after(before: Sequence[Row], after: Sequence[Row]) -> tuple[Row, Row] | None:
    """The best configuration on one data set that was also evaluated on the other."""
    there = {row["id"]: row for row in after}
    return next(((row, there[row["id"]]) for row in before if row["id"] in there), None)


def _findings(image_set: ImageSet, seen: Mapping[str, np.ndarray]) -> tuple[Finding, ...]:
    """The findings of all baselines, on the labelled images."""
    in_order = sorted(image_set.files, key=lambda file: file.sha256)  # seeded draws ignore file names
    if image_set.real:
        files = [file for file in in_order if file.role not in (Role.GENERATED, Role.REAL_UNKNOWN)]
        score = partial(blind_scores.score_membership, truth=ground_truth(files)[0])
    else:
        files = [file for file in in_order if file.label is not None]
        copies = np.unique([file.sha256 for file in files], return_inverse=True)[1]
        labels = [str(file.label) for file in files]
        score = partial(blind_scores.score_generators, labels=labels, copies=copies)
    statistics = [image_statistics.statistics_of(seen[file.sha256]) for file in files]
    found = []
    for name, row in BASELINES:
        values = [row.of(file, its) for file, its in zip(files, statistics, strict=True)]
        found.append(score(name, values, lacking=row.lacking))
    return blind_scores.holm_corrected(found)


def _ids(image_set: ImageSet) -> list[str]:
    return sorted({file.sha256 for file in image_set.files})


def _facts(file: ImageFile) -> tuple[object, ...]:
    """Everything about a file that an audit depends on."""
    origin = astuple(file.origin) if file.origin else None
    return file.name, file.sha256, file.role, file.label, file.group, origin
