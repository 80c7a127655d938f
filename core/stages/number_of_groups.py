"""How many groups a run has: as asked, as known, by splits of one tree, or by silhouette."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.clustering import methods, splits
from core.clustering.splits import Split, Stability
from core.errors import BadChoice
from core.hashing import key
from core.stages.cached import Run
from core.store import Arrays

NO_LABEL = "No image has a generator label, so the number of generators was found by splits."
RARE = 0.05  # of the random parts: a number of groups that is found in as many can't be ruled out


@dataclass(frozen=True)
class FoundGroups:
    """The groups of all images, in the order of the hashes (see ``clustering.splits``). ``walked``: how many
    images the tree is built over: copies are not, and of many only a sample; these are assigned to groups."""

    labels: np.ndarray
    splits: tuple[Split, ...]
    stability: Stability
    walked: int

    @property
    def k(self) -> int:
        return int(self.labels.max()) + 1

    @property
    def possible(self) -> tuple[int, ...]:
        """Other numbers of groups that can't be ruled out."""
        found = self.stability.ks
        return tuple(k for k in sorted(set(found) - {self.k}) if found.count(k) >= RARE * len(found))


@dataclass(frozen=True)
class Choice:
    """``source``: who chose k: given, known, auto (splits) or silhouette, with its mean for each k tried."""

    k: int
    source: str
    groups: FoundGroups | None = None
    silhouettes: Mapping[int, float] = field(default_factory=dict)


def choose_k(run: Run, notes: list[str]) -> Choice:
    """Raises BadChoice where the images can't be told apart so."""
    asked, known = run.config.cluster.k, run.roll.known.names
    if isinstance(asked, int) or (asked == "known" and known):
        k = asked if isinstance(asked, int) else len(known)
        methods.check_k(k, len(run.ids), run.distinct(k) if 1 < k <= len(run.ids) else k)
        return Choice(k, "given" if isinstance(asked, int) else "known")
    if asked == "silhouette":
        return _by_silhouette(run)
    if asked == "known":
        notes.append(NO_LABEL)
    found = find_groups(run)
    return Choice(found.k, "auto", found)


def cluster(run: Run, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """Labels in the order of the hashes, and silhouettes (none where undefined).

    Groups of splits are at different heights of Ward's tree: no cut at one height gives them. Of another
    method, only their number is taken.
    """
    if choice.groups is None or not _walks_its_tree(run):
        return run.cluster(choice.k)
    labels = choice.groups.labels

    def make() -> Arrays:
        found = methods.silhouettes(run.reduced(), labels, "euclidean", run.config.cluster.seed)
        return {"silhouettes": np.zeros(0) if found is None else found}

    return labels, run.stage("clusters", key("group silhouettes", methods.VERSION, groups_key(run)), make)[
        "silhouettes"
    ]


def _by_silhouette(run: Run) -> Choice:
    by_k = {k: float(s.mean()) for k in run.auto_range() if (s := run.cluster(k)[1]).size}
    if not by_k:
        raise BadChoice("The silhouette is undefined for every k here. Enter k as a number.")
    return Choice(max(by_k, key=lambda k: (by_k[k], -k)), "silhouette", silhouettes=by_k)


def find_groups(run: Run) -> FoundGroups:
    """By splits, and how stable they are under resampling; kept in the store."""
    arrays = run.stage("groups", groups_key(run), lambda: _made(run))
    found = tuple(
        Split(int(depth), (int(left), int(right)), valley, gap, separation, bool(stands), support)
        for depth, left, right, valley, gap, separation, stands, support in arrays["splits"].tolist()
    )
    stability = Stability(tuple(arrays["ks"].tolist()), arrays["clusters"], arrays["images"])
    return FoundGroups(arrays["labels"], found, stability, int(arrays["walked"]))


def _made(run: Run) -> Arrays:
    seed, n = run.config.cluster.seed, len(run.ids)
    scores = run.leading_scores(splits.TREE_COMPONENTS)
    walked = np.unique(run.alike())  # copies of one image are no generator of their own
    if len(walked) > splits.SAMPLE:
        walked = np.sort(np.random.default_rng(seed).choice(walked, splits.SAMPLE, replace=False))
    if len(walked) < 2:
        return _one_group(n)
    own = _walks_its_tree(run) and len(walked) == n
    merges = run.tree() if own else methods.linkage_tree(scores[walked], "ward", "euclidean")
    found = splits.find_groups(merges, scores[walked], seed)
    examined, stability = splits.resample(scores[walked], found, seed)
    images = np.full(n, np.nan)
    images[walked] = stability.images
    rows = [(s.depth, *s.sizes, s.valley, s.gap, s.separation, float(s.stands), s.support) for s in examined]
    return {
        "labels": splits.assign(scores, walked, found.labels)[run.alike()],
        "splits": np.array(rows, np.float64).reshape(len(rows), 8),
        "ks": np.array(stability.ks, np.int64),
        "clusters": stability.clusters,
        "images": images,
        "walked": np.array(len(walked)),
    }


def _one_group(n: int) -> Arrays:
    return {
        "labels": np.zeros(n, np.int64),
        "splits": np.zeros((0, 8)),
        "ks": np.ones(splits.ROUNDS, np.int64),
        "clusters": np.ones(1),
        "images": np.full(n, np.nan),
        "walked": np.array(1),
    }


def _walks_its_tree(run: Run) -> bool:
    cluster = run.config.cluster
    return cluster.method == "hierarchical" and cluster.linkage == "ward"


def groups_key(run: Run) -> str:
    """Under which the groups of a run are kept; each method has its own, so that no two tasks make one."""
    cluster = run.config.cluster
    way = run.tree_key() if _walks_its_tree(run) else (cluster.method, cluster.linkage, cluster.metric)
    return key("groups", splits.VERSION, methods.VERSION, run.pca_key, run.reduced_key, way, cluster.seed)
