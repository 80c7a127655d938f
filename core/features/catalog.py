"""All backbones by name: networks (backbones), descriptors (descriptors), custom networks (custom).

Here a choice of flags becomes a checked FeatureSpec.
"""

from collections.abc import Iterable

from core.config import FeatureSpec, Scalar
from core.errors import BadChoice, UnknownName, WeightsMissing
from core.features.custom import registry
from core.features.custom.registry import is_own, network
from core.features.descriptors import DESCRIPTORS
from core.features.pretrained.backbones import GRID, NETWORKS, NORMALISATIONS, Network

PRECISIONS = ("fp32", "bf16")
DEFAULT = "efficientnet_lite0"
UNTRAINED = "untrained"


def names() -> list[str]:
    """Of all backbones here, a user's own networks last."""
    return NETWORKS.names() + DESCRIPTORS.names() + registry.names()


def network_names() -> list[str]:
    return NETWORKS.names() + registry.names()


def is_network(backbone: str) -> bool:
    return backbone in NETWORKS.names() or is_own(backbone)


def title(backbone: str) -> str:
    """Also of a network of the user's that is no longer here, which the run log may name."""
    if is_own(backbone):
        return registry.title(backbone)
    return NETWORKS.get(backbone).title if is_network(backbone) else DESCRIPTORS.get(backbone).title


def spec(
    backbone: str = DEFAULT,
    *,
    weights: str = "imagenet",
    size: int | None = None,
    pooling: str | None = None,
    normalisation: str | None = None,
    precision: str = "fp32",
    options: dict[str, Scalar] | None = None,
) -> FeatureSpec:
    """A checked spec; what is left out takes the backbone's own default. Raises BadChoice, UnknownName."""
    if is_own(backbone) and backbone not in registry.names():
        raise WeightsMissing(registry.missing(backbone, weights, size, options or {}))
    if backbone not in names():
        raise UnknownName("backbone", backbone, names())
    if not is_network(backbone):
        return _descriptor_spec(backbone, size, options or {})
    row = network(backbone)
    if row.own:
        registry.check_use(backbone, row, weights, size, options or {})
        options = None
    if set(options or {}) - {"layer"}:
        raise BadChoice(
            f"{row.title} has no option {', '.join(options or {})}: only LBP, residual spectrum and pixels "
            "have options."
        )
    layer = (options or {}).get("layer")
    if layer is not None:
        return _layer_spec(backbone, str(layer), weights, size, pooling, normalisation, precision)
    size = size or row.size
    pooling = pooling or row.pooling
    normalisation = normalisation or row.normalisation
    _one_of("pooling", pooling, row.dimensions)
    _one_of("normalisation", normalisation, NORMALISATIONS)
    _one_of("precision", precision, PRECISIONS)
    if row.own:
        chosen = (("channels", row.own.channels), ("output", row.own.output))
        return FeatureSpec(backbone, row.weights, size, pooling, normalisation, precision, chosen)
    identity = _checked(row, weights, size)
    return FeatureSpec(backbone, identity, size, pooling, normalisation, precision)


def _layer_spec(
    backbone: str,
    layer: str,
    weights: str,
    size: int | None,
    pooling: str | None,
    normalisation: str | None,
    precision: str,
) -> FeatureSpec:
    """Of features before a network's last layer, which keep where in the image they are."""
    row = NETWORKS.get(backbone)
    _one_of("layer", layer, row.layers)
    pooling, normalisation = pooling or row.poolings(layer)[0], normalisation or row.normalisation
    _one_of("pooling", pooling, row.poolings(layer))
    _one_of("normalisation", normalisation, NORMALISATIONS)
    _one_of("precision", precision, PRECISIONS)
    size = size or row.size
    identity = _checked(row, weights, size)
    return FeatureSpec(backbone, identity, size, pooling, normalisation, precision, (("layer", layer),))


def _checked(row: Network, weights: str, size: int) -> str:
    """The identity of the weights."""
    _one_of("weights", weights, ("imagenet", UNTRAINED, row.weights))
    if not (32 <= size <= 1024 and size % 32 == 0):
        raise BadChoice(f"The input size is a multiple of 32 from 32 to 1024 px; got {size}.")
    return UNTRAINED if weights == UNTRAINED else row.weights


def _descriptor_spec(backbone: str, size: int | None, given: dict[str, Scalar]) -> FeatureSpec:
    row = DESCRIPTORS.get(backbone)
    unknown = sorted(set(given) - set(row.options))
    if unknown:
        raise UnknownName(f"option of {row.title}", unknown[0], list(row.options))
    if size and not 16 <= size <= 1024:
        raise BadChoice(f"The input size is from 16 to 1024 px, or 0 for the original size; got {size}.")
    chosen = {
        name: option.check(name, given.get(name, option.default)) for name, option in row.options.items()
    }
    return FeatureSpec(backbone, "none", size or 0, "none", "none", "fp64", tuple(sorted(chosen.items())))


def _one_of(what: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise BadChoice(f"{what} is one of {', '.join(allowed)}; got '{value}'.")


def dimensions(feature: FeatureSpec) -> int:
    """Length of the embedding."""
    if feature.layer is not None:
        channels = NETWORKS.get(feature.backbone).layers[feature.layer]
        return channels * {"map": GRID**2, "statistics": 2, "mean": 1}[feature.pooling]
    if is_network(feature.backbone):
        return network(feature.backbone).dimensions[feature.pooling]
    return DESCRIPTORS.get(feature.backbone).dimensions(dict(feature.options))


def first_guess(feature: FeatureSpec) -> float:
    """Images per second to expect before any was measured, on two cores."""
    if not is_network(feature.backbone):
        return DESCRIPTORS.get(feature.backbone).images_per_second
    row = network(feature.backbone)
    if row.own:
        return row.own.images_per_second
    return min(60.0, 70 / (row.gmacs * (feature.size / row.size) ** 2))
