"""The paper's two attacks as members of the family, each without its rule, which a score does not need."""

import numpy as np

from core.config import MembershipConfig, ReconstructionConfig
from core.extraction.embedder import Embedder
from core.features import catalog
from core.membership import measurement
from core.membership.distances import sweep_ks
from core.membership.reconstruction.attack import ReconstructionAttack
from core.release.attacks.family import Inputs, ReleaseAttack, Scored, image_set


class ClusterDistance(ReleaseAttack):
    """Minus the distance to the nearest of k clusters, k being the largest of the paper's sweep."""

    name, title = "cluster-distance", "Cluster distance"
    source = "AI Multimedia Lab at ImageCLEFmedical GANs 2024, section 3.1.1"

    def score(self, embedder: Embedder, inputs: Inputs) -> Scored:
        config = MembershipConfig(catalog.spec(), distance="min")
        images = measurement.select_comparable(embedder, image_set(inputs), config)
        candidates = (("min", max(sweep_ks(len(inputs.generated)))),)
        return Scored(-measurement.measure_distances(embedder, images, config, candidates).rows[0])


class Reconstruction(ReleaseAttack):
    """Minus the mean error of an autoencoder that was trained on the generated images."""

    name, title = "reconstruction", "Reconstruction"
    source = "AI Multimedia Lab at ImageCLEFmedical GANs 2024, section 3.1.2"

    def score(self, embedder: Embedder, inputs: Inputs) -> Scored:
        attack = ReconstructionAttack(embedder.store, embedder.library, listener=embedder.listener)
        errors = attack.mean_errors(image_set(inputs), ReconstructionConfig())
        return Scored(-np.asarray(errors, np.float64))
