"""Loaded by a worker before its first task: each image that it begins goes into a file of its own."""

import hashlib

import numpy as np

from core import cluster
from core.values import FeatureSpec

embed = cluster._embed


def counted(
    network: cluster.Network | None, name: str, feature: FeatureSpec, images: list[np.ndarray]
) -> np.ndarray:
    with open("begun", "a") as log:
        log.writelines(hashlib.sha256(image.tobytes()).hexdigest() + "\n" for image in images)
    return embed(network, name, feature, images)


cluster._embed = counted
