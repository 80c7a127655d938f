"""What is measured of a synthetic set; plain values, so that ``dataclasses.asdict`` is JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spread:
    """Mean, least and greatest of several splits."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class AtSize:
    """A figure of parts of both sets: of how many images on average, and its mean."""

    real: int
    generated: int
    value: float


@dataclass(frozen=True)
class FidelityScore:
    """A figure with its 95% interval; or why there is none.

    ``floor``: of one half of the real set against the other. ``same_size``: of the first half against as many
    generated images as the second has, so these two compare, while ``value`` is of all images. Both are the
    range over splits of the same images, not an interval. Coverage rises with the number of generated images,
    and the Frechet distance falls with that of both, so only figures of one size compare between sets.
    ``at``: the figure at all, half and a quarter of the images; without sizes that are too small for it.
    """

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    floor: Spread | None = None
    same_size: Spread | None = None
    at: tuple[AtSize, ...] = ()
    undefined: str | None = None


@dataclass(frozen=True)
class Fidelity:
    """All figures of one generated set, and of how many images they are.

    ``measured_real``, ``measured_generated``: as many as were looked at; ``notes`` says so where they are
    fewer.
    """

    scores: tuple[FidelityScore, ...]
    real: int
    real_groups: int
    generated: int
    measured_real: int
    measured_generated: int
    k: int
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> FidelityScore:
        return next(score for score in self.scores if score.name == name)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Fidelity":
        """The inverse of ``asdict``, also after a way through JSON."""
        scores = tuple(_score(each) for each in raw["scores"])
        return Fidelity(**{**raw, "scores": scores, "notes": tuple(raw["notes"])})


def _score(raw: Mapping[str, Any]) -> FidelityScore:
    spreads = {name: Spread(**raw[name]) if raw[name] else None for name in ("floor", "same_size")}
    return FidelityScore(**{**raw, **spreads, "at": tuple(AtSize(**each) for each in raw["at"])})
