"""The evidence of one slice: what it is near to, and what the crop makes of it."""

from dataclasses import replace

import numpy as np
import pytest

from core.config import CropSpec, MembershipConfig
from core.errors import BadChoice
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import evidence
from core.membership.cluster_distance import ClusterDistanceAttack
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import phantom_slices
from tests.unit.membership.test_cluster_distance import PIXELS, leaky


@pytest.fixture
def engine(store: Store, library: Library) -> ClusterDistanceAttack:
    return ClusterDistanceAttack(store, library, Effort(8, 2))


@pytest.mark.parametrize("method", ["hierarchical", "kmeans"])
def test_a_copied_slice_is_next_to_its_copy(
    method: str, engine: ClusterDistanceAttack, library: Library
) -> None:
    """The set's n-th generated image is a noisy copy of its n-th used one."""
    image_set = leaky(library, "dev", 1)
    config = MembershipConfig(PIXELS, method=method)
    for place in (0, 7):
        found = evidence.gather_evidence(engine.embedder, image_set, config, 6, image_set.real[place])
        assert found.neighbours[0].file == image_set.generated[place]
        distances = [each.distance for each in found.neighbours]
        assert distances == sorted(distances)
        assert len(distances) == 5
        assert 0 <= found.cluster < 6
        assert 1 <= found.size <= len(image_set.generated)


def test_its_distances_are_those_of_the_verdict(engine: ClusterDistanceAttack, library: Library) -> None:
    image_set = leaky(library, "dev", 1)
    for kind in ("min", "avg"):
        result = engine.run(image_set, None, MembershipConfig(PIXELS, distance=kind, k=6))
        for place in (0, 30):
            found = evidence.gather_evidence(
                engine.embedder, image_set, result.config, 6, result.dev.files[place]
            )
            assert getattr(found, kind) == pytest.approx(result.dev.distance[place])


@pytest.fixture
def phantoms(library: Library) -> ImageSet:
    """Generated and real slices of phantoms; the last real one is black."""
    slices = [slice_.image for slice_ in phantom_slices(990, 991, 992, 993)]
    roles = [Role.GENERATED] * 8 + [Role.REAL_USED] * 4 + [Role.REAL_NOT_USED] * 4
    slices[-1] = np.zeros((256, 256), np.uint8)
    files = tuple(
        ImageFile(f"{role}/{i:02}.png", library.add_pixels(pixels), role, group=f"{i // 2}")
        for i, (role, pixels) in enumerate(zip(roles, slices, strict=True))
    )
    image_set = ImageSet("phantoms", "membership", files)
    library.add(image_set)
    return image_set


def test_a_slice_without_lungs_is_counted_and_not_called_used(
    phantoms: ImageSet, engine: ClusterDistanceAttack
) -> None:
    config = MembershipConfig(PIXELS, crop="lung")
    result = engine.run(phantoms, None, config)
    assert result.dev.lungless == {"generated": 0, "real": 1}
    assert not result.dev.predicted[-1]
    assert np.isinf(result.dev.distance[-1])
    assert "no lung was found in 1 real image." in result.notes[0]
    with pytest.raises(BadChoice, match=r"No lung was found in real_not_used/15\.png"):
        evidence.gather_evidence(engine.embedder, phantoms, config, 3, phantoms.real[-1])


@pytest.mark.parametrize("crop", ["full", "lung", "outer", "patch"])
def test_every_crop_goes_all_the_way(crop: str, phantoms: ImageSet, engine: ClusterDistanceAttack) -> None:
    result = engine.run(phantoms, None, MembershipConfig(PIXELS, crop=crop, draws=2))
    assert np.isfinite(result.dev.distance[:-1]).all()
    again = engine.run(phantoms, None, MembershipConfig(PIXELS, crop=crop, draws=2))
    assert again.cached
    np.testing.assert_array_equal(again.dev.distance, result.dev.distance)


def test_a_view_shows_mask_and_crop(phantoms: ImageSet, engine: ClusterDistanceAttack) -> None:
    first = phantoms.files[0].sha256
    view = evidence.view_slice(engine.embedder, first, CropSpec("outer"))
    assert view.lungs.shape == view.pixels.shape == view.cropped.shape
    assert not view.cropped[view.lungs].any()
    np.testing.assert_array_equal(view.cropped[~view.lungs], view.pixels[~view.lungs])
    lung = evidence.view_slice(engine.embedder, first, CropSpec("lung")).cropped
    assert lung.size < view.pixels.size


@pytest.mark.parametrize("role", [Role.REAL_USED, Role.REAL_NOT_USED])
def test_a_class_without_lungs_in_development_is_one_sentence(
    role: Role, phantoms: ImageSet, engine: ClusterDistanceAttack, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_lungs(engine, phantoms, monkeypatch, role)
    with pytest.raises(BadChoice, match="No lung was found in any of the 4 images labelled"):
        engine.run(phantoms, None, MembershipConfig(PIXELS, crop="lung"))


@pytest.mark.parametrize("roles", [(Role.REAL_USED,), (Role.REAL_USED, Role.REAL_NOT_USED)])
def test_a_class_without_lungs_in_test_is_undefined(
    roles: tuple[Role, ...],
    phantoms: ImageSet,
    engine: ClusterDistanceAttack,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Predictions and a sentence with the count of what was not measured, no score."""
    config = MembershipConfig(PIXELS, crop="lung", k=2, distance="min", rule="means")
    test = ImageSet("test", "membership", tuple(replace(f, group=f"{f.group}t") for f in phantoms.files))
    black = without_lungs(engine, test, monkeypatch, *roles)
    result = engine.run(phantoms_of_others(library), test, config)
    assert result.outcome == "undefined"
    assert f"{black} images without lungs are not counted" in result.sentence
    assert engine.over_k(phantoms_of_others(library), test, config, "means").curves.development.size


def without_lungs(
    engine: ClusterDistanceAttack, image_set: ImageSet, monkeypatch: pytest.MonkeyPatch, *roles: Role
) -> int:
    """The segmentation finds no lung in images of some roles, nor in the black one; how many these are."""
    black = {file.sha256 for file in image_set.files if file.role in roles} | {image_set.files[-1].sha256}
    monkeypatch.setattr(engine.embedder, "lungless", lambda ids: black & set(ids))
    return len(black)


def phantoms_of_others(library: Library) -> ImageSet:
    """A development set of phantoms that no other set here has."""
    slices = [slice_.image for slice_ in phantom_slices(880, 881, 882, 883)]
    roles = [Role.GENERATED] * 8 + [Role.REAL_USED] * 4 + [Role.REAL_NOT_USED] * 4
    files = [
        ImageFile(f"{role}/{i:02}.png", library.add_pixels(pixels), role, group=f"other {i // 2}")
        for i, (role, pixels) in enumerate(zip(roles, slices, strict=True))
    ]
    return ImageSet("others", "membership", tuple(files))


def test_lungless_generated_images_form_no_cluster(library: Library, engine: ClusterDistanceAttack) -> None:
    """A generated set of black images has nothing to compare lungs with."""
    slices = [slice_.image for slice_ in phantom_slices(990)]
    black = [np.full((64, 64), grey, np.uint8) for grey in range(4)]
    files = [ImageFile(f"g/{i}.png", library.add_pixels(pixels)) for i, pixels in enumerate(black)]
    files += [
        ImageFile(f"r/{i}.png", library.add_pixels(pixels), [Role.REAL_USED, Role.REAL_NOT_USED][i % 2])
        for i, pixels in enumerate(slices)
    ]
    black_set = ImageSet("black", "membership", tuple(files))
    with pytest.raises(BadChoice, match="'black' has 0 generated images with lungs and 4 real images"):
        engine.run(black_set, None, MembershipConfig(PIXELS, crop="lung"))
