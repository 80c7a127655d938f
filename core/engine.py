"""The facade of the engine: a configuration and data sets in, the result out."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.attribution.pipeline import Attribution, Pipeline
from core.config import FeatureSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.errors import BadChoice
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership.attack import Attack
from core.membership.cluster_distance import ClusterDistanceAttack, Membership
from core.membership.reconstruction.attack import Reconstruction, ReconstructionAttack
from core.progress import Listener, silent
from core.store import Store
from core.types import ImageSet

Config = PipelineConfig | MembershipConfig | ReconstructionConfig
Answer = Attribution | Membership | Reconstruction

ATTRIBUTION, MEMBERSHIP, RECONSTRUCTION = "attribution", "membership", "reconstruction"
KINDS: Mapping[str, type[Config]] = {
    ATTRIBUTION: PipelineConfig,
    MEMBERSHIP: MembershipConfig,
    RECONSTRUCTION: ReconstructionConfig,
}


class Engine:
    """Attribution, and every attack on training data, over one store and one library."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store, self.library = store, library
        self.pipeline = Pipeline(store, library, effort, listener)
        self.cluster_distance = ClusterDistanceAttack(store, library, effort, listener)
        self.reconstruction = ReconstructionAttack(store, library, effort, listener)
        self.attacks: Mapping[type[Config], Attack[Any, Any]] = {
            MembershipConfig: self.cluster_distance,
            ReconstructionConfig: self.reconstruction,
        }

    def answer(self, sets: Sequence[ImageSet], config: Config) -> Answer:
        """``sets``: the data set; for an attack the development set, and the test set if there is one."""
        if isinstance(config, PipelineConfig):
            return self.pipeline.attribute(sets[0], config)
        test = sets[1] if len(sets) > 1 else None
        return self.attacks[type(config)].run(sets[0], test, config)


def kind_of(config: Config) -> str:
    return next(kind for kind, built in KINDS.items() if isinstance(config, built))


def as_json(config: Config) -> dict[str, Any]:
    """Nested, whole, with its kind; read back by ``from_json``."""
    return {"kind": kind_of(config), **config.as_json()}


def from_json(raw: Mapping[str, Any]) -> Config:
    """Also from an untrusted file. Raises BadChoice where it is no configuration of this version."""
    parts = dict(raw)
    kind = parts.pop("kind", None)
    if kind not in KINDS:
        raise BadChoice(f"A configuration is one of {', '.join(KINDS)}; got '{kind}'.")
    try:
        config = KINDS[kind].from_json(parts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadChoice(f"The configuration has a missing or unexpected part: {error}.") from None
    if not isinstance(config, ReconstructionConfig):
        _check(config.feature)
    return config


def _check(feature: FeatureSpec) -> None:
    """Rows are kept under what a spec says, so a spec must be one that this version builds itself."""
    if catalog.is_network(feature.backbone):
        built = catalog.spec(
            feature.backbone,
            weights=feature.weights,
            size=feature.size,
            pooling=feature.pooling,
            normalisation=feature.normalisation,
            precision=feature.precision,
            options=dict(feature.options),
        )
    else:
        built = catalog.spec(feature.backbone, size=feature.size, options=dict(feature.options))
    if built != feature:
        raise BadChoice(f"The features {feature} differ from what this version would compute: {built}.")
