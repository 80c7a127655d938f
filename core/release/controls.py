"""What the attacks show where there is nothing to find: a placebo, random halves, blind baselines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.audit.baselines import BASELINES
from core.audit.pipeline import Auditor
from core.battery import permutation
from core.extraction.embedder import Embedder
from core.membership.metrics import GroundTruth, auc
from core.numeric.statistics import Score, percentile_interval
from core.release.parts import Part
from core.types import ImageFile
from core.wording import counted

HALVES = 400  # random splits
HELD_OUT = 3  # of so many patient groups that were not used, one takes the generator's place
FEWEST = 3  # patient groups that must be left
SEEN = ("mean", "darkest", "brightest", "levels", "border", "jpeg", "size")  # baselines that pixels show
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Placebo:
    """Images that stand in the generator's place, and bool (n,): which real images are compared with them."""

    ids: tuple[str, ...]
    words: str
    kept: np.ndarray


def find_placebo(
    reported: Part, development: Part, reference: Sequence[ImageFile], seed: int
) -> Placebo | None:
    """Of the reference; else of development's people, where test is reported; else of some of those whose
    images were not used, which are then not compared. None where they are too few."""
    everyone = np.ones(len(reported.files), bool)
    if ids := _strangers(reference, reported):
        return Placebo(ids, "the images of the reference set", everyone)
    if reported is not development and (ids := _strangers(development.files, reported)):
        return Placebo(ids, f"real images of other people ({development.name})", everyone)
    others = np.unique(reported.groups[reported.not_used])
    mixed = np.unique(reported.groups[~reported.not_used])
    pure = np.setdiff1d(others, mixed)
    if len(pure) < HELD_OUT or len(others) - len(pure) // HELD_OUT < FEWEST:
        return None
    taken = np.random.default_rng(seed).permutation(pure)[: len(pure) // HELD_OUT]
    out = np.isin(reported.groups, taken)
    ids = tuple(sha for sha, chosen in zip(reported.real, out, strict=True) if chosen)
    return Placebo(ids, f"the images of {counted(len(taken), 'patient group')} that were not used", ~out)


def _strangers(files: Sequence[ImageFile], reported: Part) -> tuple[str, ...]:
    """Hashes of images of people who are not in the part."""
    own, patients = set(reported.real), {file.group for file in reported.files if file.group}
    kept = {file.sha256 for file in files if file.sha256 not in own and file.group not in patients}
    return tuple(sorted(kept))


def half_splits(scores: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float] | None:
    """The central 95% of AUCs between random halves, by patient, of images of one kind."""
    names = np.unique(groups)
    if len(names) < 2 * FEWEST:
        return None
    rng = np.random.default_rng(seed)
    halves = np.stack([np.isin(groups, rng.permutation(names)[: len(names) // 2]) for _ in range(HALVES)])
    return percentile_interval(auc(-scores[None], halves)[0])


def excess_p_values(
    scores: np.ndarray, placebo: np.ndarray, truth: GroundTruth, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """AUC of the placebo (a,); its p-values (2 a,); and those (2 a,) of what attacks find beyond it: AUC and
    partial AUC less the placebo's, under the same permutations."""
    found = permutation.permuted_statistics(scores, truth, seed)
    control = permutation.permuted_statistics(placebo, truth, seed)
    beyond = found - control
    return control[: len(scores), 0], _share(control), _share(beyond)


def _share(statistics: np.ndarray) -> np.ndarray:
    return np.asarray((statistics >= statistics[:, :1] - 1e-12).mean(1))


def find_confounds(embedder: Embedder, part: Part, auc_low: float, auc_value: float) -> tuple[str, ...]:
    """Titles of blind baselines that tell used images from others as well as an attack does: of what is in
    the pixels, since no attack sees names or files, and beyond what the best of so many does by luck."""
    files = tuple(file for file, known in zip(part.files, part.known, strict=True) if known)
    auditor = Auditor(embedder.store, embedder.library, embedder.effort, embedder.listener)
    audit = auditor.audit(replace(part.image_set, files=files))
    attack = Score(auc_value, auc_low)
    return tuple(
        BASELINES.get(each.name).title
        for each in audit.findings
        if each.name in SEEN
        and (each.whole.p_value or 0) < SIGNIFICANT / len(SEEN)
        and each.outcome(attack) == "competes"
    )
