"""Cache keys and paths of the reconstruction attack: trained networks, errors, checkpoints."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import paths
from core.config import AutoencoderSpec
from core.hashing import key
from core.membership import model_selection
from core.membership.metrics import GroundTruth
from core.membership.reconstruction import error_maps
from core.types import ImageFile, ImageSet

VERSION = 1  # of the network, its training and its errors; raise it when the numbers change


def model_key(image_set: ImageSet, spec: AutoencoderSpec) -> str:
    """Key of a trained network: the images it was trained on, and its settings."""
    return key("autoencoder", VERSION, sorted(file.sha256 for file in image_set.generated), spec)


def by_content(files: Sequence[ImageFile]) -> tuple[tuple[ImageFile, ...], np.ndarray]:
    """One file of each content, sorted by hash; and the place there of each of ``files``, int (n,)."""
    one = {file.sha256: file for file in files}
    ids = sorted(one)
    return tuple(one[identity] for identity in ids), np.searchsorted(ids, [file.sha256 for file in files])


def errors_key(image_set: ImageSet, files: Sequence[ImageFile], spec: AutoencoderSpec) -> str:
    """Of real images by content, whatever their order; of generated ones in the order of the set."""
    ids = [file.sha256 for file in files]
    if files != image_set.generated:
        ids = sorted(set(ids))
    return key("reconstruction", VERSION, model_key(image_set, spec), ids)


def ssim_key(sets: Sequence[ImageSet], spec: AutoencoderSpec, truth: GroundTruth) -> str:
    """Centroids depend on the labels of development, and its folds on its patient groups."""
    names = [errors_key(each, each.real, spec) for each in sets]
    ids = [[file.sha256 for file in each.real] for each in sets]
    used = truth.used.tolist(), truth.groups.tolist()
    return key("ssim", error_maps.VERSION, model_selection.VERSION, names, ids, used)


def pace_name(spec: AutoencoderSpec) -> str:
    return f"pace:autoencoder:{spec.size}:{spec.precision}"


def checkpoint_path(name: str) -> Path:
    """File from which an interrupted training resumes."""
    return paths.folder("training") / f"{name}.safetensors"
