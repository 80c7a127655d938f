"""What is made of the network's logits, and how well the shipped network finds the lungs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.inference.runtime import Effort
from core.regions.segmentation import Segmenter, mask_from_logits, resize_mask
from demo.population import Scan
from tests.support.samples import phantom_slices


def logits(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """float32 (128, 128): -5, and 5 in boxes of top, left, height, width."""
    values = np.full((128, 128), -5, np.float32)
    for top, left, height, width in boxes:
        values[top : top + height, left : left + width] = 5
    return values


# -- what is made of logits ---------------------------------------------------------------------------


def test_the_two_largest_parts_are_kept() -> None:
    found = mask_from_logits(logits((10, 10, 30, 20), (10, 60, 28, 20), (80, 10, 12, 12)), (128, 128))
    assert found.sum() == 30 * 20 + 28 * 20


def test_specks_are_no_lung_and_one_lung_is_enough() -> None:
    """0.4% of 128 x 128 px is 66: a part of 49 px goes."""
    found = mask_from_logits(logits((10, 10, 30, 20), (100, 100, 7, 7)), (128, 128))
    assert found.sum() == 30 * 20


def test_holes_are_filled() -> None:
    values = logits((10, 10, 40, 40))
    values[25:30, 25:30] = -5
    assert mask_from_logits(values, (128, 128)).sum() == 40 * 40


def test_no_positive_logit_is_an_empty_mask() -> None:
    found = mask_from_logits(logits(), (200, 100))
    assert found.shape == (200, 100)
    assert not found.any()


def test_a_mask_has_the_images_size() -> None:
    found = mask_from_logits(logits((32, 32, 64, 64)), (512, 256))
    assert found.shape == (512, 256)
    assert found.mean() == pytest.approx(0.25, abs=0.01)
    assert resize_mask(found, (128, 64)).sum() * 16 == pytest.approx(found.sum(), rel=0.03)


# -- the shipped network ------------------------------------------------------------------------------


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(Effort(8, 2))


@pytest.fixture
def unseen() -> tuple[Scan, ...]:
    """Training drew from another stream."""
    return phantom_slices(990, 991, 992, 993)


def test_hand_drawn_masks_are_met(segmenter: Segmenter, shared_data: Path) -> None:
    """54 slices in every window: Dice at least 0.93 in the mean and 0.7 in each, as was asked for; a
    classical pipeline reaches 0.31 there."""
    folder = shared_data / "lung-masks" / "px128"
    names = sorted(path.name for path in (folder / "images").iterdir())
    images, masks = (
        [np.asarray(Image.open(folder / kind / name).convert("L")) for name in names]
        for kind in ("images", "masks")
    )
    found = [dice(mask, truth > 0) for mask, truth in zip(segmenter.masks(images), masks, strict=True)]
    assert len(found) == 54
    assert np.mean(found) >= 0.93
    assert min(found) >= 0.7


@pytest.mark.parametrize("turned", [False, True], ids=["as scanned", "upside down"])
def test_unseen_phantoms_are_met(turned: bool, segmenter: Segmenter, unseen: tuple[Scan, ...]) -> None:
    """Their masks are exact: at least 0.98, also upside down."""
    step = -1 if turned else 1
    masks = segmenter.masks(each.image[::step] for each in unseen)
    found = [dice(mask, each.lungs[::step]) for mask, each in zip(masks, unseen, strict=True)]
    assert np.mean(found) >= 0.98


def test_a_lung_that_is_not_there_is_not_found(segmenter: Segmenter, unseen: tuple[Scan, ...]) -> None:
    """Tissue in place of the left lung, then of both: one lung is found, then none. In this window
    (-600, 1500) 30 HU are grey level 234."""
    rng = np.random.default_rng(0)
    one, none, right = [], [], []
    for each in unseen:
        tissue = np.clip(rng.normal(234, 8, each.image.shape), 0, 255).astype(np.uint8)
        left = each.lungs & (np.arange(256) < 128)
        one.append(np.where(left, tissue, each.image))
        none.append(np.where(each.lungs, tissue, each.image))
        right.append(each.lungs & ~left)
    assert [mask.any() for mask in segmenter.masks(none)] == [False] * len(none)
    found = [dice(mask, truth) for mask, truth in zip(segmenter.masks(one), right, strict=True)]
    assert np.mean(found) >= 0.95


def test_lungs_at_the_border_are_found(segmenter: Segmenter, unseen: tuple[Scan, ...]) -> None:
    masks = segmenter.masks(each.image[:, 70:] for each in unseen)
    found = [dice(mask, each.lungs[:, 70:]) for mask, each in zip(masks, unseen, strict=True)]
    assert np.mean(found) >= 0.95


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_an_even_image_has_no_lungs(grey: int, segmenter: Segmenter) -> None:
    mask = next(segmenter.masks([np.full((300, 200), grey, np.uint8)]))
    assert mask.shape == (300, 200)
    assert not mask.any()


@pytest.mark.parametrize("shape", [(64, 64), (512, 512), (300, 200), (1, 1)])
def test_any_size_gets_a_mask_of_its_size(
    shape: tuple[int, int], segmenter: Segmenter, unseen: tuple[Scan, ...]
) -> None:
    image = np.asarray(Image.fromarray(unseen[0].image).resize(shape[::-1]))
    assert next(segmenter.masks([image])).shape == shape
