"""The scores of one part's real images by every attack."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.extraction.embedder import Embedder
from core.progress import Step
from core.release.attacks.family import Inputs, ReleaseAttack, Scored
from core.release.parts import Part


@dataclass(frozen=True)
class Measured:
    """Scores of a part by the name of the attack, and the seconds that each took."""

    part: Part
    scored: dict[str, Scored]
    seconds: dict[str, float]

    def table(self, kept: np.ndarray | None = None) -> np.ndarray:
        """float (a, n): scores of the labelled images, or of those that ``kept`` bool (n,) marks."""
        chosen = self.part.known if kept is None else kept
        return np.stack([found.scores[chosen] for found in self.scored.values()])


def measure(
    embedder: Embedder,
    part: Part,
    attacks: Sequence[ReleaseAttack],
    reference: tuple[str, ...] = (),
    instead: tuple[str, ...] = (),
) -> Measured:
    """``instead``: hashes of images that take the generator's place, as a control."""
    scored, seconds = {}, {}
    generated = instead or part.generated
    if not part.files:  # all of them were left out
        nothing = {each.name: Scored(np.zeros(0)) for each in attacks}
        return Measured(part, nothing, dict.fromkeys(nothing, 0.0))
    for place, attack in enumerate(attacks):
        embedder.listener(Step(f"{'control: ' if instead else ''}{attack.title}", place, len(attacks)))
        start = time.perf_counter()
        scored[attack.name] = attack.score(embedder, Inputs(part.real, generated, reference))
        seconds[attack.name] = time.perf_counter() - start
    return Measured(part, scored, seconds)
