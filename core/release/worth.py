"""What a synthetic set is worth, beside what it gives away: fidelity and diversity in two feature spaces."""

from dataclasses import asdict
from typing import Any

import numpy as np

from core.config import FeatureSpec
from core.extraction.embedder import Embedder
from core.features import catalog
from core.fidelity import measurement
from core.release.parts import Part

WHITE = np.float32(255)
MOST = 2000  # generated images that are embedded; figures are unbiased, and intervals hardly shrink


def spaces() -> dict[str, FeatureSpec]:
    """Feature spaces by title: ImageNet's and the eye's may disagree."""
    return {"EfficientNet-Lite0": catalog.spec(), "pixels at 32 px": catalog.spec("pixels")}


def measure_worth(embedder: Embedder, part: Part, seed: int) -> dict[str, Any]:
    """Fidelity of the generated images to all real ones of a part, by feature space, as JSON."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.permutation(len(part.generated))[:MOST])
    chosen = [part.generated[place] for place in places]
    found = {}
    for title, feature in spaces().items():
        real, _ = embedder.embed(feature, part.real)
        made, _ = embedder.embed(feature, chosen)
        unit = WHITE if feature.backbone == "pixels" else 1
        found[title] = asdict(measurement.measure(real / unit, part.groups, made / unit, seed))
    return found
