"""What a release is assessed by. Frozen, checked where it is built; its class name is part of keys."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.config import check_seed
from core.errors import BadChoice, UnknownName

CONTEXTS: Mapping[str, str] = {
    "undeclared": "not declared",
    "public": "public: anybody may download the synthetic images, whatever else they know",
    "known": "known recipients, who have agreed to terms of use",
    "weights": "the generator's weights are released as well as its images",
}
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ReleaseConfig:
    """``headline``: the attack that is declared before the test part is read, "auto" being the best on
    development. ``attacks``: what is tried beyond the battery. ``rate``: false discovery rate of those who
    are named. ``context``: as the user declares it; no number depends on it. ``reference``: whether the last
    data set has images of another generator, or real images of other people."""

    headline: str = AUTO
    attacks: tuple[str, ...] = ()
    rate: float = 0.10
    context: str = "undeclared"
    reference: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.context not in CONTEXTS:
            raise UnknownName("release context", self.context, list(CONTEXTS))
        if not 0.001 <= self.rate <= 0.5:
            raise BadChoice(f"The false discovery rate is from 0.001 to 0.5; got {self.rate:g}.")
        check_seed(self.seed)

    def as_json(self) -> dict[str, Any]:
        """Read back by ``from_json``."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "ReleaseConfig":
        return ReleaseConfig(**{**raw, "attacks": tuple(raw["attacks"])})
