"""Sets larger than memory, at a size that tests afford: the same code with its bounds drawn in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.attribution.pipeline import Attribution, Pipeline
from core.clustering import methods, projection, prototypes, scaling
from core.config import ClusterSpec, FeatureSpec, PipelineConfig, ReduceSpec
from core.errors import BadChoice, StoreFull
from core.experiments import results_json
from core.extraction.embedder import feature_key
from core.hashing import key
from core.images.library import Library
from core.numeric.blocks import Matrix, blocks
from core.numeric.distances import condensed_distances
from core.store import Store
from core.types import ImageFile, ImageSet

SPEC = FeatureSpec("pixels", "none", 8, "none", "none", "fp32", (("side", 8),))
IMAGES, GROUPS = 1500, 4


def rows(n: int = IMAGES, width: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and float32 rows of groups that overlap a little."""
    rng = np.random.default_rng(seed)
    label = rng.integers(GROUPS, size=n)
    made = 1.5 * rng.normal(size=(GROUPS, width))[label] + rng.normal(size=(n, width))
    return label, (made / np.sqrt(1 + np.arange(width))).astype(np.float32)


@pytest.mark.parametrize("linkage", list(methods.METRICS))
def test_the_weighted_tree_is_the_exact_one_where_all_weigh_one(linkage: str) -> None:
    """200 rows of their own: the tree over prototypes is SciPy's, merge by merge, heights to 1e-9."""
    _, made = rows(200)
    merges = prototypes.tree(np.arange(200), made, linkage, "euclidean")
    expected = methods.linkage_tree(made, linkage, "euclidean")
    assert np.array_equal(merges[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    assert np.abs(merges[:, 2] - expected[:, 2]).max() < 1e-9 * expected[:, 2].max()


@pytest.mark.parametrize("linkage", ["ward", "average"])
def test_weights_are_what_copies_would_do(linkage: str) -> None:
    """30 places with 1 to 5 copies each: the tree over the places, weighted, ends in the very merges that the
    exact tree of all copies ends in, and cuts them into the same groups."""
    rng = np.random.default_rng(1)
    places, labels = rng.normal(size=(30, 5)), np.repeat(np.arange(30), rng.integers(1, 6, 30))
    merges = prototypes.tree(labels, places, linkage, "euclidean")
    expected = methods.linkage_tree(places[labels], linkage, "euclidean")
    assert merges.shape == expected.shape
    assert np.allclose(merges[-29:, 2:], expected[-29:, 2:], atol=1e-6)
    for k in (1, 2, 7, 30):
        assert np.array_equal(methods.cut_tree(merges, k), methods.cut_tree(expected, k))


def test_the_matrix_is_read_as_an_array_is(store: Store) -> None:
    _, made = rows(700)
    store.put_matrix("ab" * 32, made.shape, (block for _, block in blocks(made, 100)), "features")
    found = store.matrix("ab" * 32)
    assert isinstance(found, Matrix)
    assert np.array_equal(found[:], made)
    assert np.array_equal(found[690:900], made[690:])
    assert np.array_equal(found[np.array([5, 0, 699])], made[[5, 0, 699]])
    for part in (slice(None, None, 2), slice(600, 10, -7), made[:, 0] > 0, np.array([-1, 3])):
        assert np.array_equal(found[part], made[part])
    with pytest.raises(IndexError):
        found[np.array([700])]
    assert store.get("ab" * 32) is not None  # a safetensors file like the others
    assert store.verify().damaged == 0


def test_a_damaged_matrix_counts_as_absent(store: Store, tmp_path: Path) -> None:
    """A byte is changed behind the store's back; another process, which has not checked it yet, notices."""
    _, made = rows(50)
    store.put_matrix("cd" * 32, made.shape, [made], "features")
    found = store.matrix("cd" * 32)
    assert found is not None
    data = bytearray(found.path.read_bytes())
    data[-1] ^= 1
    found.path.write_bytes(data)
    other = Store(store.folder)
    assert other.matrix("cd" * 32) is None
    assert store.stats()["quarantined"] == 1
    other.close()


def test_a_matrix_is_not_evicted_while_it_is_read(store: Store) -> None:
    """Another process needs the room: what is read stays, and goes when nobody reads it any more. Even a
    cache that is cleared leaves the reader its file."""
    _, made = rows(100)
    store.put_matrix("ab" * 32, made.shape, [made], "features")
    found = store.matrix("ab" * 32)
    other = Store(store.folder, quota=made.nbytes + 2000)
    with pytest.raises(StoreFull):
        other.put("cd" * 32, {"rows": made[:50]})
    assert other.has("ab" * 32)
    assert found is not None
    assert np.array_equal(found[:], made)
    del found
    other.put("cd" * 32, {"rows": made[:50]})
    assert not other.has("ab" * 32)
    assert store.matrix("ab" * 32) is None
    store.put_matrix("ef" * 32, (50, made.shape[1]), [made[:50]], "features")
    kept = store.matrix("ef" * 32)
    other.clear()
    assert kept is not None
    assert np.array_equal(kept[np.array([7])], made[[7]])
    other.close()


def test_rows_that_do_not_come_leave_no_file(store: Store) -> None:
    _, made = rows(50)
    with pytest.raises(ValueError, match="bytes of rows received"):
        store.put_matrix("ef" * 32, (60, 64), [made], "features")
    assert store.matrix("ef" * 32) is None
    assert store.verify().leftovers == 0
    assert store.stats()["bytes"] == 0


@pytest.fixture
def filled(store: Store, library: Library) -> tuple[Pipeline, ImageSet]:
    """A set whose features are in the store, as an extraction leaves them."""
    label, made = rows()
    ids = [key("streaming", i) for i in range(IMAGES)]
    for first in range(0, IMAGES, 100):
        store.put_rows(feature_key(SPEC), ids[first : first + 100], made[first : first + 100])
    files = tuple(ImageFile(f"{i}.png", ids[i], label=f"g{label[i]}") for i in range(IMAGES))
    return Pipeline(store, library), ImageSet("large", "flat", files)


@pytest.fixture
def drawn_in() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling, "STREAM_FROM", 1000)
        patch.setattr(scaling, "PROTOTYPES", 150)
        patch.setattr(scaling, "SAMPLE", 600)
        patch.setattr(scaling, "UMAP_SAMPLE", 100)
        yield patch


CONFIGS = {
    "ward": PipelineConfig(SPEC),
    "ward of a PCA": PipelineConfig(SPEC, ReduceSpec(0.95)),
    "average, cosine": PipelineConfig(SPEC, cluster=ClusterSpec(linkage="average", metric="cosine")),
    "k-means": PipelineConfig(SPEC, cluster=ClusterSpec("kmeans")),
    "k-means of a PCA": PipelineConfig(SPEC, ReduceSpec(0.95), ClusterSpec("kmeans", k="silhouette")),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_large_set_gets_nearly_the_clusters_of_a_small_one(
    name: str, filled: tuple[Pipeline, ImageSet]
) -> None:
    """ARI of the approximate clusters with the exact ones: 1,500 images, a tenth as many prototypes. And
    how the answer says it; the exact answer says nothing of the kind."""
    pipeline, image_set = filled
    exact = pipeline.attribute(image_set, CONFIGS[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling, "STREAM_FROM", 1000)
        patch.setattr(scaling, "PROTOTYPES", 150)
        patch.setattr(scaling, "SAMPLE", 600)
        large = pipeline.attribute(image_set, CONFIGS[name])
        again = pipeline.attribute(image_set, CONFIGS[name])
    agreement = adjusted_rand_score(exact.clusters, large.clusters)
    print(f"{name}: ARI of the approximate clusters with the exact ones {agreement:.3f}")
    assert agreement > 0.8
    assert (large.n_features, large.k) == (exact.n_features, exact.k)
    assert np.array_equal(large.clusters, again.clusters)
    assert not exact.approximate
    assert large.approximate[0].startswith("Approximate for 1,500 images")
    assert large.approximate[0] in large.notes
    assert results_json.result_json(large)["approximate"] == list(large.approximate)
    assert "approximate" not in results_json.result_json(exact)


def test_copies_of_a_large_set_count_once(
    filled: tuple[Pipeline, ImageSet], drawn_in: pytest.MonkeyPatch
) -> None:
    """Known by their pixels: 1,500 images and 300 of them again."""
    pipeline, image_set = filled
    again = tuple(replace(file, name=f"again {file.name}") for file in image_set.files[:300])
    once = pipeline.attribute(image_set, CONFIGS["ward"]).agreement
    more = pipeline.attribute(replace(image_set, files=image_set.files + again), CONFIGS["ward"]).agreement
    assert (once.n_distinct, int(once.table.sum())) == (1500, 1500)
    assert (more.n_distinct, int(more.table.sum())) == (1500, 1800)


def test_maps_of_a_large_set(filled: tuple[Pipeline, ImageSet], drawn_in: pytest.MonkeyPatch) -> None:
    """The components are those of the exact PCA to float32; UMAP lays out its sample, and no other."""
    pipeline, image_set = filled
    large = pipeline.map(image_set, CONFIGS["ward of a PCA"], "pca")
    drawn_in.setattr(scaling, "STREAM_FROM", 10_000)
    exact = pipeline.map(image_set, CONFIGS["ward of a PCA"], "pca")
    assert np.abs(large - exact).max() < 1e-5
    drawn_in.setattr(scaling, "STREAM_FROM", 1000)
    drawn_in.setattr(
        projection, "umap_map", lambda chosen, seed: chosen[:, :2]
    )  # which takes its time to compile
    laid = pipeline.map(image_set, CONFIGS["ward of a PCA"], "umap")
    assert np.isfinite(laid).all(1).sum() == 100


@pytest.mark.parametrize(
    ("method", "k"), [("hierarchical", "silhouette"), ("hierarchical", "auto"), ("kmeans", "known")]
)
def test_a_large_set_tells_what_it_waits_for(
    method: str, k: str, filled: tuple[Pipeline, ImageSet], drawn_in: pytest.MonkeyPatch
) -> None:
    """Seconds before anything is there, none once the answer and the map are; of a tree another k is a cut,
    k-means begins anew. A small set waits for nothing, since its stages are short."""
    pipeline, image_set = filled
    drawn_in.setattr(scaling, "PROTOTYPES", 20)
    config = PipelineConfig(SPEC, cluster=ClusterSpec(method, k=k))
    assert pipeline.wait(image_set, config) > 4  # what PCA alone takes at once
    pipeline.attribute(image_set, config)
    pipeline.map(image_set, config, "pca")
    assert pipeline.wait(image_set, config) == 0
    more = replace(config, cluster=replace(config.cluster, k=12))  # beyond what "silhouette" has tried
    assert (pipeline.wait(image_set, more) > 0) == (method == "kmeans")
    drawn_in.setattr(scaling, "STREAM_FROM", 10_000)
    assert pipeline.wait(image_set, more) == 0


def test_the_tree_over_prototypes_is_made_once(
    filled: tuple[Pipeline, ImageSet], drawn_in: pytest.MonkeyPatch
) -> None:
    """Two cuts and a look at the tree: all of the one that was made first."""
    pipeline, image_set = filled
    drawn_in.setattr(scaling, "PROTOTYPES", 20)
    made = []
    grow = prototypes.weighted_linkage
    drawn_in.setattr(prototypes, "weighted_linkage", lambda *parts: made.append(1) or grow(*parts))
    for k in (3, 5):
        pipeline.attribute(image_set, PipelineConfig(SPEC, cluster=ClusterSpec(k=k)))
    assert pipeline.tree(image_set, PipelineConfig(SPEC)).shape == (IMAGES - 1, 4)
    assert made == [1]


def test_more_groups_than_prototypes_is_one_sentence(
    filled: tuple[Pipeline, ImageSet], drawn_in: pytest.MonkeyPatch
) -> None:
    pipeline, image_set = filled
    with pytest.raises(BadChoice, match="cut into at most 150 clusters; got 200"):
        pipeline.attribute(image_set, PipelineConfig(SPEC, cluster=ClusterSpec(k=200)))


def test_distances_of_directions_are_cosines() -> None:
    """What prototypes by cosine rely on: between rows of length 1 the squared distance is 2 (1 - cosine)."""
    _, made = rows(40)
    unit = made / np.linalg.norm(made, axis=1, keepdims=True)
    assert np.allclose(
        condensed_distances(unit, "euclidean") ** 2, 2 * condensed_distances(made, "cosine"), atol=1e-5
    )


def test_an_attribution_knows_what_is_approximate() -> None:
    """Below the bounds nothing is said; k-means says from 5,000 images on how it searched."""
    assert (
        scaling.approximation_notes(4999, "kmeans")
        == scaling.approximation_notes(30_000, "hierarchical")
        == ()
    )
    assert "10 starts" in scaling.approximation_notes(5000, "kmeans")[0]
    assert "2,000 k-means centroids" in scaling.approximation_notes(30_001, "hierarchical")[0]
    assert Attribution.__dataclass_fields__["approximate"].default == ()
