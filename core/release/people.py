"""Whom a synthetic set exposes: real images and patients that the headline attack names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.battery.naming import benjamini_hochberg, conformal_p_values, simes
from core.release.attacks.family import ReleaseAttack, Scored
from core.release.attacks.grid import GridAttack
from core.release.parts import NOT_USED, Part
from core.release.result import AtRisk, Exposed, ExposedGroup

SHOWN = 3  # generated images beside a real one
FEWEST = 10  # patients who were not used: slices of fewer say too little of how high a stranger may score


@dataclass(frozen=True)
class Calibration:
    """Scores (c,) of images that were not used, and whose they are."""

    scores: np.ndarray
    groups: np.ndarray


def calibrate(measured: Sequence[tuple[Part, Scored]], names: dict[str, int]) -> Calibration:
    """By all images that are known not to have been used; ``names`` numbers the groups of all parts."""
    scores = [found.scores[part.not_used] for part, found in measured]
    groups = [group_names(part, names)[part.not_used] for part, _ in measured]
    return Calibration(np.concatenate(scores), np.concatenate(groups))


def group_names(part: Part, names: dict[str, int]) -> np.ndarray:
    """int (n,): numbers of the patient groups, equal for a patient in whichever part they are."""
    first: dict[int, str] = {}
    for file, group in zip(part.files, part.groups.tolist(), strict=True):
        first.setdefault(group, f"patient {file.group}" if file.group else f"image {file.sha256}")
    return np.array([names.setdefault(first[group], len(names)) for group in part.groups.tolist()])


def find_exposed(
    part: Part,
    attack: ReleaseAttack,
    found: Scored,
    calibration: Calibration,
    names: dict[str, int],
    rate: float,
    copies: set[str],
) -> AtRisk:
    """Everybody in a part whom ``attack`` names at the false discovery rate; exact copies always."""
    numbers = group_names(part, names)
    p_values = np.ones(len(part.files))
    if len(np.unique(calibration.groups)) >= FEWEST:
        p_values = conformal_p_values(found.scores, numbers, calibration.scores, calibration.groups)
    copied = np.array([sha in copies for sha in part.real], bool)
    named = _discovered(p_values, copied, rate)
    order = sorted(np.flatnonzero(named), key=lambda i: (not copied[i], p_values[i], -found.scores[i]))
    images = tuple(_exposed(part, found, attack, int(i), float(p_values[i]), bool(copied[i])) for i in order)
    groups = _groups(part, p_values, numbers, named, copied, rate)
    return AtRisk(
        rate,
        attack.name,
        images,
        groups,
        len(images),
        len(groups),
        sum(part.files[i].role is NOT_USED for i in order),
        _exposing(part, attack, found, named, copied, copies),
        len(calibration.scores),
    )


def _exposed(part: Part, found: Scored, attack: ReleaseAttack, place: int, p: float, copy: bool) -> Exposed:
    file = part.files[place]
    nearest: list[str] = [file.sha256] if copy else []
    if found.nearness is not None:
        pairs, places = _pairs(attack, found)
        order = np.argsort(pairs[place], kind="stable")
        nearest += [found.generated[i] for i in places[place][order][: SHOWN + 1]]
    return Exposed(
        file.name, file.sha256, file.group, str(file.role), p, copy, tuple(dict.fromkeys(nearest))[:SHOWN]
    )


def _pairs(attack: ReleaseAttack, found: Scored) -> tuple[np.ndarray, np.ndarray]:
    """Distances as the attack counts them, (n, up to 52), and of which generated images they are: the
    nearest, and where scales count, the one that decided, which need not be among them."""
    assert found.nearness is not None
    near = found.nearness
    if not (isinstance(attack, GridAttack) and attack.by_scale):
        return near.nearest, near.places
    pairs = np.concatenate([near.scaled[:, None], near.scaled_pairs], 1)
    return pairs, np.concatenate([near.match[:, None], near.places], 1)


def _discovered(p_values: np.ndarray, copied: np.ndarray, rate: float) -> np.ndarray:
    """bool (n,): whoever was copied, and whom an attack names at the rate. Copies are certain, and don't
    count: each would allow for more errors among the others."""
    named = copied.copy()
    named[~copied] = benjamini_hochberg(p_values[~copied], rate)
    return named


def _groups(
    part: Part, p_values: np.ndarray, numbers: np.ndarray, named: np.ndarray, copied: np.ndarray, rate: float
) -> tuple[ExposedGroup, ...]:
    """Patients who are named; an image without a patient counts as one, by its own name."""
    ids, of_group = simes(np.where(copied, 0.0, p_values), numbers)
    chosen = _discovered(of_group, np.isin(ids, numbers[copied]), rate)
    found = []
    for number, p in sorted(
        zip(ids[chosen].tolist(), of_group[chosen].tolist(), strict=True), key=lambda x: x[1]
    ):
        places = np.flatnonzero(numbers == number)
        file = part.files[int(places[0])]
        found.append(ExposedGroup(file.group or file.name, p, int(named[places].sum()), len(places)))
    return tuple(found)


def _exposing(
    part: Part, attack: ReleaseAttack, found: Scored, named: np.ndarray, copied: np.ndarray, copies: set[str]
) -> tuple[str, ...]:
    """Generated images that are as near to a named image as the last one that was named."""
    exposing = copies & set(part.generated)
    by_score = named & ~copied
    if found.nearness is not None and by_score.any():
        pairs, places = _pairs(attack, found)
        threshold = found.scores[by_score].min()
        near = places[named][-pairs[named] >= threshold - 1e-12]
        exposing |= {found.generated[i] for i in np.unique(near)}
    return tuple(sorted(exposing))
