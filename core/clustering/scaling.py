"""From which size on another way is taken, all in one place, and the words by which an answer says so.

Up to ``STREAM_FROM`` images nothing is approximate but k-means, which is a search at any size.
"""

FAST_TREE_FROM = 3_000  # images: the same tree, by fastcluster instead of SciPy
RACE_FROM = 5_000  # images: k-means tries its starts for a few rounds, and carries the best to the end
STREAM_FROM = 30_001  # images: features stay on disk; prototypes, mini-batches and samples stand for them all

PROTOTYPES = 2_000  # k-means centres that a tree is built over; no tree is cut into more groups
SAMPLE = 30_000  # rows that centres start from: all of them are in memory
UMAP_SAMPLE = 10_000  # images that UMAP lays out; the others are not on that map
DRAWN = 10_000  # points on a map; behind them lies the density of all


def is_streamed(n: int) -> bool:
    return n >= STREAM_FROM


def approximation_notes(n: int, method: str) -> tuple[str, ...]:
    """What is approximate about clusters of ``n`` images; nothing, in most cases."""
    if is_streamed(n):
        how = (
            f"mini-batches starting from centroids of {SAMPLE:,} images"
            if method == "kmeans"
            else f"the tree is built over {PROTOTYPES:,} k-means centroids, weighted by their number of "
            "images"
        )
        return (f"Approximate for {n:,} images: {how}.",)
    if method == "kmeans" and n >= RACE_FROM:
        return ("k-means ran 10 starts for a few iterations each, and only the best to convergence.",)
    return ()


# Seconds of a stage on two cores: at once, and an image (docs/scaling.md).
PACE = {"features": (0, 4e-5), "pca": (4, 3e-5), "prototypes": (13, 6e-5), "k-means": (6, 3e-5)}


def expected_seconds(stage: str, n: int) -> float:
    """About how long a stage of ``n`` images takes that nobody should wait for without a word."""
    at_once, each = PACE[stage]
    return at_once + each * n


def map_note(n: int, drawn: int, sampled: bool) -> str:
    """What a map of ``n`` images shows, of which so many are drawn; ``sampled``: only those were laid out."""
    if sampled:
        return f"A random sample of {drawn:,} of {n:,} images; the others are not on this map."
    return f"Points: a random sample of {drawn:,} of {n:,} images. Shading: density of all images."
