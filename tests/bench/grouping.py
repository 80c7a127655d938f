"""``python -m tests.bench.grouping [N ...]``: PCA, trees, k-means beside scikit-learn's and faiss's.

Random stand-ins of 1,280 numbers. Every turn is a process of its own, whose peak is its own; the contestants
of a size take turns.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from tests.bench.rounds import peak_mb

WIDTH, GROUPS = 1280, 5
SIZES, LARGEST = (1_000, 3_000, 10_000, 30_000), 30_000
KS = (2, 3, 5, 8, 10, 20, 50, 100)  # of our one tree; scikit-learn clusters anew for each k, here once
TASKS: dict[str, tuple[str, ...]] = {
    "PCA": ("ours", "scikit-learn"),
    "tree, Ward": ("ours", "scikit-learn"),
    "tree, average": ("ours", "scikit-learn"),
    "k-means, k = 5": ("ours", "scikit-learn", "faiss"),
    "k-means, k = 20": ("ours", "scikit-learn", "faiss"),
    "k-means, k = 100": ("ours", "scikit-learn", "faiss"),
}
# A tree of scikit-learn over 30,000 takes minutes: one of the two has to do.
TOO_LONG = {("tree, average", "scikit-learn")}

Found = dict[str, dict[str, dict[int, dict[str, float]]]]  # by task, contestant and n


def rows(n: int) -> np.ndarray:
    """float32, five overlapping groups, the spectrum falling off as real features' does."""
    rng = np.random.default_rng(0)
    label = rng.integers(GROUPS, size=n)
    made = 0.3 * rng.normal(size=(GROUPS, WIDTH))[label] + rng.normal(size=(n, WIDTH))
    return (made / np.sqrt(1 + np.arange(WIDTH))).astype(np.float32)


def measure(rounds: int = 3, sizes: tuple[int, ...] = SIZES) -> Found:
    """Seconds (median, lowest, highest), peak in MB and, of k-means, the inertia."""
    found: Found = {}
    for n in sizes:
        for task, contestants in TASKS.items():
            taking = [who for who in contestants if n < LARGEST or (task, who) not in TOO_LONG]
            turns: dict[str, list[dict[str, float]]] = {who: [] for who in taking}
            for number in range(rounds if n < LARGEST else 1):
                for who in taking[:: 1 if number % 2 == 0 else -1]:
                    turns[who].append(_turn(task, who, n))
            for who, took in turns.items():
                seconds = [turn["seconds"] for turn in took]
                told = {"seconds": median(seconds), "low": min(seconds), "high": max(seconds)}
                told |= {"peak_mb": max(turn["peak_mb"] for turn in took)}
                told |= {"inertia": took[0]["inertia"]} if "inertia" in took[0] else {}
                found.setdefault(task, {}).setdefault(who, {})[n] = told
            print(f"{n} {task}: {json.dumps({who: found[task][who][n] for who in taking})}", file=sys.stderr)
    return found


def exponent(by_n: dict[int, dict[str, float]]) -> float | None:
    """The slope of log seconds over log n."""
    if len(by_n) < 2:
        return None
    n, seconds = np.log([(n, told["seconds"]) for n, told in by_n.items()]).T
    return float(np.polyfit(n, seconds, 1)[0])


def markdown(found: Found) -> list[str]:
    """Rows of a table, ratios first."""
    lines = [
        "| | n | times as fast as scikit-learn (faiss) | ours, s (lowest to highest) | MB | theirs, s | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, by_who in found.items():
        for n, ours in by_who["ours"].items():
            theirs = by_who["scikit-learn"].get(n)
            ratio = f"{theirs['seconds'] / ours['seconds']:.1f}" if theirs else "not run"
            if n in by_who.get("faiss", {}):
                other = by_who["faiss"][n]
                worse = other["inertia"] / ours["inertia"] - 1
                ratio += f" ({other['seconds'] / ours['seconds']:.1f}; its inertia {worse:+.2%})"
            own = f"{ours['seconds']:.2f} ({ours['low']:.2f} to {ours['high']:.2f}) | {ours['peak_mb']:.0f}"
            other_s = f"{theirs['seconds']:.2f} | {theirs['peak_mb']:.0f}" if theirs else "- | -"
            lines.append(f"| {task} | {n:,} | {ratio} | {own} | {other_s} |")
    grown = [f"{task}: {_growth(by_who)}" for task, by_who in found.items()]
    told = f"Trees: ours with its cuts at {len(KS)} k, scikit-learn's one clustering, which has one k."
    return [*lines, "", told, "Growth: " + "; ".join(grown) + "."]


def _growth(by_who: dict[str, dict[int, dict[str, float]]]) -> str:
    slopes = {who: exponent(by_n) for who, by_n in by_who.items()}
    return ", ".join(f"{who} n^{slope:.1f}" for who, slope in slopes.items() if slope is not None)


def _turn(task: str, who: str, n: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.grouping", "--turn", task, who, str(n)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _work(task: str, who: str, made: np.ndarray) -> Callable[[], np.ndarray | None]:
    """What is timed; libraries are imported before."""
    import sklearn.cluster
    import sklearn.decomposition

    from core.clustering import methods, pca

    kind, _, rest = task.partition(", ")
    if kind == "PCA":
        if who == "ours":
            return lambda: pca.decompose(made)["ratio"]
        return lambda: sklearn.decomposition.PCA(svd_solver="full").fit_transform(made)
    if kind == "tree":
        import fastcluster  # noqa: F401

        if who == "ours":
            return lambda: _cut(methods.linkage_tree(made, rest.lower(), "euclidean"))
        agglomerative = sklearn.cluster.AgglomerativeClustering(GROUPS, linkage=rest.lower())
        return lambda: agglomerative.fit_predict(made)
    k = int(rest.removeprefix("k = "))
    if who == "ours":
        return lambda: methods.kmeans(made, k, 0)
    if who == "scikit-learn":
        return lambda: sklearn.cluster.KMeans(k, n_init=10, random_state=0).fit_predict(made)
    return lambda: _faiss(made, k)


def _cut(merges: np.ndarray) -> None:
    from core.clustering import methods

    for k in KS:
        methods.cut_tree(merges, k)


def _faiss(made: np.ndarray, k: int) -> np.ndarray:
    import faiss

    model = faiss.Kmeans(WIDTH, k, niter=25, nredo=10, seed=1, max_points_per_centroid=10**9)
    model.train(made)
    return model.index.search(made, 1)[1][:, 0]


def _inertia(made: np.ndarray, labels: np.ndarray) -> float:
    groups = (made[labels == label].astype(np.float64) for label in np.unique(labels))
    return float(sum(((group - group.mean(0)) ** 2).sum() for group in groups))


def main() -> int:
    if sys.argv[1:2] == ["--turn"]:
        task, who, n = sys.argv[2:5]
        made = rows(int(n))
        work = _work(task, who, made)
        with threadpool_limits(1 if who == "ours" else None):  # as a stage runs
            start = time.perf_counter()
            labels = work()
            facts = {"seconds": round(time.perf_counter() - start, 3)}
        facts["peak_mb"] = peak_mb()
        if task.startswith("k-means") and labels is not None:
            facts["inertia"] = _inertia(made, labels)
        print(json.dumps(facts))
        return 0
    parser = argparse.ArgumentParser(prog="python -m tests.bench.grouping", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("\n".join(markdown(measure(arguments.rounds, tuple(arguments.sizes)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
