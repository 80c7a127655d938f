"""How well clusters agree with generators, and what must stand beside each score.

Every score is a function of the contingency table (generators x clusters), computed for a whole stack of
tables at once. So an interval is a matter of tables drawn from a posterior (intervals.py), and permuting the
labels is a draw of tables with the same margins: exact, and thousands of them cost milliseconds.

- ARI: Hubert and Arabie 1985. NMI (arithmetic), homogeneity, completeness, V: Rosenberg and Hirschberg
  2007. AMI: Vinh, Epps, Bailey 2010. Fowlkes-Mallows 1983. Accuracy: after Hungarian matching.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.clustering import intervals, scaling
from core.numeric.statistics import BOOTSTRAPS, LEVEL, PERMUTATIONS, Score, p_value, percentile_interval

VERSION = 4
SLOW_DRAWS = 199  # permutations, of those scores that go table by table
MATCHED_DRAWS = 999  # posterior draws whose clusters are matched to generators
REACH = 12  # standard deviations of a cell's count: what lies beyond has a probability below 1e-30
CHOICE_PERMUTATIONS, CHUNK = 2000, 100  # of labels, where a choice among clusterings is paid for


@dataclass(frozen=True)
class Agreement:
    """Clusters against generators. ``table[i, j]``: images of generator i in cluster j; ``n_distinct`` of
    them can be told apart, and intervals and p-values are of these: copies are no independent evidence."""

    scores: Mapping[str, Score]
    p_value: float | None
    chance_95: float | None  # 95% of label permutations have a lower ARI
    generators: tuple[str, ...]
    table: np.ndarray
    matching: tuple[int | None, ...]  # the cluster matched to each generator
    n_distinct: int
    distinct_ari: float | None = None  # where copies count once

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "table": self.table.tolist()}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Agreement":
        return Agreement(
            {name: Score(**score) for name, score in raw["scores"].items()},
            raw["p_value"],
            raw["chance_95"],
            tuple(raw["generators"]),
            np.array(raw["table"], np.int64) if raw["table"] else np.zeros((0, 0), np.int64),
            tuple(raw["matching"]),
            raw["n_distinct"],
            raw["distinct_ari"],
        )


Tables = np.ndarray  # float64 (b, generators, clusters)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2


def _pair_sums(tables: Tables) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    together = _pairs(tables).sum((1, 2))
    by_class = _pairs(tables.sum(2)).sum(1)
    by_cluster = _pairs(tables.sum(1)).sum(1)
    return together, by_class, by_cluster, _pairs(tables.sum((1, 2)))


def ari(tables: Tables) -> np.ndarray:
    together, by_class, by_cluster, every = _pair_sums(tables)
    expected = by_class * by_cluster / every
    best = (by_class + by_cluster) / 2
    return _ratio(together - expected, best - expected, otherwise=1.0)


def fowlkes_mallows(tables: Tables) -> np.ndarray:
    together, by_class, by_cluster, _ = _pair_sums(tables)
    return _ratio(together, np.sqrt(by_class * by_cluster), otherwise=0.0)


def _entropy(counts: np.ndarray) -> np.ndarray:
    """Nats, over the last axis of (b, m) counts."""
    share = counts / counts.sum(-1, keepdims=True)
    return -(share * np.log(np.where(share > 0, share, 1))).sum(-1)


def _information(tables: Tables) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mutual information, entropy of the generators, entropy of the clusters; (b,) each."""
    of_class, of_cluster = _entropy(tables.sum(2)), _entropy(tables.sum(1))
    joint = _entropy(tables.reshape(len(tables), -1))
    return np.maximum(of_class + of_cluster - joint, 0), of_class, of_cluster


def nmi(tables: Tables) -> np.ndarray:
    mutual, of_class, of_cluster = _information(tables)
    return _ratio(mutual, (of_class + of_cluster) / 2, otherwise=1.0)


def homogeneity(tables: Tables) -> np.ndarray:
    mutual, of_class, _ = _information(tables)
    return _ratio(mutual, of_class, otherwise=1.0)


def completeness(tables: Tables) -> np.ndarray:
    mutual, _, of_cluster = _information(tables)
    return _ratio(mutual, of_cluster, otherwise=1.0)


def ami(tables: Tables) -> np.ndarray:
    """Table by table: the expected information is scikit-learn's exact sum."""
    mutual, of_class, of_cluster = _information(tables)
    expected = np.array([_expected_information(_filled(t)) for t in tables])
    return _ratio(mutual - expected, (of_class + of_cluster) / 2 - expected, otherwise=1.0)


def _expected_information(table: np.ndarray) -> float:
    """Mutual information in nats of a table with these margins by chance: scikit-learn's sum over all counts
    that a cell may have, or, for many images, over those within ``REACH`` standard deviations."""
    n = int(table.sum())
    if not scaling.is_streamed(n):
        from sklearn.metrics.cluster import expected_mutual_information

        return float(expected_mutual_information(table, n))
    from scipy.special import gammaln

    total = 0.0
    for a in table.sum(1).tolist():
        for b in table.sum(0).tolist():
            mean = a * b / n
            reach = REACH * (1 + np.sqrt(mean * (1 - a / n) * (1 - b / n)))
            cell = np.arange(max(1, a + b - n, int(mean - reach)), min(a, b, int(mean + reach)) + 1.0)
            fixed = gammaln(np.array([a, b, n - a, n - b, n]) + 1.0) @ (1, 1, 1, 1, -1)
            free = sum(gammaln(each + 1) for each in (cell, a - cell, b - cell, n - a - b + cell))
            total += (cell / n * np.log(n * cell / (a * b)) * np.exp(fixed - free)).sum()
    return float(total)


def accuracy(tables: Tables) -> np.ndarray:
    return np.array([t[match_clusters(t)].sum() for t in tables]) / tables.sum((1, 2))


def match_clusters(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Generators and clusters paired one to one so that most images agree (Hungarian method)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return rows, columns


def _ratio(top: np.ndarray, bottom: np.ndarray, otherwise: float) -> np.ndarray:
    safe = np.abs(bottom) > 1e-12
    return np.where(safe, top / np.where(safe, bottom, 1), otherwise)


FAST: Mapping[str, Callable[[Tables], np.ndarray]] = {
    "ari": ari,
    "nmi": nmi,
    "homogeneity": homogeneity,
    "completeness": completeness,
    "v_measure": nmi,  # V with beta 1 is NMI with the arithmetic mean
    "fowlkes_mallows": fowlkes_mallows,
}
SHARE_OF: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "nmi": lambda of_class, of_cluster: (of_class + of_cluster) / 2,
    "homogeneity": lambda of_class, of_cluster: of_class,
    "completeness": lambda of_class, of_cluster: of_cluster,
    "v_measure": lambda of_class, of_cluster: (of_class + of_cluster) / 2,
    "ami": lambda of_class, of_cluster: (of_class + of_cluster) / 2,
}  # what mutual information is a share of
SLOW: Mapping[str, Callable[[Tables], np.ndarray]] = {"ami": ami, "accuracy": accuracy}
NAMES = (*FAST, *SLOW)


def score_clusters(
    names: tuple[str, ...],
    table: np.ndarray,
    seed: int = 0,
    evidence: np.ndarray | None = None,
    doubt: str | None = None,
) -> Agreement:
    """All scores of a contingency table; seeded, so the same every time.

    ``evidence``: the table in which copies count once, on which intervals and p-values are based (default:
    there are none). ``doubt``: why the images can't tell, in which case no score is defined.
    """
    evidence = table if evidence is None else evidence
    if doubt and len(names) > 1:
        return _undefined(doubt, names, table)
    if not names:
        return _undefined("no image has a generator label", names, table)
    if len(names) == 1:
        return _undefined(f"all images come from one generator, {names[0]}", names, table)
    if (table.sum(0) > 0).sum() == 1:
        return _undefined("all images are in one cluster", names, table)

    rng = np.random.default_rng(seed)
    n, observed = int(evidence.sum()), table[None].astype(float)
    of_distinct = evidence[None].astype(float)
    drawn = intervals.posterior_tables(evidence, BOOTSTRAPS, rng)
    information = _drawn_information(evidence, drawn)
    shuffled = _same_margins(evidence, PERMUTATIONS, rng)
    scores: dict[str, Score] = {}
    for name, score in {**FAST, **SLOW}.items():
        draws = SLOW_DRAWS if name in SLOW else None
        low, high = _interval(name, drawn, information, float(score(of_distinct)[0]))
        chance = score(shuffled[:draws])
        scores[name] = Score(float(score(observed)[0]), low, high, float(chance.mean()))
    by_chance = ari(shuffled)
    distinct_ari = float(ari(of_distinct)[0])
    p = p_value(distinct_ari, by_chance)
    rows, columns = match_clusters(table)
    pairs = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    matching = tuple(pairs.get(i) for i in range(len(names)))
    chance_95 = float(np.quantile(by_chance, LEVEL))
    return Agreement(scores, p, chance_95, names, table, matching, n, distinct_ari)


Information = tuple[np.ndarray, np.ndarray, np.ndarray]  # as ``_information`` returns it


def _drawn_information(evidence: np.ndarray, drawn: Tables) -> list[Information]:
    """Of the draws, of draws whose sparse cells are even, and of draws less what is expected by chance."""
    found = _information(drawn)
    by_chance = 2 * _expected_information(_filled(evidence))  # in the sample, and once more in each draw
    mutual, of_class, of_cluster = (part - by_chance for part in found)
    return [found, _information(intervals.spread_evenly(evidence, drawn)), (mutual, of_class, of_cluster)]


def _interval(
    name: str, drawn: Tables, information: list[Information], observed: float
) -> tuple[float, float]:
    if name == "accuracy":
        return intervals.interval(accuracy, drawn[:MATCHED_DRAWS], observed)
    if name not in SHARE_OF:
        return intervals.interval(FAST[name], drawn, observed)
    least = -1.0 if name == "ami" else 0.0
    whole = [SHARE_OF[name](of_class, of_cluster) for _, of_class, of_cluster in information]
    scores = [_ratio(mutual, of, 1.0) for (mutual, *_), of in zip(information, whole, strict=True)]
    scores[-1][whole[-1] <= 0] = least  # where chance explains more than there is
    return intervals.widest([np.maximum(each, least) for each in scores], observed)


def corrected_p_value(labels: np.ndarray, clusterings: Sequence[np.ndarray], seed: int = 0) -> float:
    """p-value of the best ARI among clusterings (n,) of images with labels (n,): permutations choose theirs.

    All clusterings meet the same permuted labels, so that those which resemble each other count as one.
    """
    rng = np.random.default_rng(seed)
    generators = np.unique(labels, return_inverse=True)[1]
    kinds = np.eye(generators.max() + 1, dtype=np.float32)
    clusters = [np.eye(int(each.max()) + 1, dtype=np.float32)[each] for each in clusterings]

    def best(shuffled: np.ndarray) -> np.ndarray:
        rows = kinds[shuffled].transpose(0, 2, 1)  # (b, generators, n)
        return np.max([ari((rows @ each).astype(float)) for each in clusters], axis=0)

    permuted = [
        best(np.stack([rng.permutation(generators) for _ in range(CHUNK)]))
        for _ in range(CHOICE_PERMUTATIONS // CHUNK)
    ]
    return p_value(float(best(generators[None])[0]), np.concatenate(permuted))


def _same_margins(table: np.ndarray, count: int, rng: np.random.Generator) -> Tables:
    """Tables as they come when the labels are permuted: the same margins, else chance (Patefield 1981)."""
    from scipy.stats import random_table

    filled = _filled(table)
    return np.asarray(random_table(filled.sum(1), filled.sum(0)).rvs(count, random_state=rng), float)


def _filled(table: np.ndarray) -> np.ndarray:
    """int64 counts without the generators and clusters that have no image."""
    return table[table.sum(1) > 0][:, table.sum(0) > 0].astype(np.int64)


def _undefined(reason: str, names: tuple[str, ...], table: np.ndarray) -> Agreement:
    scores = {name: Score(None, undefined=reason) for name in NAMES}
    return Agreement(scores, None, None, names, table, (None,) * len(names), int(table.sum()))


def mean_with_interval(samples: np.ndarray | None, seed: int = 0) -> Score:
    """A mean over images, such as the silhouette, with its bootstrap interval."""
    if samples is None:
        return Score(None, undefined="it needs at least two clusters and fewer clusters than images")
    if samples.min() == samples.max():
        return Score(float(samples[0]))  # such as 1 for clusters of copies: nothing to draw an interval of
    rng = np.random.default_rng(seed)
    n, left, means = len(samples), 499, []
    while left:  # as many draws at a time as a core's cache holds
        size = min(left, max(1, 50_000 // n))
        means.append(samples[rng.integers(0, n, (size, n))].mean(1))
        left -= size
    return Score(float(samples.mean()), *percentile_interval(np.concatenate(means)))
