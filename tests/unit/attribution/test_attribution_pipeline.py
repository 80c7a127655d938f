"""The order of the stages, what is kept between runs, and what a stop or a kill can lose."""

import dataclasses
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.metrics import adjusted_rand_score

from core.attribution.pipeline import Pipeline
from core.config import ClusterSpec, FeatureSpec, K, PipelineConfig, ReduceSpec
from core.errors import BadChoice, Cancelled, DamagedData, WeightsMissing
from core.experiments import results_json
from core.extraction import embedder
from core.extraction.embedder import feature_key
from core.features import catalog
from core.features.descriptors import DESCRIPTORS
from core.images.library import Library
from core.inference import runtime
from core.inference.runtime import Effort
from core.progress import Listener, Meter, Step, silent
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import ROOT, generators, make_set, noise

SPECTRUM = catalog.spec("residual_spectrum", options={"bins": 16, "content": "power"})
HIERARCHICAL, KMEANS = "hierarchical", "kmeans"


def config(
    method: str = HIERARCHICAL, k: K = "known", pca: float | None = None, feature: FeatureSpec = SPECTRUM
) -> PipelineConfig:
    return PipelineConfig(feature, ReduceSpec(pca), ClusterSpec(method, k=k))


@pytest.fixture
def pipeline(store: Store, library: Library) -> Pipeline:
    return Pipeline(store, library, Effort(4, 2))


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each image that was embedded."""
    calls: list[str] = []
    for name, row in DESCRIPTORS:

        def describe(pixels: np.ndarray, options: object, name: str = name, real: Callable = row.describe):
            calls.append(name)
            return real(pixels, options)

        monkeypatch.setitem(DESCRIPTORS._rows, name, replace(row, describe=describe))
    return calls


# -- answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [HIERARCHICAL, KMEANS])
@pytest.mark.parametrize("pca", [None, 0.95])
@pytest.mark.parametrize("k", ["known", "silhouette", 3])
def test_three_textures_are_told_apart(
    pipeline: Pipeline, library: Library, method: str, pca: float | None, k: K
) -> None:
    """By construction: white noise, stripes and ramps, 6 each."""
    result = pipeline.attribute(make_set(library), config(method, k, pca))
    assert result.k == 3
    assert result.k_source == ("given" if k == 3 else k)
    assert result.agreement.scores["ari"].value == 1
    assert len({*zip(result.clusters.tolist(), np.repeat([0, 1, 2], 6).tolist(), strict=True)}) == 3
    assert result.clusters[result.files.index(min(result.files, key=lambda file: file.sha256))] == 0
    assert [file.label for file in result.files] == np.repeat(["rough", "striped", "smooth"], 6).tolist()
    assert (set(result.silhouette_by_k) == set(range(2, 11))) == (k == "silhouette")
    assert result.n_raw == 16
    assert result.n_features == 16 if pca is None else result.n_features < 16


@pytest.mark.parametrize("method", [HIERARCHICAL, KMEANS])
def test_names_order_and_labels_change_no_cluster(
    pipeline: Pipeline, library: Library, store: Store, method: str
) -> None:
    """White noise, so that clusters are close calls; a fresh store for each order."""
    image_set = make_set(library, "s", {"a": noise(20), "b": noise(10, seed=1)})
    first = pipeline.attribute(image_set, config(method, 4))
    order = np.random.default_rng(0).permutation(30)
    files = tuple(
        ImageFile(f"{i}.png", image_set.files[j].sha256, label="x" if i < 15 else "y")
        for i, j in enumerate(order)
    )
    for shuffled in (store, Store(store.folder / "fresh")):
        again = Pipeline(shuffled, library, Effort(7, 1))
        second = again.attribute(ImageSet("other", "flat", files), config(method, 4))
        assert adjusted_rand_score(first.clusters[order], second.clusters) == 1
    shuffled.close()


@pytest.mark.parametrize("method", [HIERARCHICAL, KMEANS])
def test_other_file_names_change_no_number(pipeline: Pipeline, library: Library, method: str) -> None:
    """White noise of three generators: an ARI near 0. The same pixels and labels come back under names
    that sort the other way round and shuffled: every score, interval, p-value and cluster number stays."""
    images = noise(36)
    image_set = make_set(library, "s", {"a": images[:18], "b": images[18:30], "c": images[30:]})
    first = pipeline.attribute(image_set, config(method, 4))
    assert first.agreement.scores["ari"].value < 0.5
    for order in (np.arange(36)[::-1], np.random.default_rng(1).permutation(36)):
        files = tuple(replace(image_set.files[old], name=f"{new:03}.png") for new, old in enumerate(order))
        second = pipeline.attribute(replace(image_set, name="renamed", files=files), config(method, 4))
        assert second.clusters.tolist() == first.clusters[order].tolist()
        assert second.agreement.as_json() == first.agreement.as_json()
        assert second.silhouette == first.silhouette


def test_only_generated_images_are_attributed(pipeline: Pipeline, library: Library) -> None:
    image_set = make_set(library)
    real = tuple(replace(file, role=Role.REAL_USED) for file in image_set.files[:6])
    result = pipeline.attribute(replace(image_set, files=real + image_set.files[6:]), config(k=2))
    assert len(result.files) == len(result.clusters) == 12


def test_unlabelled_images_are_grouped_and_never_scored(pipeline: Pipeline, library: Library) -> None:
    """k by splits, and a second run reads the same from the cache."""
    image_set = make_set(library)
    bare = replace(image_set, files=tuple(replace(file, label=None) for file in image_set.files))
    for _ in range(2):
        result = pipeline.attribute(bare, config())
        assert (result.k, result.k_source) == (3, "auto")
        assert (
            "No image has a generator label, so the number of generators was found by splits." in result.notes
        )
        assert result.agreement.scores["ari"].undefined == "no image has a generator label"


def test_one_generator_has_no_score(pipeline: Pipeline, library: Library) -> None:
    result = pipeline.attribute(make_set(library, "s", {"only": noise(5)}), config())
    assert (result.k, result.agreement.scores["ari"].value) == (1, None)
    assert "one generator, only" in str(result.agreement.scores["ari"].undefined)
    assert result.silhouette.undefined


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_group(pipeline: Pipeline, library: Library, count: int) -> None:
    with pytest.raises(BadChoice, match=f"has {count} generated image"):
        pipeline.attribute(make_set(library, "s", {"g": noise(count)}), config())


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (config(k=7), "this data set has 6 images"),
        (config(k=2), "only 1 of the 6 images"),
        (config(KMEANS, k=2), "only 1 of the 6 images"),
        (config(k=1, pca=0.95), "Choose PCA: none"),
        (config(k="silhouette"), "Only 1 of the 6 images differ"),
    ],
)
def test_identical_images_get_a_clear_sentence(
    pipeline: Pipeline, library: Library, choice: PipelineConfig, reason: str
) -> None:
    image_set = make_set(library, "s", {"a": noise(1) * 3, "b": noise(1) * 3})
    with pytest.raises(BadChoice, match=reason):
        pipeline.attribute(image_set, choice)


@pytest.mark.parametrize("method", [HIERARCHICAL, KMEANS])
def test_auto_goes_no_further_than_the_distinct_images(
    pipeline: Pipeline, library: Library, method: str
) -> None:
    """12 images, 4 of each of 3 kinds that are exact copies: 3 groups, and no k beyond 3 makes sense."""
    image_set = make_set(library, "s", {name: [group[0]] * 4 for name, group in generators(1).items()})
    result = pipeline.attribute(image_set, config(method, "silhouette"))
    assert set(result.silhouette_by_k) <= {2, 3}
    assert result.k in (2, 3)


@pytest.mark.parametrize("pca", [None, 0.9])
@pytest.mark.parametrize("method", [HIERARCHICAL, KMEANS])
def test_a_collapsed_generator_is_cut_into_its_distinct_images_at_most(
    pipeline: Pipeline, library: Library, method: str, pca: float | None
) -> None:
    """24 images, 8 of them distinct, whatever rounding makes of equal rows in a PCA."""
    images = noise(8)
    image_set = make_set(library, "s", {"a": images[:4] * 3, "b": images[4:] * 3})
    result = pipeline.attribute(image_set, config(method, 8, pca))
    clusters = {(file.sha256, cluster) for file, cluster in zip(result.files, result.clusters, strict=True)}
    assert len(clusters) == len(set(result.clusters.tolist())) == 8
    with pytest.raises(BadChoice, match=r"only 8 of the 24 images .* Choose k up to 8"):
        pipeline.attribute(image_set, config(method, 9, pca))
    assert set(pipeline.attribute(image_set, config(method, "silhouette", pca)).silhouette_by_k) == set(
        range(2, 9)
    )


@pytest.mark.parametrize("copies", [1, 5])
def test_copies_count_once_in_intervals_and_p(pipeline: Pipeline, library: Library, copies: int) -> None:
    """White noise of two generators, in two clusters: five copies of each image are five times the images
    and no more evidence. ARI itself is of all images, so the copies move it, but not p."""
    images = noise(12, seed=4)
    once = make_set(library, "once", {"a": images[:6], "b": images[6:]})
    again = make_set(library, f"x{copies}", {"a": images[:6] * copies, "b": images[6:] * copies})
    first, second = (pipeline.attribute(each, config(k=2)) for each in (once, again))
    assert second.agreement.p_value == first.agreement.p_value
    assert second.agreement.chance_95 == first.agreement.chance_95
    for name in ("ari", "nmi", "accuracy"):
        was, now = first.agreement.scores[name], second.agreement.scores[name]
        assert (now.low, now.high, now.chance) == (was.low, was.high, was.chance)
    said = [note for note in second.notes if "told apart" in note]
    assert len(said) == (copies > 1)
    if copies > 1:
        assert said[0].startswith("Only 12 of the 60 labelled images can be told apart")
        assert results_json.attribution_json(second)["n_distinct"] == 12


def test_a_generator_of_single_greys_tells_nothing(pipeline: Pipeline, library: Library) -> None:
    """What a float NIfTI of 0 to 1 becomes in a window of Hounsfield units: every slice one grey, apart from
    all others. Clusters are perfect, and no evidence: neither of equal greys nor of several."""
    for name, greys in (("equal", [230] * 12), ("several", [10 * i for i in range(12)])):
        flat = [np.full((32, 32), grey, np.uint8) for grey in greys]
        result = pipeline.attribute(make_set(library, name, {"a": noise(12), "scan": flat}), config())
        assert {score.value for score in result.agreement.scores.values()} == {None}
        assert result.agreement.p_value is None
        reason = str(result.agreement.scores["ari"].undefined)
        assert reason.startswith("nothing can be told from images of a single grey level: all 12 images")


def test_a_generator_of_copies_tells_nothing(pipeline: Pipeline, library: Library) -> None:
    image_set = make_set(library, "s", {"a": noise(12), "b": noise(1, seed=3) * 12})
    result = pipeline.attribute(image_set, config())
    assert "nothing can be told from copies: all 12 images of generator b" in str(
        result.agreement.scores["ari"].undefined
    )


def test_a_wrong_choice_is_refused_before_anything_is_computed(
    pipeline: Pipeline, library: Library, described: list[str]
) -> None:
    bad = PipelineConfig(SPECTRUM, cluster=ClusterSpec(linkage="ward", metric="cosine"))
    with pytest.raises(BadChoice, match="ward linkage is euclidean"):
        pipeline.attribute(make_set(library), bad)
    assert described == []


def test_damaged_pixels_stop_the_run(pipeline: Pipeline, library: Library) -> None:
    image_set = make_set(library)
    path = library._image(image_set.files[3].sha256)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DamagedData):
        pipeline.attribute(image_set, config())


def test_weights_that_are_not_there_say_what_to_do(pipeline: Pipeline, library: Library) -> None:
    with pytest.raises(WeightsMissing, match="ResNet50 needs its ImageNet weights"):
        pipeline.attribute(make_set(library), config(feature=catalog.spec("resnet50")))


def test_bf16_falls_back_with_a_note_where_there_is_none(
    pipeline: Pipeline, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = config(feature=catalog.spec(precision="bf16"))
    monkeypatch.setattr(runtime, "has_bf16", lambda: False)
    ran, notes = pipeline.effective(asked)
    assert ran == config(feature=catalog.spec())
    assert "features were computed in fp32" in notes[0]
    monkeypatch.setattr(runtime, "has_bf16", lambda: True)
    assert pipeline.effective(asked) == (asked, [])


# -- what is kept ------------------------------------------------------------------------------------


def test_another_pca_clustering_or_k_embeds_nothing(
    pipeline: Pipeline, library: Library, described: list[str]
) -> None:
    """18 distinct images are embedded once, whatever is asked for afterwards."""
    image_set = make_set(library)
    assert not pipeline.attribute(image_set, config()).cached
    for method, pca, k in itertools.product((HIERARCHICAL, KMEANS), (None, 0.9), ("auto", 2)):
        assert pipeline.attribute(image_set, config(method, k, pca)).cached
    assert len(described) == 18
    pipeline.attribute(image_set, config(feature=catalog.spec("residual_spectrum", options={"bins": 8})))
    assert len(described) == 36


def test_the_same_again_computes_nothing_and_gives_the_same(pipeline: Pipeline, library: Library) -> None:
    image_set = make_set(library)
    first, second = (pipeline.attribute(image_set, config(pca=0.9)) for _ in range(2))
    assert not first.stages["tree"].cached
    assert all(stage.cached for stage in second.stages.values())
    assert np.array_equal(first.clusters, second.clusters)
    assert first.agreement.scores == second.agreement.scores
    assert first.silhouette == second.silhouette
    assert second.seconds < 1


def test_an_image_in_two_sets_is_embedded_once(
    pipeline: Pipeline, library: Library, described: list[str]
) -> None:
    """10 and 10 images, 4 of them shared: 16."""
    images = noise(16)
    pipeline.attribute(make_set(library, "one", {"a": images[:5], "b": images[5:10]}), config())
    pipeline.attribute(make_set(library, "two", {"a": images[6:11], "b": images[11:]}), config())
    assert len(described) == 16


def test_copies_within_a_set_are_embedded_once(
    pipeline: Pipeline, library: Library, described: list[str]
) -> None:
    one, two, three = noise(3)
    result = pipeline.attribute(make_set(library, "s", {"a": [one, one, two], "b": [three]}), config(k=3))
    assert len(described) == 3
    first, copy, *others = result.clusters.tolist()
    assert first == copy
    assert sorted({first, *others}) == [0, 1, 2]


def test_a_damaged_batch_is_embedded_again_and_the_others_are_not(
    pipeline: Pipeline, library: Library, store: Store, described: list[str]
) -> None:
    """18 images in batches of 4: one batch lost is 4 more."""
    image_set = make_set(library)
    first = pipeline.attribute(image_set, config(pca=0.9))
    batch = next(path for path in (store.folder / "arrays").rglob("*.safetensors") if _rows_in(path) == 4)
    batch.write_bytes(batch.read_bytes()[:-1])
    assert store.verify().damaged == 1
    second = pipeline.attribute(image_set, config(KMEANS, pca=0.9))
    assert not second.cached
    assert len(described) == 22
    assert np.array_equal(first.clusters, second.clusters)


def _rows_in(path: Path) -> int:
    arrays = load_file(path)
    return len(arrays["rows"]) if "rows" in arrays else 0


def test_plan_tells_what_is_missing(pipeline: Pipeline, library: Library, described: list[str]) -> None:
    """18 images; 10 of them embedded by way of another set; then all."""
    image_set = make_set(library)
    assert (pipeline.plan(image_set, config()).images, pipeline.plan(image_set, config()).missing) == (18, 18)
    assert described == []
    part = ImageSet("part", "flat", image_set.files[:10])
    pipeline.attribute(part, config(k=2))
    plan = pipeline.plan(image_set, config())
    assert plan.missing == 8
    assert plan.seconds > 0
    pipeline.attribute(image_set, config())
    assert pipeline.plan(image_set, config()) == replace(plan, missing=0, seconds=0)


def test_maps_and_trees_are_in_the_order_they_say(pipeline: Pipeline, library: Library) -> None:
    """The PCA map of a file is the same in whatever order the files stand."""
    image_set = make_set(library)
    points = pipeline.map(image_set, config(), "pca")
    backwards = replace(image_set, files=image_set.files[::-1])
    assert points.shape == (18, 2)
    assert np.array_equal(pipeline.map(backwards, config(), "pca"), points[::-1])
    assert pipeline.has_map(image_set, config(), "pca")
    assert not pipeline.has_map(image_set, config(), "umap")
    assert pipeline.tree(image_set, config()).shape == (17, 4)
    with pytest.raises(BadChoice, match="pca, umap; got 'tsne'"):
        pipeline.map(image_set, config(), "tsne")


def test_maps_of_one_component_and_of_equal_images(pipeline: Pipeline, library: Library) -> None:
    """Grey ramps that differ in brightness alone are on a line; equal images are one point, or a sentence."""
    pixels = catalog.spec("pixels", options={"side": 4})
    greys = [np.full((32, 32), 40 + 5 * i, np.uint8) for i in range(12)]
    ramps = make_set(library, "ramps", {"a": greys[:6], "b": greys[6:]})
    one = config(pca=0.5, feature=pixels)
    assert pipeline.attribute(ramps, one).n_features == 1
    for kind in ("pca", "umap"):
        points = pipeline.map(ramps, one, kind)
        assert points.shape == (12, 2)
        assert np.isfinite(points).all()
    equal = make_set(library, "equal", {"a": noise(1) * 6})
    assert (pipeline.map(equal, config(k=1, feature=pixels), "pca") == 0).all()
    with pytest.raises(BadChoice, match="All images have the same features"):
        pipeline.map(equal, config(k=1, feature=pixels), "umap")


# -- a stop and a kill -------------------------------------------------------------------------------


def stop_after(batches: int) -> Listener:
    """A listener that is told of each batch and cancels at the given one."""
    told = itertools.count(1)

    def listen(step: Step) -> None:
        if step.stage.startswith("features") and next(told) == batches:
            raise Cancelled

    return listen


def test_a_cancelled_extraction_keeps_its_batches(
    store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 images in batches of 4, stopped when told of the third: 12 are kept, the next run embeds 28."""
    monkeypatch.setattr(embedder, "Meter", _telling_meter)
    image_set = make_set(library, "s", {"a": noise(20), "b": noise(20, seed=1)})
    with pytest.raises(Cancelled, match="Completed steps are kept"):
        Pipeline(store, library, Effort(4, 2), stop_after(3)).attribute(image_set, config())
    ids = [file.sha256 for file in image_set.files]
    assert store.count_rows(feature_key(SPECTRUM), ids) == 12
    steps: list[Step] = []
    Pipeline(store, library, Effort(4, 2), steps.append).attribute(image_set, config())
    (total,) = {step.total for step in steps if step.stage.startswith("features")}
    assert total == 28


def _telling_meter(stage: str, total: int, listener: Listener = silent) -> object:
    """A Meter that holds nothing back, so that the test does not depend on the clock."""
    return Meter(stage, total, listener, per_second=1e9)


SLOW = catalog.spec("residual_spectrum", size=512)


def _until(done: Callable[[], bool], process: subprocess.Popen, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline, "no batch was stored in time"
        os.sched_yield()


def test_a_kill_loses_no_batch_that_was_stored(store: Store, library: Library, home: object) -> None:
    """The command line, killed with SIGKILL as soon as 4 of 32 images are seen in the store."""
    image_set = make_set(library, "s", {"a": noise(16, 16), "b": noise(16, 16, seed=1)})
    ids: Sequence[str] = [file.sha256 for file in image_set.files]
    space = feature_key(SLOW)
    choices = {"--backbone": "residual_spectrum", "--size": "512", "--batch": "2", "--threads": "1"}
    command = ["-m", "core", "attribute", "s", *itertools.chain(*choices.items())]
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until(lambda: store.count_rows(space, ids) >= 4, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    kept = store.count_rows(space, ids)
    assert 4 <= kept < 32
    assert kept % 2 == 0
    assert store.verify().damaged == 0
    steps: list[Step] = []
    result = Pipeline(store, library, Effort(16, 2), steps.append).attribute(image_set, config(feature=SLOW))
    assert {step.total for step in steps if step.stage.startswith("features")} == {32 - kept}
    whole = Pipeline(Store(store.folder / "fresh"), library).attribute(image_set, config(feature=SLOW))
    assert np.array_equal(result.clusters, whole.clusters)


# -- keys --------------------------------------------------------------------------------------------


def test_everything_in_a_feature_spec_is_in_its_key() -> None:
    """Each field changed alone gives another key."""
    base = catalog.spec()
    changes = {"size": 64, "options": (("x", 1),)}
    others = [
        replace(base, **{field.name: changes.get(field.name, "other")}) for field in dataclasses.fields(base)
    ]
    assert len({feature_key(spec) for spec in [base, *others]}) == len(others) + 1
