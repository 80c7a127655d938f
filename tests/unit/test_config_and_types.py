from dataclasses import FrozenInstanceError, replace

import pytest

from core.config import ClusterSpec, MembershipConfig, PipelineConfig, ReduceSpec
from core.errors import BadChoice
from core.features import catalog
from core.types import ImageFile, ImageSet, Role, distinct_files

A, B, C = (ImageFile(f"{name}.png", name * 64, label=label) for name, label in zip("abc", "xyx", strict=True))


@pytest.mark.parametrize("share", [0.5, 0.95, 0.999, None])
def test_a_share_of_variance_within_bounds(share: float | None) -> None:
    assert ReduceSpec(share).variance == share


@pytest.mark.parametrize("share", [0.49, 1.0, -1, float("nan"), float("inf")])
def test_a_share_out_of_bounds_says_what_it_got(share: float) -> None:
    with pytest.raises(BadChoice, match=f"0.5 to 0.999.*got {share:g}"):
        ReduceSpec(share)


@pytest.mark.parametrize("k", [0, -1, 2.5, "three", None])
def test_a_bad_k_is_refused(k: object) -> None:
    with pytest.raises(BadChoice, match=f"'known', 'auto' or 'silhouette'; got '{k}'"):
        ClusterSpec(k=k)  # type: ignore[arg-type]


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        A.name = "other"  # type: ignore[misc]


def test_content_is_of_pixels_alone() -> None:
    """Other names, labels, order and layout: the same; one image more or one copy more: another."""
    plain = ImageSet("one", "flat", (A, B))
    renamed = replace(B, name="renamed", label="other", role=Role.REAL_USED)
    assert ImageSet("two", "generators", (renamed, A)).content == plain.content
    assert ImageSet("one", "flat", (A, B, C)).content != plain.content
    assert ImageSet("one", "flat", (A, B, B)).content != plain.content


def test_counts_generated_and_duplicates() -> None:
    """Counted by hand on four files, two of them with the same pixels."""
    copy = replace(A, name="copy.png", role=Role.REAL_USED, label=None)
    image_set = ImageSet("s", "flat", (A, B, C, copy))
    assert len(image_set) == 4
    assert image_set.counts("label") == {"x": 2, "y": 1}
    assert image_set.counts("role") == {"generated": 3, "real_used": 1}
    assert image_set.generated == (A, B, C)
    assert image_set.duplicates == [[A, copy]]


@pytest.mark.parametrize(
    "config",
    [
        PipelineConfig(catalog.spec()),
        PipelineConfig(catalog.spec("lbp", options={"points": 4}), ReduceSpec(0.9), ClusterSpec(k=7)),
        MembershipConfig(catalog.spec("pixels", options={"side": 8}), "patch", k=7, draws=2),
    ],
)
def test_a_config_goes_to_json_and_back(config: PipelineConfig | MembershipConfig) -> None:
    import json

    assert type(config).from_json(json.loads(json.dumps(config.as_json()))) == config


def test_flat_names_what_does_not_apply_as_none() -> None:
    """k-means has no linkage; everything else is named as the command line's flags are."""
    flat = PipelineConfig(catalog.spec("lbp"), ReduceSpec(0.9), ClusterSpec("kmeans", seed=3)).flat()
    assert flat["linkage"] is None
    assert (flat["backbone"], flat["pca"], flat["cluster"], flat["seed"]) == ("lbp", 0.9, "kmeans", 3)
    assert flat["options"] == {"radius": 1, "points": 8, "method": "uniform", "output": "histogram"}


def test_of_copies_the_first_file_is_kept_in_the_order_of_hashes() -> None:
    files = [ImageFile("z.png", "b"), ImageFile("y.png", "a"), ImageFile("x.png", "b")]
    assert [file.name for file in distinct_files(files)] == ["y.png", "z.png"]
