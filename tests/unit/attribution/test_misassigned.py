"""Misplaced images and their neighbours, on sets whose confusions are planted."""

from dataclasses import replace

import numpy as np
import pytest

from core.attribution import misassigned
from core.attribution.pipeline import Attribution, Pipeline
from core.config import ClusterSpec, PipelineConfig
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.store import Store
from core.types import ImageSet
from tests.support.samples import generators, make_set


@pytest.fixture
def pipeline(store: Store, library: Library) -> Pipeline:
    return Pipeline(store, library, Effort(8, 2))


def attributed(pipeline: Pipeline, image_set: ImageSet, **cluster: object) -> Attribution:
    spec = catalog.spec("pixels", options={"side": 8})
    return pipeline.attribute(image_set, PipelineConfig(spec, cluster=ClusterSpec(**cluster)))  # type: ignore[arg-type]


def bright_and_dark(library: Library, strays: int) -> ImageSet:
    """Two generators, of dark and of bright images; ``strays`` that are called dark are bright.

    Image i of either is flat but for noise, at 40 + i or 200 + i; stray i is a noisy copy of bright image i.
    """
    rng = np.random.default_rng(0)

    def flat(level: int) -> np.ndarray:
        return np.clip(level + rng.normal(0, 0.3, (16, 16)), 0, 255).round().astype(np.uint8)

    dark = [flat(200 + 4 * i) for i in range(strays)] + [flat(40 + 4 * i) for i in range(8)]
    return make_set(library, images={"bright": [flat(200 + 4 * i) for i in range(8)], "dark": dark})


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_stray_stands_beside_the_image_that_it_resembles(
    metric: str, pipeline: Pipeline, library: Library
) -> None:
    """By cosine flat images are all alike: there it only has to hold that pairs join the right sides."""
    linkage = "ward" if metric == "euclidean" else "average"
    answer = attributed(pipeline, bright_and_dark(library, 2), linkage=linkage, metric=metric, k=2)
    found = misassigned.find_confusions(pipeline.embedder, answer)
    for each in found:
        assert each.generator != each.owner
        for pair in each.pairs:
            assert (pair.file.label, pair.neighbour.label) == (each.generator, each.owner)
    if metric == "euclidean":
        assert [(each.generator, each.owner, each.count) for each in found] == [("dark", "bright", 2)]
        assert {(pair.file.name, pair.neighbour.name) for pair in found[0].pairs} == {
            ("dark/000.png", "bright/000.png"),
            ("dark/001.png", "bright/001.png"),
        }


def test_as_many_as_are_asked_for(pipeline: Pipeline, library: Library) -> None:
    answer = attributed(pipeline, bright_and_dark(library, 5), k=2)
    (found,) = misassigned.find_confusions(pipeline.embedder, answer, each=2)
    assert found.count == 5
    assert len(found.pairs) == 2


def test_a_cluster_without_an_owner_is_named_so(pipeline: Pipeline, library: Library) -> None:
    """Two generators in three clusters: one of them belongs to none."""
    answer = attributed(pipeline, bright_and_dark(library, 0), k=3)
    (found,) = misassigned.find_confusions(pipeline.embedder, answer)
    assert found.owner is None
    assert found.pairs == ()


def test_where_nothing_is_confused_there_is_nothing_to_show(pipeline: Pipeline, library: Library) -> None:
    answer = attributed(pipeline, bright_and_dark(library, 0), k=2)
    assert misassigned.find_confusions(pipeline.embedder, answer) == []


def test_typical_images_are_those_in_the_middle(pipeline: Pipeline, library: Library) -> None:
    """Levels rise in steps of 4 from image 0 to 7, so the mean lies between images 3 and 4."""
    answer = attributed(pipeline, bright_and_dark(library, 0), k=2)
    found = misassigned.find_typical(pipeline.embedder, answer, 2)
    assert {frozenset(file.name for file in files) for files in found} == {
        frozenset({"bright/003.png", "bright/004.png"}),
        frozenset({"dark/003.png", "dark/004.png"}),
    }


def test_without_labels_nothing_is_misplaced(pipeline: Pipeline, library: Library) -> None:
    image_set = make_set(library, images=generators())
    unknown = ImageSet("unknown", "generators", tuple(replace(f, label=None) for f in image_set.files))
    answer = attributed(pipeline, unknown, k=3)
    assert misassigned.find_confusions(pipeline.embedder, answer) == []
    assert len(misassigned.find_typical(pipeline.embedder, answer)) == 3
