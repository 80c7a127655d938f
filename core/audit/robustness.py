"""Whether an answer survives what happens to files on their way: compression, resizing, blur, noise, a
window.

pixels -> one step on all or on half of the images -> features -> clusters, number of groups, identification

What half of the images went through makes generators of its own where it is louder than the generators'
marks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from core.audit import transforms
from core.audit.transforms import DeriveSpec
from core.clustering import methods, metrics, open_set, pca, splits
from core.clustering.contingency import KnownGenerators
from core.config import FeatureSpec, K
from core.errors import BadChoice, UnknownName
from core.extraction.embedder import Embedder, adapt_to_machine, feature_key
from core.hashing import key
from core.numeric.blocks import batched
from core.numeric.parallel import one_thread
from core.progress import Meter
from core.types import ImageFile, ImageSet, distinct_files

VERSION = 1
AS_IS = "as is"
VARIANTS: Mapping[str, DeriveSpec] = {
    "jpeg90": DeriveSpec(("jpeg",), quality=90),
    "jpeg75": DeriveSpec(("jpeg",), quality=75),
    "resample": DeriveSpec(("resample",), size=224),
    "blur": DeriveSpec(("blur",)),
    "noise": DeriveSpec(("noise",)),
    "window": DeriveSpec(("window",)),
}
SHARES = (1.0, 0.5)
BATCH = 256  # images in memory at a time
MOST = 10_000  # images, whose tree is built anew in each row
COMPARED = 2  # rows of one label: with fewer none can be held against its own


@dataclass(frozen=True)
class Row:
    """One disturbance of a ``share`` of the images.

    ``ari``: of the clusters with the generators, or, without labels, with the groups of the set as it is;
    ``k_found``: the number of groups by splits; ``accuracy``: images identified among the others of the same
    set; ``against_clean``: among the others as they were, as a known set would be. Both None without labels.
    """

    step: str
    words: str
    share: float
    ari: float
    k: int
    k_found: int
    accuracy: float | None
    against_clean: float | None


class Disturbed:
    """The features of a set's generated images, as they are and after a step. Raises BadChoice."""

    def __init__(self, embedder: Embedder, image_set: ImageSet, feature: FeatureSpec) -> None:
        self.embedder, (self.feature, notes) = embedder, adapt_to_machine(feature)
        self.notes, self.image_set = tuple(notes), image_set
        self.files = _generated(image_set)
        self.ids = [file.sha256 for file in self.files]
        self.known = KnownGenerators.of([file.label for file in self.files])
        self._clean: np.ndarray | None = None
        self._changed: tuple[str, np.ndarray] | None = None  # features after the last step

    def rows(self, steps: Sequence[str], k: K = "known") -> tuple[list[Row], bool]:
        """Of the set as it is and of each step on all and on half of the images, and whether all of them were
        kept before. ``k``: clusters, "known": one per generator, or "auto": as many as are found."""
        if isinstance(k, int):
            if k < 1:
                raise BadChoice(f"k is a whole number from 1; got {k}.")
            methods.check_k(k, len(self.ids), len(self.ids))
        elif k not in ("known", "auto"):
            raise BadChoice(f"k is a whole number, 'known' or 'auto'; got '{k}'.")
        for step in steps:
            if step not in VARIANTS:
                raise UnknownName("step", step, list(VARIANTS))
        clean = self._kept(AS_IS, 1.0, k, self.clean)
        found, cached = [clean[0]], clean[1]
        for step in steps:
            for share in SHARES:
                row, kept = self._kept(step, share, k, partial(self._mixed, step, share))
                found.append(row)
                cached &= kept
        return found, cached

    @property
    def against(self) -> str:
        return "the generators" if self.known.names else "the groups of the set as it is"

    def clean(self) -> np.ndarray:
        if self._clean is None:
            self._clean = self.embedder.embed(self.feature, self.ids)[0]
        return self._clean

    def _mixed(self, step: str, share: float) -> np.ndarray:
        if self._changed is None or self._changed[0] != step:
            self._changed = step, self._described(step)
        changed = self._changed[1]
        if share == 1:
            return changed
        return np.where(self._half()[:, None], changed, self.clean())

    def _half(self) -> np.ndarray:
        """Every second image of each generator, in the order of the hashes, which is as good as at random."""
        chosen = np.zeros(len(self.files), bool)
        labels = np.array([file.label or "" for file in self.files])
        for label in np.unique(labels):
            chosen[np.flatnonzero(labels == label)[::2]] = True
        return chosen

    def _described(self, step: str) -> np.ndarray:
        """Features of all images after a step; no pixels of them are kept."""
        spec, library = VARIANTS[step], self.embedder.library
        meter = Meter(spec.words, len(self.ids), self.embedder.listener)
        unused = np.ones(transforms.LEVELS)
        parts = []
        for batch in batched(self.ids, BATCH):
            made = [transforms.apply(library.pixels(identity), spec, unused) for identity in batch]
            parts.append(self.embedder.describe(self.feature, made))
            meter.add(len(batch))
        return np.concatenate(parts)

    def _kept(self, step: str, share: float, k: K, features: Callable[[], np.ndarray]) -> tuple[Row, bool]:
        name = self.row_key(step, share, k)
        found = self.embedder.store.note(name)
        if found is not None:
            return Row(**found), True
        with one_thread():
            row = self._scored(step, share, k, features())
        self.embedder.store.put_note(name, asdict(row))
        return row, False

    def row_key(self, step: str, share: float, k: K) -> str:
        spec = asdict(VARIANTS[step]) if step in VARIANTS else {}
        versions = (VERSION, methods.VERSION, metrics.VERSION, open_set.VERSION, pca.VERSION, splits.VERSION)
        labelled = [(file.sha256, file.label or "") for file in self.files]
        return key("robustness", versions, feature_key(self.feature), labelled, step, spec, share, k)

    def _scored(self, step: str, share: float, k: K, rows: np.ndarray) -> Row:
        names = self.known.names
        merges, groups = _grouped(rows)
        found = int(groups.max()) + 1
        given = k if isinstance(k, int) else len(names) if k == "known" else 0
        clusters = methods.cut_tree(merges, given) if given else groups
        if names:
            table = self.known.table(clusters)
        else:
            clean = _grouped(self.clean())[1]
            table = KnownGenerators.of([str(group) for group in clean]).table(clusters)
        words = VARIANTS[step].words if step in VARIANTS else AS_IS
        ari = float(metrics.ari(table[None])[0])
        return Row(step, words, share, ari, given or found, found, *self._identified(rows))

    def _identified(self, rows: np.ndarray) -> tuple[float | None, float | None]:
        labels = self.known.rows
        if len(self.known.names) < 2 or np.bincount(labels).min() < COMPARED:
            return None, None
        rows, clean = rows[self.known.images], self.clean()[self.known.images]
        own = open_set.cross_predict(rows, labels).best == labels
        against = open_set.cross_predict(clean, labels, rows).best == labels
        return float(own.mean()), float(against.mean())


def _grouped(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ward's tree of features, and the groups found in it."""
    merges = methods.linkage_tree(rows, "ward", "euclidean")
    scores = pca.decompose(rows)["scores"][:, : splits.TREE_COMPONENTS]
    return merges, splits.find_groups(merges, scores, 0).labels


def _generated(image_set: ImageSet) -> tuple[ImageFile, ...]:
    found = distinct_files(image_set.generated)
    if not 2 <= len(found) <= MOST:
        raise BadChoice(
            f"2 to {MOST:,} different generated images are needed; '{image_set.name}' has {len(found):,}."
        )
    return found
