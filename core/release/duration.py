"""About how long an assessment takes, before it is made. Nothing is computed for the answer."""

from collections.abc import Iterable, Sequence

from core.config import FULL, CropSpec, FeatureSpec, ReconstructionConfig
from core.extraction.embedder import Embedder
from core.features import catalog
from core.membership import separation
from core.membership.reconstruction.attack import ReconstructionAttack
from core.release import worth
from core.release.attacks.family import ReleaseAttack
from core.release.attacks.grid import GridAttack
from core.release.attacks.paper import ClusterDistance, Reconstruction
from core.release.parts import check_images
from core.types import ImageFile, ImageSet

COMPARED = 2e5  # pairs of a real and a generated image per second, in all distances of the battery
AFTERWARDS = 15.0  # seconds for permutations, controls, planted copies and fidelity


def expected_seconds(
    embedder: Embedder, sets: Sequence[ImageSet], attacks: Sequence[ReleaseAttack], reference: bool
) -> float:
    """Of what is not in the store yet. ``sets``: as an assessment gets them, ``reference``: whether the last
    one is. Raises BadChoice where it is plain already that they can't be assessed."""
    assessed = sets[: len(sets) - reference]
    for each in assessed:
        check_images(each)
    separation.check_sets(assessed)
    every = _distinct(file for each in sets for file in each.files)
    wanted = {_space(each): every for each in attacks if isinstance(each, (GridAttack, ClusterDistance))}
    for feature in worth.spaces().values():
        least = [*_distinct(assessed[-1].real), *_distinct(assessed[-1].generated)[: worth.MOST]]
        wanted.setdefault((feature, FULL), least)
    seconds = sum(embedder.plan(feature, ids, (crop,)).seconds for (feature, crop), ids in wanted.items())
    if any(isinstance(each, Reconstruction) for each in attacks):
        attack = ReconstructionAttack(embedder.store, embedder.library)
        seconds += attack.expected_seconds(assessed, ReconstructionConfig())
    pairs = sum(len(each.real) * len(each.generated) for each in assessed)
    return seconds + pairs / COMPARED + AFTERWARDS


def _space(attack: ReleaseAttack) -> tuple[FeatureSpec, CropSpec]:
    if isinstance(attack, GridAttack):
        return attack.distance.feature(), attack.distance.crop
    return catalog.spec(), FULL


def _distinct(files: Iterable[ImageFile]) -> list[str]:
    return list(dict.fromkeys(file.sha256 for file in files))
