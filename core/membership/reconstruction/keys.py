"""Cache keys and paths of the reconstruction attack: trained networks, errors, checkpoints."""

from collections.abc import Sequence
from pathlib import Path

from core import paths
from core.config import AutoencoderSpec
from core.hashing import key
from core.membership import model_selection
from core.membership.evaluation import ground_truth
from core.membership.reconstruction import error_maps
from core.types import ImageFile, ImageSet

VERSION = 1  # of the network, its training and its errors; raise it when the numbers change


def model_key(image_set: ImageSet, spec: AutoencoderSpec) -> str:
    """Key of a trained network: the images it was trained on, and its settings."""
    return key("autoencoder", VERSION, sorted(file.sha256 for file in image_set.generated), spec)


def errors_key(image_set: ImageSet, files: Sequence[ImageFile], spec: AutoencoderSpec) -> str:
    ids = [file.sha256 for file in files]
    return key("reconstruction", VERSION, model_key(image_set, spec), ids)


def ssim_key(sets: Sequence[ImageSet], spec: AutoencoderSpec) -> str:
    """Centroids depend on the labels of development, and its folds on its patient groups."""
    truth, _ = ground_truth(sets[0].real)
    names = [errors_key(each, each.real, spec) for each in sets]
    used = truth.used.tolist(), truth.groups.tolist()
    return key("ssim", error_maps.VERSION, model_selection.VERSION, names, used)


def pace_name(spec: AutoencoderSpec) -> str:
    return f"pace:autoencoder:{spec.size}:{spec.precision}"


def checkpoint_path(name: str) -> Path:
    """File from which an interrupted training resumes."""
    return paths.folder("training") / f"{name}.safetensors"
