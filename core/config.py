"""Specs and configurations: everything that can change a number. Frozen, checked where they are built.

Their class names are part of every cache key (hashing.canonical), so they must not be renamed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import BadChoice
from core.hashing import LATER

Scalar = int | float | str
K = int | str  # a number of clusters, "known" (one per generator), "auto" (by splits), or "silhouette"
KS = ("known", "auto", "silhouette")


def check_seed(seed: int) -> None:
    """Raises BadChoice."""
    if not 0 <= seed < 2**32:
        raise BadChoice(f"A seed is a whole number from 0 to {2**32 - 1}; got {seed}.")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """Everything that can change an embedding. Built by ``catalog.spec``, which knows the defaults.

    ``size`` is the side in px that an image is resized to, 0 = as it is. ``options`` are those of
    the handcrafted descriptors, or a network's ``layer``, sorted by name.
    """

    backbone: str
    weights: str
    size: int
    pooling: str
    normalisation: str
    precision: str
    options: tuple[tuple[str, Scalar], ...] = ()

    @property
    def layer(self) -> str | None:
        """Of a network: the layer before its last at which features are taken."""
        found = dict(self.options).get("layer")
        return None if found is None else str(found)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "FeatureSpec":
        return FeatureSpec(**{**raw, "options": tuple((str(name), value) for name, value in raw["options"])})


@dataclass(frozen=True, slots=True)
class CropSpec:
    """The region of an image that is analysed; ``seed`` matters to the random patch only."""

    kind: str = "full"
    seed: int = 0


FULL = CropSpec()


@dataclass(frozen=True, slots=True)
class ReduceSpec:
    """PCA by share of variance kept; ``None`` leaves the features as they are."""

    variance: float | None = None

    def __post_init__(self) -> None:
        if self.variance is not None and not 0.5 <= self.variance <= 0.999:
            raise BadChoice(f"PCA variance is a share from 0.5 to 0.999, or 'none'; got {self.variance:g}.")


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """How features are clustered; ``clustering.methods`` checks which linkages and metrics a method has."""

    method: str = "hierarchical"
    linkage: str = "ward"
    metric: str = "euclidean"
    k: K = "known"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.k not in KS and not (isinstance(self.k, int) and self.k >= 1):
            raise BadChoice(f"k is a whole number from 1, 'known', 'auto' or 'silhouette'; got '{self.k}'.")
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Everything that determines a result: the same numbers from page, link and command line.

    ``whiten``: the real images by which features are whitened (``ImageSet.real_content``); "" for none.
    """

    feature: FeatureSpec
    reduce: ReduceSpec = ReduceSpec()
    cluster: ClusterSpec = ClusterSpec()
    crop: CropSpec = FULL
    whiten: str = field(default="", metadata={LATER: True})

    def flat(self) -> dict[str, object]:
        """Named as the command line names its flags."""
        feature, cluster = self.feature, self.cluster
        hierarchical = cluster.method == "hierarchical"
        return {
            "backbone": feature.backbone,
            "weights": feature.weights,
            "size": feature.size,
            "pooling": feature.pooling,
            "normalisation": feature.normalisation,
            "precision": feature.precision,
            "options": dict(feature.options),
            "crop": self.crop.kind,
            "pca": self.reduce.variance,
            "cluster": cluster.method,
            "linkage": cluster.linkage if hierarchical else None,
            "metric": cluster.metric,
            "k": cluster.k,
            "seed": cluster.seed,
            **({"whiten": self.whiten} if self.whiten else {}),
        }

    def as_json(self) -> dict[str, object]:
        """Nested, whole, and read back by ``from_json``."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "PipelineConfig":
        return PipelineConfig(
            FeatureSpec.from_json(raw["feature"]),
            ReduceSpec(**raw["reduce"]),
            ClusterSpec(**raw["cluster"]),
            CropSpec(**raw.get("crop", {})),
            str(raw.get("whiten", "")),
        )


@dataclass(frozen=True, slots=True)
class MembershipConfig:
    """How used images are told from others by their distance to clusters of generated ones.

    ``distance``, ``k`` and ``rule`` may each be left to development: "best", "sweep", "best". ``draws`` is
    how many random patches are averaged; ``seed`` places them, starts k-means and deals the folds.
    """

    feature: FeatureSpec
    crop: str = "full"
    method: str = "hierarchical"
    linkage: str = "ward"
    distance: str = "best"
    k: K = "sweep"
    rule: str = "best"
    draws: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.k != "sweep" and not (isinstance(self.k, int) and self.k >= 1):
            raise BadChoice(f"k is a whole number from 1, or 'sweep'; got '{self.k}'.")
        if self.draws < 1:
            raise BadChoice(f"At least 1 random patch is needed; got {self.draws}.")
        check_seed(self.seed)

    def crops(self) -> tuple[CropSpec, ...]:
        """One, or for random patches as many as are drawn."""
        if self.crop != "patch":
            return (CropSpec(self.crop),)
        return tuple(CropSpec(self.crop, self.seed + draw) for draw in range(self.draws))

    def flat(self) -> dict[str, object]:
        """Named as the command line names its flags."""
        kept = PipelineConfig(self.feature).flat()
        named = ("backbone", "weights", "size", "pooling", "normalisation", "precision", "options")
        return {
            **{name: kept[name] for name in named},
            "crop": self.crop,
            "draws": self.draws if self.crop == "patch" else None,
            "cluster": self.method,
            "linkage": self.linkage if self.method == "hierarchical" else None,
            "distance": self.distance,
            "k": self.k,
            "rule": self.rule,
            "seed": self.seed,
        }

    def as_json(self) -> dict[str, object]:
        """Nested, whole, and read back by ``from_json``."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "MembershipConfig":
        return MembershipConfig(**{**raw, "feature": FeatureSpec.from_json(raw["feature"])})


@dataclass(frozen=True, slots=True)
class AutoencoderSpec:
    """The autoencoder of section 3.1.2 and its training: side in px, width of the bottleneck, most epochs."""

    size: int = 64
    bottleneck: int = 64
    epochs: int = 80
    precision: str = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.size not in (32, 64, 128, 256):
            raise BadChoice(f"The autoencoder's image size is 32, 64, 128 or 256 px; got {self.size}.")
        if not 1 <= self.bottleneck <= 4096:
            raise BadChoice(f"The bottleneck has 1 to 4096 dimensions; got {self.bottleneck}.")
        if not 1 <= self.epochs <= 10_000:
            raise BadChoice(f"Training takes 1 to 10000 epochs; got {self.epochs}.")
        if self.precision not in ("fp32", "bf16"):
            raise BadChoice(f"precision is fp32 or bf16; got '{self.precision}'.")
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class ReconstructionConfig:
    """How used images are told by their reconstruction. ``decision``: by mean error, or by where errors lie.

    ``rule`` is "own" for the paper's decision (nearest class mean, nearer centroid), or a membership rule.
    """

    autoencoder: AutoencoderSpec = AutoencoderSpec()
    decision: str = "mse"
    rule: str = "own"

    def __post_init__(self) -> None:
        if self.decision not in ("mse", "ssim"):
            raise BadChoice(f"decision is mse or ssim; got '{self.decision}'.")

    def flat(self) -> dict[str, object]:
        """Named as the command line names its flags."""
        return {**asdict(self.autoencoder), "decision": self.decision, "rule": self.rule}

    def as_json(self) -> dict[str, object]:
        """Nested, whole, and read back by ``from_json``."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "ReconstructionConfig":
        return ReconstructionConfig(**{**raw, "autoencoder": AutoencoderSpec(**raw["autoencoder"])})
