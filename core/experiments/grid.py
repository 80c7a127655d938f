"""A grid: values to combine, and the configurations that result."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from core.config import ClusterSpec, CropSpec, FeatureSpec, K, MembershipConfig, PipelineConfig, ReduceSpec
from core.engine import Config, as_json, from_json
from core.errors import BadChoice
from core.types import ImageSet

MOST = 5000  # configurations


@dataclass(frozen=True)
class Listed:
    """Configurations of one kind, to be evaluated on the same data sets.

    ``each_on_test``: they were fixed beforehand, as the paper's rows are, so each is reported on test; else
    development chooses among them and test reports the one that it chose.
    """

    configs: tuple[Config, ...]
    each_on_test: bool = False

    def __post_init__(self) -> None:
        if len(self.configs) > MOST:
            raise BadChoice(f"This grid has {len(self.configs)} configurations; choose at most {MOST}.")

    def as_json(self) -> dict[str, Any]:
        """Whole, and read back by ``from_json``."""
        return {"configs": [as_json(each) for each in self.configs], "each_on_test": self.each_on_test}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Listed":
        return Listed(tuple(from_json(each) for each in raw["configs"]), raw["each_on_test"])


@dataclass(frozen=True)
class Grid:
    """Parts that a configuration does not have are left out of it."""

    features: tuple[FeatureSpec, ...]
    crops: tuple[str, ...] = ("full",)
    variances: tuple[float | None, ...] = (None,)
    methods: tuple[str, ...] = ("hierarchical",)
    linkages: tuple[str, ...] = ("ward",)
    ks: tuple[K, ...] = ("known",)
    distances: tuple[str, ...] = ("best",)
    rules: tuple[str, ...] = ("best",)
    seed: int = 0

    def listed(self, image_set: ImageSet) -> Listed:
        """Membership configurations for a data set with real images, attribution for any other."""
        return self.memberships() if image_set.real else self.attributions()

    def attributions(self) -> Listed:
        """Backbones vary slowest: what one leaves in the store, the next configurations find there."""
        made = [
            PipelineConfig(
                feature,
                ReduceSpec(variance),
                ClusterSpec(method, linkage if method == "hierarchical" else "ward", k=k, seed=self.seed),
                CropSpec(crop, self.seed if crop == "patch" else 0),
            )
            for feature, crop, variance, method, linkage, k in product(
                self.features, self.crops, self.variances, self.methods, self.linkages, self.ks
            )
        ]
        return Listed(tuple(dict.fromkeys(made)))

    def memberships(self) -> Listed:
        made = [
            MembershipConfig(
                feature,
                crop,
                method,
                linkage if method == "hierarchical" else "ward",
                distance,
                "sweep" if k == "known" else k,
                rule,
                seed=self.seed,
            )
            for feature, crop, method, linkage, distance, k, rule in product(
                *(self.features, self.crops, self.methods, self.linkages),
                *(self.distances, self.ks, self.rules),
            )
        ]
        return Listed(tuple(dict.fromkeys(made)))
