"""The attacks by name: the battery that always runs, and what can be asked for beside it."""

from collections.abc import Callable, Mapping

from core.errors import UnknownName
from core.release.attacks.family import ReleaseAttack
from core.release.attacks.grid import DISTANCES, GridAttack
from core.release.attacks.paper import ClusterDistance, Reconstruction

# Few, and unlike each other: each sees a leak that another is blind to.
BATTERY = (
    *("pixels/nearest", "pixels/scaled", "registered/nearest", "registered/scaled"),
    *("block10/nearest", "block10/scaled"),
)
DEFAULT_HEADLINE = "block10/scaled"
NAMED: Mapping[str, Callable[[], ReleaseAttack]] = {
    "cluster-distance": ClusterDistance,
    "reconstruction": Reconstruction,
}
# From the literature, for comparison.
OTHERS = (
    *("patches/nearest", "windows/scaled", "block10/monte-carlo", "block10/calibrated"),
    *("block10/density-ratio", "efficientnet_lite0/nearest", *NAMED),
)


def find_attack(name: str) -> ReleaseAttack:
    """Raises UnknownName, BadChoice."""
    if name in NAMED:
        return NAMED[name]()
    if "/" not in name:
        raise UnknownName("attack", name, [*BATTERY, *OTHERS])
    return GridAttack(name)


def distances() -> list[str]:
    """Names of distances that are not a backbone's."""
    return DISTANCES.names()
