"""What an attack is. A new one is a file beside this one, and a line in ``catalog.py``."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from core.battery.nearness import Nearness
from core.extraction.embedder import Embedder
from core.types import ImageFile, ImageSet, Role


@dataclass(frozen=True)
class Inputs:
    """What an attack is given, by hash and in the order of hashes, without a label. ``reference``: images
    of another generator, or of other people; empty where there are none."""

    real: tuple[str, ...]
    generated: tuple[str, ...]
    reference: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scored:
    """``scores`` float (n,): a higher one means more likely used. ``nearness``: where there is one, to
    ``generated``, hashes: those that could be compared."""

    scores: np.ndarray
    nearness: Nearness | None = None
    generated: tuple[str, ...] = ()


class ReleaseAttack(ABC):
    """``title``, and ``source``: where it was published. ``needs_reference``: it compares with one."""

    name: str
    title: str
    source: str
    needs_reference: bool = False

    @abstractmethod
    def score(self, embedder: Embedder, inputs: Inputs) -> Scored:
        """Of each real image. Expensive steps are kept in the store."""

    def identity(self) -> tuple[str, ...]:
        """Its name, and whatever else its scores depend on: the weights behind a name may change."""
        return (self.name,)


def image_set(inputs: Inputs) -> ImageSet:
    """The inputs as an unlabelled data set, for attacks that take one."""
    real = [ImageFile(f"real {place}", sha, Role.REAL_UNKNOWN) for place, sha in enumerate(inputs.real)]
    made = [ImageFile(f"generated {place}", sha) for place, sha in enumerate(inputs.generated)]
    return ImageSet("release", "membership", (*made, *real))
