import numpy as np
import pytest
from PIL import Image

from core.errors import BadChoice, UnknownName
from core.features import catalog, extract
from core.images import transforms
from core.inference.runtime import Effort
from tests.support.samples import noise

NAMES = [
    "efficientnet_lite0",
    "vgg16",
    "resnet50",
    "mobilenet_v2",
    "efficientnet_b0",
    "densenet121",
    "lbp",
    "residual_spectrum",
    "pixels",
]


def test_names_are_those_of_the_issue() -> None:
    assert catalog.names() == NAMES
    assert catalog.DEFAULT in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_backbone_has_a_spec_a_title_and_a_pace(name: str) -> None:
    spec = catalog.spec(name)
    assert spec.backbone == name
    assert catalog.title(name)
    assert catalog.first_guess(spec) > 0
    assert catalog.dimensions(spec) > 0


@pytest.mark.parametrize(
    ("name", "size", "pooling", "length"),
    [
        ("vgg16", 224, "flatten", 25088),
        ("resnet50", 224, "mean", 2048),
        ("mobilenet_v2", 224, "mean", 1280),
        ("efficientnet_b0", 224, "mean", 1280),
        ("densenet121", 256, "mean", 1024),
        ("efficientnet_lite0", 224, "mean", 1280),
    ],
)
def test_defaults_are_the_papers(name: str, size: int, pooling: str, length: int) -> None:
    """Issue 2, point 4, and field.md: the lengths of the paper's Table 2."""
    spec = catalog.spec(name)
    assert (spec.size, spec.pooling, catalog.dimensions(spec)) == (size, pooling, length)
    assert spec.precision == "fp32"


def test_weights_are_named_in_the_spec() -> None:
    """Other weights are other features; untrained ones say so."""
    trained, untrained = catalog.spec(), catalog.spec(weights="untrained")
    assert trained.weights == "imagenet:efficientnet-lite0-57934424"
    assert untrained.weights == "untrained"
    assert catalog.spec(weights=trained.weights) == trained


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"size": 33}, "multiple of 32"),
        ({"size": 2048}, "multiple of 32"),
        ({"size": -32}, "multiple of 32"),
        ({"pooling": "max"}, "pooling is one of mean; got 'max'"),
        ({"normalisation": "odd"}, "normalisation is one of imagenet, symmetric, none"),
        ({"precision": "fp16"}, "precision is one of fp32, bf16"),
        ({"weights": "mine"}, "weights is one of imagenet, untrained"),
        ({"options": {"points": 8}}, "has no option points"),
        ({"backbone": "lbp", "options": {"points": 3}}, "points is a whole number from 4 to 12; got '3'"),
        ({"backbone": "lbp", "options": {"points": "8"}}, "points is a whole number"),
        ({"backbone": "lbp", "options": {"method": "odd"}}, "method is one of uniform, default, ror"),
        ({"backbone": "lbp", "size": 8}, "from 16 to 1024"),
        ({"backbone": "residual_spectrum", "options": {"bins": 4}}, "bins is a whole number from 8 to 512"),
    ],
)
def test_a_bad_choice_says_what_is_allowed(choices: dict[str, object], reason: str) -> None:
    with pytest.raises(BadChoice, match=reason):
        catalog.spec(**choices)  # type: ignore[arg-type]


def test_a_layer_is_part_of_the_spec_and_of_no_other_key() -> None:
    """Where no layer is named, options stay empty, so that keys of before hold."""
    assert catalog.spec("efficientnet_lite0").options == ()
    spec = catalog.spec("efficientnet_lite0", options={"layer": "block10"})
    assert (spec.pooling, spec.options, spec.layer) == ("map", (("layer", "block10"),), "block10")
    assert catalog.dimensions(spec) == 112 * 49
    with pytest.raises(
        BadChoice, match="layer is one of blocks0-7, block4, block7, block10, block14; got 'block99'"
    ):
        catalog.spec("efficientnet_lite0", options={"layer": "block99"})
    with pytest.raises(BadChoice, match="pooling is one of map, mean"):
        catalog.spec("efficientnet_lite0", pooling="flatten", options={"layer": "block10"})


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UnknownName, match=r"no backbone 'resnet'.*resnet50.*residual_spectrum"):
        catalog.spec("resnet")
    with pytest.raises(UnknownName, match=r"no option of LBP 'bins'.*radius, points"):
        catalog.spec("lbp", options={"bins": 8})


def test_options_are_sorted_so_that_their_order_is_no_part_of_the_key() -> None:
    one = catalog.spec("lbp", options={"radius": 2, "points": 4})
    two = catalog.spec("lbp", options={"points": 4, "radius": 2})
    assert one == two
    assert [name for name, _ in one.options] == sorted(name for name, _ in one.options)


def test_resize_is_pillows_bilinear() -> None:
    (pixels,) = noise(1, 40)
    expected = Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR)
    assert np.array_equal(transforms.resize(pixels, 16), np.asarray(expected))
    assert transforms.resize(pixels, 0) is pixels
    assert transforms.resize(pixels, 40) is pixels


@pytest.mark.parametrize("batch", [1, 7, 32])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["lbp", "residual_spectrum"])
def test_descriptors_come_in_order_in_batches_and_do_not_depend_on_them(
    name: str, batch: int, threads: int
) -> None:
    """20 images; each row is that of the descriptor called alone."""
    images = {str(i): pixels for i, pixels in enumerate(noise(20, 16))}
    spec = catalog.spec(name)
    row = catalog.DESCRIPTORS.get(name)
    work = list(extract.embed(spec, list(images), images.__getitem__, None, Effort(batch, threads)))
    assert [identity for ids, _ in work for identity in ids] == list(images)
    assert [len(ids) for ids, _ in work[:-1]] == [batch] * (len(work) - 1)
    rows = np.concatenate([rows for _, rows in work])
    assert rows.dtype == np.float32
    alone = [row.describe(pixels, dict(spec.options)).astype(np.float32) for pixels in images.values()]
    assert np.array_equal(rows, np.stack(alone))


def test_an_image_that_fails_stops_the_work_with_its_error() -> None:
    def load(identity: str) -> np.ndarray:
        raise KeyError(identity)

    with pytest.raises(KeyError, match="a"):
        list(extract.embed(catalog.spec("lbp"), ["a", "b"], load, None, Effort(1, 2)))


def test_only_a_bounded_stretch_is_decoded_ahead() -> None:
    """After the first batch of 4, at most it, the 2 batches ahead of it and the one just asked for."""
    asked: list[str] = []

    def load(identity: str) -> np.ndarray:
        asked.append(identity)
        return noise(1, 16)[0]

    ids = [str(i) for i in range(100)]
    work = extract.embed(catalog.spec("lbp"), ids, load, None, Effort(4, 1))
    next(work)
    work.close()
    assert 4 <= len(asked) <= 16
