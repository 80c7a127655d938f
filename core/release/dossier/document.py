"""A dossier as one JSON object: what was asked, of what, by what, and what came of it.

The sections are those of ISO/IEC 27559:2022. ``sha256`` is over all the rest, see ``digest``.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from core.audit import baselines, blind_scores, image_statistics
from core.battery import naming, nearness, pairwise, permutation, planting, rates, scores
from core.experiments import run_file
from core.experiments.versions import of_numbers
from core.fidelity import measurement
from core.hashing import bytes_key, canonical
from core.release import assessment, evidence, power
from core.release.config import CONTEXTS, ReleaseConfig
from core.release.dossier import sentences, text
from core.release.result import AttackRow, Exposed, Release, SetFacts
from core.types import ImageFile, ImageSet, Role

SCHEMA = "imprint-release-dossier/1"
PAGE_VERSION = 1  # raised when the page of the same object looks different
MODULES = (
    *(assessment, evidence, power, nearness, pairwise, naming, permutation, planting, rates, scores),
    *(measurement, baselines, blind_scores, image_statistics),
)


def document(
    release: Release,
    config: ReleaseConfig,
    sets: Sequence[ImageSet],
    decided_by: str = "",
    drawn_up: str = "",
    name_people: bool = False,
) -> dict[str, Any]:
    """The dossier of an assessment. It has no picture, and no name of a file, an image or a person unless
    ``name_people`` asks for those at risk.

    Args:
        release: what was found.
        config: what it was assessed by.
        sets: as they were passed to ``Assessor.assess``: development, test, reference.
        decided_by: name of the person who decides; empty for a line to be filled in by hand.
        drawn_up: the day, as text; no number depends on it.
        name_people: whether those at risk are listed by name.
    """
    body = {
        "schema": SCHEMA,
        "headings_after": text.HEADINGS_AFTER,
        "drawn_up": drawn_up,
        "question": text.QUESTION,
        "answer": {
            "verdict": release.verdict,
            "in_words": text.ANSWERS[release.verdict],
            "sentence": release.sentence,
        },
        "context": _context(config),
        "data": {
            "sets": [_set(facts, each, release) for facts, each in zip(release.sets, sets, strict=True)],
            "notes": list(release.notes),
        },
        "identifiability": _identifiability(release, config, name_people),
        "mitigation": {
            "exposing_images": len(release.at_risk.exposing),
            "sentences": sentences.mitigation(release),
            "fidelity": release.fidelity,
        },
        "governance": _governance(release, config, decided_by),
    }
    plain: dict[str, Any] = json.loads(json.dumps(body, allow_nan=False))
    return sealed(plain)


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """With its hash. Raises ValueError for what JSON can't hold."""
    return {**{name: body[name] for name in body if name != "sha256"}, "sha256": digest(body)}


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of all but ``sha256``, as JSON with sorted keys, without spaces, in ASCII."""
    rest = canonical({name: body[name] for name in body if name != "sha256"})
    plain = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return bytes_key(plain.encode("ascii"))


def as_text(body: Mapping[str, Any]) -> str:
    """As a file."""
    return json.dumps(body, indent=1, allow_nan=False) + "\n"


# -- the sections ----------------------------------------------------------------------------------------


def _context(config: ReleaseConfig) -> dict[str, Any]:
    return {
        "release": config.context,
        "declared": config.context != "undeclared",
        "in_words": CONTEXTS[config.context],
        "sentences": [text.AUDIENCE[config.context], text.ATTACKER],
    }


def _set(facts: SetFacts, image_set: ImageSet, release: Release) -> dict[str, Any]:
    """Counts are of distinct images; ``formats`` of files, as far as an import recorded them."""
    others = sum(each.part != "reference" for each in release.sets)
    return {
        **asdict(facts),
        "role": sentences.role(facts, others),
        "files": len(image_set),
        "provenance": {
            "layout": image_set.layout,
            "view": image_set.view,
            "formats": {
                "generated": _formats(image_set.generated),
                "used": _formats([f for f in image_set.real if f.role is Role.REAL_USED]),
                "not_used": _formats([f for f in image_set.real if f.role is Role.REAL_NOT_USED]),
                "unlabelled": _formats([f for f in image_set.real if f.role is Role.REAL_UNKNOWN]),
            },
        },
    }


def _formats(files: Sequence[ImageFile]) -> dict[str, int]:
    """How many files of each format and depth there are."""
    found = Counter(
        f"{file.origin.format}, {file.origin.bits} bits" if file.origin else "not recorded" for file in files
    )
    return dict(sorted(found.items()))


def _identifiability(release: Release, config: ReleaseConfig, name_people: bool) -> dict[str, Any]:
    last = next(each for each in reversed(release.sets) if each.part != "reference")
    reported = next(each for each in release.sets if each.part == release.reported)
    return {
        "protocol": {
            "headline": release.at_risk.attack,
            "headline_title": sentences.headline_title(release),
            "declared": release.declared,
            "reported": release.reported,
            "reported_set": reported.name,
            "permutations": permutation.PERMUTATIONS,
            "permuted_by": "patient group",
            "least_p": release.least_p,
            "placebo": None if release.controls is None else release.controls.placebo,
            "placebo_images": 0 if release.controls is None else release.controls.placebo_images,
            "false_discovery_rate": config.rate,
            "false_positive_rates": list(rates.FALSE_RATES),
            "seed": config.seed,
            "sentences": sentences.protocol(release, config),
        },
        "corrected_p": release.corrected_p,
        "attacks": [_attack(row, release) for row in release.attacks],
        "not_run": list(release.not_run),
        "copies": {**asdict(release.copies), "sentences": sentences.copies(release)},
        "controls": {
            **({} if release.controls is None else asdict(release.controls)),
            "confounds": list(release.confounds),
            "sentences": sentences.controls(release),
        },
        "power": {
            **({} if release.power is None else asdict(release.power)),
            "measured": release.power is not None,
            "sentences": sentences.power(release),
        },
        "people_at_risk": _people(release, name_people),
        "caps": sentences.caps(release, last.generated, reported.used),
        "in_scope": text.IN_SCOPE,
        "out_of_scope": [{"name": name, "question": why, "run": False} for name, why in text.OUT_OF_SCOPE],
        "not_a_pass": text.NOT_A_PASS,
    }


def _attack(row: AttackRow, release: Release) -> dict[str, Any]:
    return {**asdict(row), "headline": row.attack == release.at_risk.attack}


def _people(release: Release, name_people: bool) -> dict[str, Any]:
    """Numbers, and names if they are asked for."""
    risk = release.at_risk
    found: dict[str, Any] = {
        "rate": risk.rate,
        "attack": risk.attack,
        "images": risk.n_images,
        "groups": risk.n_groups,
        "exact_copies": sum(each.copy for each in risk.images),
        "labelled_not_used": risk.false_images,
        "calibrated_on": risk.calibrated_on,
        "named": name_people,
        "sentences": [
            *sentences.people(release),
            text.PEOPLE_BY_NAME if name_people else text.PEOPLE_BY_NUMBER,
        ],
    }
    if name_people:
        found["list"] = [_named(each) for each in risk.images]
        found["group_list"] = [asdict(each) for each in risk.groups]
    return found


def _named(each: Exposed) -> dict[str, Any]:
    return {name: value for name, value in asdict(each).items() if name != "nearest"}


def _governance(release: Release, config: ReleaseConfig, decided_by: str) -> dict[str, Any]:
    return {
        "limits": list(text.LIMITS),
        "to_add": list(text.TO_ADD),
        "decision": {"decision": "", "reasons": "", "decided_by": decided_by, "date": "", "signature": ""},
        "versions": versions(),
        "run": {
            "config": config.as_json(),
            "sets": [
                {name: getattr(each, name) for name in ("name", "part", "content", "truth")}
                for each in release.sets
            ],
            "seconds": release.seconds,
        },
    }


def versions() -> dict[str, str]:
    """Of everything that a number or a page may depend on."""
    numbers = [*of_numbers(), *(module.VERSION for module in MODULES)]
    return {
        **run_file.versions(),
        "numbers": ".".join(map(str, numbers)),
        "page": str(PAGE_VERSION),
    }
