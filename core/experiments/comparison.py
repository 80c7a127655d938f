"""Two results on the same images: how their scores differ, and which images changed.

The difference of two scores on the same images is drawn by a paired bootstrap: each draw scores both on the
same resampled images (whole groups for training data), so that what makes both easy or hard drops out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.attribution.pipeline import Attribution
from core.clustering import metrics
from core.engine import Answer
from core.errors import BadChoice
from core.membership import metrics as membership_metrics
from core.membership.evaluation import PartResult
from core.numeric.statistics import BOOTSTRAPS, Score, percentile_interval
from core.types import ImageFile

SHOWN = {"ari": "ARI", "nmi": "NMI", "auc": "ROC AUC", "f1": "F1", "balanced_accuracy": "Balanced accuracy"}
OF_CLUSTERS, PREDICTION_SCORES = ("ari", "nmi"), ("f1", "balanced_accuracy")


@dataclass(frozen=True)
class Comparison:
    """``differences``: the second less the first, by score, with its paired interval.

    ``before`` and ``after`` int (n,) are clusters of ``files``, the second's renumbered to agree with the
    first's as far as they do, or 1 for predicted "used"; an image has changed where they differ.
    """

    files: tuple[ImageFile, ...]
    differences: Mapping[str, Score]
    before: np.ndarray
    after: np.ndarray

    @property
    def changed(self) -> np.ndarray:
        """Places of the images that changed, int (m,)."""
        return np.flatnonzero(self.before != self.after)


def compare(first: Answer, second: Answer, seed: int = 0) -> Comparison:
    """Raises BadChoice where the two are not about the same images."""
    if isinstance(first, Attribution) and isinstance(second, Attribution):
        return _of_clusters(first, second, seed)
    if isinstance(first, Attribution) or isinstance(second, Attribution):
        raise BadChoice(
            "Attribution and membership results can't be compared with each other: select two of the same "
            "kind."
        )
    return _of_calls(first.reported, second.reported, seed)


def _same_files(first: Sequence[ImageFile], second: Sequence[ImageFile]) -> None:
    if [f.sha256 for f in first] != [f.sha256 for f in second]:
        raise BadChoice("The two results are on different images: select configurations of one data set.")


# -- generator fingerprints ---------------------------------------------------------------------------


def _of_clusters(first: Attribution, second: Attribution, seed: int) -> Comparison:
    _same_files(first.files, second.files)
    after = _renumbered(first.clusters, second.clusters)
    labels = [file.label for file in first.files]
    known = np.array([label is not None for label in labels], bool)
    if first.agreement.scores["ari"].undefined or second.agreement.scores["ari"].undefined:
        why = first.agreement.scores["ari"].undefined or second.agreement.scores["ari"].undefined
        found = {name: Score(None, undefined=why) for name in OF_CLUSTERS}
    else:
        generators = np.unique([label for label in labels if label is not None], return_inverse=True)[1]
        copies = np.unique([file.sha256 for file in first.files], return_inverse=True)[1][known]
        found = _paired(copies, generators, first.clusters[known], second.clusters[known], seed)
    return Comparison(first.files, found, first.clusters, after)


def _renumbered(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Renumbers the second's clusters to match those of the first that share most images with them."""
    table = np.zeros((int(first.max()) + 1, int(second.max()) + 1), np.int64)
    np.add.at(table, (first, second), 1)
    of_first, of_second = metrics.match_clusters(table)
    names = dict(zip(of_second.tolist(), of_first.tolist(), strict=True))
    spare = iter(range(len(table), len(table) + table.shape[1]))
    numbers = [names[c] if c in names else next(spare) for c in range(table.shape[1])]
    return np.array(numbers)[second]


def _paired(
    copies: np.ndarray, generators: np.ndarray, first: np.ndarray, second: np.ndarray, seed: int
) -> dict[str, Score]:
    """A resampled set of images is a draw of counts of the kinds of image: generator and both clusters.

    Images that are equal in ``copies`` int (n,) are drawn as one.
    """
    kinds, count = np.unique(np.stack([generators, first, second]), axis=1, return_counts=True)
    single = np.unique(np.stack([copies, generators, first, second]), axis=1)[1:]
    share = np.unique(single, axis=1, return_counts=True)[1] / single.shape[1]
    drawn = np.random.default_rng(seed).multinomial(single.shape[1], share, BOOTSTRAPS)
    weights = np.concatenate([count[None], drawn]).astype(float)
    tables = [_tables(kinds[0], clusters, weights) for clusters in kinds[1:]]
    found = {}
    for name in OF_CLUSTERS:
        values = metrics.FAST[name](tables[1]) - metrics.FAST[name](tables[0])
        found[name] = Score(float(values[0]), *percentile_interval(values[1:]))
    return found


def _tables(generators: np.ndarray, clusters: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """float (b, generators, clusters) of weights (b, kinds)."""
    shape = int(generators.max()) + 1, int(clusters.max()) + 1
    cells = np.eye(shape[0] * shape[1])[generators * shape[1] + clusters]
    return (weights @ cells).reshape(-1, *shape)


# -- training-data fingerprints -----------------------------------------------------------------------


def _of_calls(first: PartResult, second: PartResult, seed: int) -> Comparison:
    _same_files(first.files, second.files)
    before, after = (part.predicted.astype(np.int64) for part in (first, second))
    known = first.known & second.known  # what both score
    if first.truth is None or first.verdict is None or first.verdict.scores["auc"].value is None:
        why = "these images are unlabelled, or all have the same label"
        return Comparison(
            first.files,
            {name: Score(None, undefined=why) for name in ("auc", *PREDICTION_SCORES)},
            before,
            after,
        )
    truth, rng = first.truth.subset(known[first.known]), np.random.default_rng(seed)
    weights = np.concatenate([np.ones((1, int(known.sum()))), truth.drawn(BOOTSTRAPS, rng)])
    found = {}
    values = [
        membership_metrics.weighted_auc(part.distance[known], truth.used, weights) for part in (first, second)
    ]
    found["auc"] = _difference(values)
    counts = [
        membership_metrics.confusion_counts(p.predicted[known], truth.used, weights) for p in (first, second)
    ]
    for name in PREDICTION_SCORES:
        found[name] = _difference([membership_metrics.BY_COUNTS[name](each) for each in counts])
    return Comparison(first.files, found, before, after)


def _difference(values: Sequence[np.ndarray]) -> Score:
    """Of a score of both, (1 + draws,) each, the first without resampling."""
    difference = values[1] - values[0]
    if not np.isfinite(difference[0]):
        return Score(None, undefined="one of the two is undefined")
    drawn = difference[1:]
    return Score(float(difference[0]), *percentile_interval(drawn[np.isfinite(drawn)]))
