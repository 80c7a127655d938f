"""Loaded by a worker before its first task: each image that it begins goes into a file of its own."""

import hashlib

import numpy as np

from core.config import FeatureSpec
from core.extraction import dask_cluster

embed = dask_cluster._embed


def counted(
    network: dask_cluster.Network | None, name: str, feature: FeatureSpec, images: list[np.ndarray]
) -> np.ndarray:
    with open("begun", "a") as log:
        log.writelines(hashlib.sha256(image.tobytes()).hexdigest() + "\n" for image in images)
    return embed(network, name, feature, images)


dask_cluster._embed = counted
