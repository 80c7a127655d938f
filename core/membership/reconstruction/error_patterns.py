"""The SSIM decision's distances: error maps compared with centroids, which development's labels make.

An image of development is compared with centroids to which it did not contribute: those of the other folds.
A rule that is fitted to such differences has seen, through the centroids, the labels of the fold it is tried
on; so it is fitted, fold by fold, to differences from inner folds (nested cross-validation). And permuted
labels make their own centroids (permuted_patterns.py).
"""

from collections.abc import Sequence

import numpy as np

from core.config import AutoencoderSpec
from core.hashing import key
from core.membership import metrics, model_selection
from core.membership.metrics import GroundTruth
from core.membership.reconstruction import error_maps, permuted_patterns
from core.membership.reconstruction.keys import ssim_key
from core.store import Arrays, Store
from core.types import ImageSet


def differences(
    store: Store,
    sets: Sequence[ImageSet],
    maps: Sequence[np.ndarray],
    truth: tuple[GroundTruth, np.ndarray],
    spec: AutoencoderSpec,
) -> list[np.ndarray]:
    """float (n,) of each set's real images, ``maps`` being their error maps; ``truth`` is development's."""
    labels, known = truth
    order = np.flatnonzero(known)[labels.order]  # sums depend on it in the last bit
    used = labels.used[labels.order]

    def make() -> Arrays:
        dev, *others = (each.astype(np.float32) for each in maps)
        pair = error_maps.centroids(dev[order], used)
        first = error_maps.ssim_difference(dev, pair)
        folds = [held[labels.order] for held in model_selection.group_folds(labels, spec.seed)]
        first[order] = error_maps.held_out_ssim_difference(dev[order], used, folds)
        rows = [first, *(error_maps.ssim_difference(each, pair) for each in others)]
        return {f"part{place}": row for place, row in enumerate(rows)}

    found, _ = store.compute(ssim_key(sets, spec, labels), make, "reconstruction")
    return [found[f"part{place}"] for place in range(len(sets))]


def nested_key(development: ImageSet, spec: AutoencoderSpec, labels: GroundTruth) -> str:
    return key("nested", ssim_key([development], spec, labels))


def nested_differences(
    store: Store,
    development: ImageSet,
    maps: np.ndarray,
    truth: tuple[GroundTruth, np.ndarray],
    spec: AutoencoderSpec,
) -> np.ndarray:
    """float (folds, 1, n): for each fold of cross-validation, differences that know no label of it."""
    labels, known = truth
    order = np.flatnonzero(known)[labels.order]
    used = labels.used[labels.order]

    def make() -> Arrays:
        folds = model_selection.group_folds(labels, spec.seed)
        found = np.zeros((len(folds), len(development.real)))
        for fold, held in enumerate(folds):
            inner = [part[labels.order] for part in model_selection.inner_folds(labels, held, spec.seed)]
            found[fold, order] = error_maps.nested_ssim_difference(
                maps[order].astype(np.float32), used, held[labels.order], inner
            )
        return {"nested": found}

    found, _ = store.compute(nested_key(development, spec, labels), make, "reconstruction")
    return np.asarray(found["nested"][:, None])


def by_chance_key(development: ImageSet, spec: AutoencoderSpec, labels: GroundTruth) -> str:
    return key("by chance", permuted_patterns.VERSION, metrics.VERSION, ssim_key([development], spec, labels))


def aucs_by_chance(
    store: Store,
    development: ImageSet,
    maps: np.ndarray,
    truth: tuple[GroundTruth, np.ndarray],
    spec: AutoencoderSpec,
) -> np.ndarray:
    """The AUC of development's differences under permuted labels, whose own centroids they are from."""
    labels, known = truth

    def make() -> Arrays:
        order = labels.order  # sums depend on it in the last bit
        ordered = GroundTruth(labels.used[order], labels.groups[order])
        folds = [held[order] for held in model_selection.group_folds(labels, spec.seed)]
        found = permuted_patterns.permuted_aucs(maps[np.flatnonzero(known)[order]], ordered, folds, spec.seed)
        return {"aucs": found}

    found, _ = store.compute(by_chance_key(development, spec, labels), make, "reconstruction")
    return np.asarray(found["aucs"])
