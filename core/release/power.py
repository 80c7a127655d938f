"""The smallest leak that a sample would have shown: copies are planted, and the battery looks for them."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.battery.nearness import Nearness
from core.battery.pairwise import PAIRWISE
from core.battery.permutation import joint_test
from core.battery.planting import plant_copy
from core.config import FULL, FeatureSpec
from core.extraction.embedder import Embedder
from core.progress import Step
from core.release.attacks.grid import GridAttack
from core.release.parts import Part
from core.release.result import Power

VERSION = 1
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0)
ENOUGH = 0.8
TRIALS, PERMUTATIONS = 50, 499
MOST = 300  # used images of which copies are made
SIGNIFICANT = 0.05


def measure_power(
    embedder: Embedder,
    part: Part,
    attacks: Sequence[GridAttack],
    measured: Mapping[str, Nearness],
    headline: int | None,
    seed: int,
) -> Power:
    """``measured``: nearness by attack. Copies are added to the generated images as they are; never more than
    MOST, so that of very many used images the power is a little understated."""
    copied, planted = _planted(embedder, part, attacks, seed)
    rng = np.random.default_rng(seed)
    found: list[tuple[float, float]] = []
    for share in SHARES:
        embedder.listener(Step("planting copies", len(found), len(SHARES)))
        count = min(max(1, round(share * part.n_used)), len(copied))
        hits = 0
        for trial in range(TRIALS):
            chosen = rng.choice(len(copied), count, replace=False)
            scores = np.stack(
                [
                    each.of(measured[each.name].extended(planted[each.distance.title][:, chosen]))
                    for each in attacks
                ]
            )[:, part.known]
            test = joint_test(scores, part.truth, seed + trial, headline, PERMUTATIONS)
            hits += test.combined < SIGNIFICANT
        found.append((share, hits / TRIALS))
        if hits >= ENOUGH * TRIALS:
            return Power(share, tuple(found), TRIALS)
    return Power(None, tuple(found), TRIALS)


def _planted(
    embedder: Embedder, part: Part, attacks: Sequence[GridAttack], seed: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Places of the used images of which there are copies, and by distance all real images' distances to
    these copies."""
    used = np.flatnonzero(part.known)[part.truth.used]
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(used, min(MOST, len(used)), replace=False))
    images = [
        plant_copy(embedder.library.pixels(part.real[place]), np.random.default_rng((seed, int(place))))
        for place in chosen
    ]
    made: dict[FeatureSpec, tuple[np.ndarray, np.ndarray]] = {}
    found = {}
    for distance in {each.distance.title: each.distance for each in attacks}.values():
        feature = distance.feature()
        if feature not in made:
            made[feature] = embedder.embed(feature, part.real, FULL)[0], embedder.describe(feature, images)
        found[distance.title] = PAIRWISE.get(distance.pairwise)(*made[feature])
    return chosen, found
