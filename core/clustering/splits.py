"""How many groups there are, by walking one tree from its root: a split stands if a gap separates its sides.

At each split a discriminant is fitted to four fifths of both sides, and the last fifth is projected on it:
images of two generators are apart, a single generator that was cut in two has no gap where it was cut. So
one group is a possible answer, which no silhouette can give.
"""

from dataclasses import dataclass, replace

import numpy as np

VERSION = 1
COMPONENTS = 30  # leading principal components in which sides are told apart
TREE_COMPONENTS = 50  # in which a tree over part of the images is built
FOLDS = 5
VALLEY, GAP = 0.05, 0.55  # a split stands at a density between its sides of at most, or a gap of at least
SMALLEST_SHARE, SMALLEST = 0.03, 4  # of the images: a smaller side belongs to its sibling
SAMPLE = 5000  # images that are walked; the others are assigned to the groups found
ROUNDS, PART, LARGEST_PART = 20, 0.8, 800  # of resampling, of so many images
APART = 0.95  # of the pairs across a split, for the split to stand in a part of the images
GRID = 101  # places between two means at which densities are compared


@dataclass(frozen=True)
class Split:
    """A split of the tree, from the root down: ``depth`` 0 is the first. ``sizes`` are of its two sides.

    ``valley``: the lowest density between the sides' projections over the lower of their peaks; ``gap``: the
    10% quantile of one less the 90% quantile of the other, over the distance of their means; ``separation``:
    that distance in standard deviations. ``support``: the share of random parts of the images in which the
    sides are apart.
    """

    depth: int
    sizes: tuple[int, int]
    valley: float
    gap: float
    separation: float
    stands: bool
    support: float = float("nan")


@dataclass(frozen=True)
class Groups:
    """``labels`` int (n,), numbered as they appear; ``splits``: all that were examined; ``members``: of each
    split the places of both sides."""

    labels: np.ndarray
    splits: tuple[Split, ...]
    members: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def k(self) -> int:
        return int(self.labels.max()) + 1


@dataclass(frozen=True)
class Stability:
    """Over random parts of the images: ``ks``, the number of groups in each; ``clusters`` (k,), the mean
    share of a group that is found again (Jaccard, Hennig 2007); ``images`` (n,), how often an image is with
    its group, NaN where it was in no part."""

    ks: tuple[int, ...]
    clusters: np.ndarray
    images: np.ndarray


def find_groups(merges: np.ndarray, scores: np.ndarray, seed: int) -> Groups:
    """The groups of n images: a linkage matrix (n - 1, 4) of Ward's, and principal components (n, p)."""
    walk = _Walk(merges, scores[:, :COMPONENTS], np.random.default_rng(seed))
    walk.descend(2 * len(scores) - 2, 0, 0)
    labels = np.unique(walk.labels, return_inverse=True)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return Groups(np.argsort(np.argsort(first))[inverse], tuple(walk.splits), tuple(walk.members))


class _Walk:
    """Descends a tree; ``labels`` has the group of each leaf. In the order of ``leaves`` those of a node
    stand together, the left side's first."""

    def __init__(self, merges: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> None:
        from scipy.cluster.hierarchy import leaves_list

        self.merges, self.leaves = merges, leaves_list(merges).astype(np.int64)
        self.scores, self.rng = scores, rng
        self.smallest = max(SMALLEST, SMALLEST_SHARE * len(scores))
        self.labels = np.zeros(len(scores), np.int64)
        self.splits: list[Split] = []
        self.members: list[tuple[np.ndarray, np.ndarray]] = []
        self._groups = 0

    def descend(self, node: int, start: int, depth: int) -> None:
        """``start``: the place of the node's first leaf. Small sides wait until the groups beside them are
        known; there may be as many as images, so they are no recursion."""
        waiting: list[tuple[np.ndarray, np.ndarray]] = []
        while (size := self._size(node)) >= 2 * self.smallest:
            left, right = (int(side) for side in self.merges[node - len(self.scores), :2])
            middle = start + self._size(left)
            sides = self.leaves[start:middle], self.leaves[middle : start + size]
            if min(map(len, sides)) >= self.smallest:
                break
            few, many = sorted(sides, key=len)
            waiting.append((few, many))
            node, start = (left, start) if many is sides[0] else (right, middle)
        if size < 2 * self.smallest or not self._stands(*sides, depth):
            self._settle(self.leaves[start : start + size])
        else:
            self.descend(left, start, depth + 1)
            self.descend(right, middle, depth + 1)
        for few, many in reversed(waiting):
            self._join(few, many)

    def _size(self, node: int) -> int:
        n = len(self.scores)
        return 1 if node < n else int(self.merges[node - n, 3])

    def _settle(self, leaves: np.ndarray) -> None:
        self.labels[leaves] = self._groups
        self._groups += 1

    def _join(self, few: np.ndarray, many: np.ndarray) -> None:
        """Each of few images goes to the group of the nearest centre."""
        names = np.unique(self.labels[many])
        centres = np.stack([self.scores[many][self.labels[many] == name].mean(0) for name in names])
        squares = ((self.scores[few][:, None] - centres[None]) ** 2).sum(2)
        self.labels[few] = names[squares.argmin(1)]

    def _stands(self, left: np.ndarray, right: np.ndarray, depth: int) -> bool:
        rows = self.scores[np.concatenate([left, right])]
        of_right = np.arange(len(rows)) >= len(left)
        places = held_out_projection(rows, of_right, self.rng)
        valley, gap, separation = separate(places[~of_right], places[of_right])
        stands = valley <= VALLEY or gap >= GAP
        self.splits.append(Split(depth, (len(left), len(right)), valley, gap, separation, stands))
        self.members.append((left, right))
        return stands


def held_out_projection(rows: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float (n,): where each row (n, p) lies between the means of two sides, 0 and 1, on a discriminant that
    was fitted without it. ``second`` bool (n,): the side. The discriminant is Fisher's, its covariance shrunk
    towards a multiple of the identity by components over images."""
    fold = np.empty(len(rows), np.int64)
    for side in (~second, second):
        fold[side] = rng.permutation(int(side.sum())) % FOLDS
    places = np.zeros(len(rows))
    for number in range(FOLDS):
        learnt = fold != number
        means, covariance = pooled(rows[learnt], second[learnt].astype(int))
        weights = np.linalg.solve(covariance, means[1] - means[0])
        low, high = means @ weights
        places[~learnt] = (rows[~learnt] @ weights - low) / max(high - low, 1e-12)
    return places


def pooled(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (k, p) of groups, and the shrunk covariance (p, p) within them."""
    count, width = labels.max() + 1, rows.shape[1]
    means = np.stack([rows[labels == each].mean(0) for each in range(count)])
    within = rows - means[labels]
    covariance = within.T @ within / max(len(rows) - count, 1)
    shrinkage = min(0.9, width / len(rows))
    typical = max(float(np.trace(covariance)) / width, 1e-12)
    return means, (1 - shrinkage) * covariance + shrinkage * typical * np.eye(width)


def separate(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Valley, gap and separation (see ``Split``) of two samples whose means should be 0 and 1."""
    places = np.linspace(0, 1, GRID)
    density = _density(first, places) + _density(second, places)
    left, right = int(density[: GRID // 2 + 1].argmax()), GRID // 2 + int(density[GRID // 2 :].argmax())
    peak = min(density[left], density[right])
    valley = float(density[left : right + 1].min() / peak) if peak > 0 else 0.0
    gap = float(np.quantile(second, 0.1) - np.quantile(first, 0.9))
    deviation = np.sqrt((first.var() + second.var()) / 2)
    return valley, gap, float((second.mean() - first.mean()) / max(deviation, 1e-12))


def _density(sample: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Of a normal kernel of Silverman's width (1986)."""
    width = 1.06 * max(float(sample.std()), 1e-3) * len(sample) ** -0.2
    kernel = np.exp(-0.5 * ((places[:, None] - sample[None, :]) / width) ** 2)
    return np.asarray(kernel.mean(1) / width)


def assign(scores: np.ndarray, walked: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """int (n,): groups of all images, of which those at places ``walked`` have ``labels``; others belong to
    the nearest mean, in standard deviations within groups."""
    rows = scores[:, :COMPONENTS]
    means, covariance = pooled(rows[walked], labels)
    turn = np.linalg.inv(np.linalg.cholesky(covariance)).T
    squares = (((rows @ turn)[:, None] - (means @ turn)[None]) ** 2).sum(2) if len(means) > 1 else None
    found = np.zeros(len(rows), np.int64) if squares is None else squares.argmin(1)
    found[walked] = labels
    return found


def resample(scores: np.ndarray, found: Groups, seed: int) -> tuple[tuple[Split, ...], Stability]:
    """The splits with their support, and how stable groups and images are, when only part of the images is
    there."""
    from scipy.cluster.hierarchy import linkage

    rng, n, k = np.random.default_rng(seed), len(scores), found.k
    size = min(max(2, int(PART * n)), LARGEST_PART)
    ks, apart = [], np.zeros(len(found.splits))
    alike, together, seen = np.zeros(k), np.zeros(n), np.zeros(n)
    for _ in range(ROUNDS):
        chosen = np.sort(rng.choice(n, size, replace=False))
        rows = scores[chosen]
        again = find_groups(linkage(rows[:, :TREE_COMPONENTS], "ward"), rows, seed).labels
        ks.append(int(again.max()) + 1)
        table = np.zeros((k, ks[-1]))
        np.add.at(table, (found.labels[chosen], again), 1)
        union = table.sum(1, keepdims=True) + table.sum(0, keepdims=True) - table
        alike += (table / union).max(1)
        best = (table / union).argmax(1)
        together[chosen] += best[found.labels[chosen]] == again
        seen[chosen] += 1
        whole = np.full(n, -1)
        whole[chosen] = again
        apart += [_apart(whole[left], whole[right]) >= APART for left, right in found.members]
    splits = tuple(
        replace(split, support=float(share))
        for split, share in zip(found.splits, apart / ROUNDS, strict=True)
    )
    with np.errstate(invalid="ignore"):
        return splits, Stability(tuple(ks), alike / ROUNDS, together / seen)


def _apart(left: np.ndarray, right: np.ndarray) -> float:
    """The share of pairs across two sides that are in different groups; 0 where a side is not there."""
    left, right = left[left >= 0], right[right >= 0]
    if not len(left) or not len(right):
        return 0.0
    width = int(max(left.max(), right.max())) + 1
    shares = (
        np.bincount(left, minlength=width) / len(left) * (np.bincount(right, minlength=width) / len(right))
    )
    return float(1 - shares.sum())
