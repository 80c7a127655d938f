"""Checks a dossier: its hash, its page, and, with the data sets at hand, its numbers."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import BadChoice, ImprintError
from core.images.library import check_name
from core.release.assessment import Assessor
from core.release.attacks.catalog import find_attack
from core.release.config import ReleaseConfig
from core.release.dossier import page
from core.release.dossier.document import PAGE_VERSION, digest, document
from core.release.dossier.reading import HASH, Opened, plain
from core.types import ImageSet

TOLERANCE = 1e-6  # of a number, or of its size if that is larger than 1
MOST_ATTACKS = 100
PARTS = (("development",), ("development", "test"))
# What another day, machine or import of the same pixels changes, and no number depends on.
PASSING = ("seconds", "versions", "provenance", "sha256")
ANYWHERE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Difference:
    """``was`` in the dossier, ``now`` as computed; ``what`` is the path to it."""

    what: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Verification:
    """``intact``: the hash is that of the content. ``page``: whether the page shows what its data say; None
    where the file is no page. ``recomputed``: whether the numbers were computed again; if not, ``hindrance``
    says why. ``versions``: what else runs here, which may explain ``differences``."""

    intact: bool
    claimed: str
    found: str
    page: bool | None
    page_words: str
    recomputed: bool
    hindrance: str
    differences: tuple[Difference, ...]
    versions: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        return self.intact and self.page is not False and not self.differences


def verify(opened: Opened, assessor: Assessor, here: Sequence[ImageSet]) -> Verification:
    """``here``: the data sets at hand, whatever they are called. Nothing is taken from a stored assessment.

    Raises BadChoice for a dossier that is damaged so that it can't be checked.
    """
    body = opened.body
    try:
        found = digest(body)
        intact = found == body["sha256"]
        shown, words = _page(opened)
        config, wanted = _run(body)
    except ANYWHERE:
        raise BadChoice("The dossier is damaged: parts of it are missing or of the wrong kind.") from None
    sets, hindrance = _find(wanted, here)
    differences: list[Difference] = []
    others: list[Difference] = []
    if not hindrance:
        differences, others = _recompute(body, config, sets, assessor)
    return Verification(
        *(intact, body["sha256"], found, shown, words),
        *(not hindrance, hindrance, tuple(differences), tuple(others)),
    )


def _page(opened: Opened) -> tuple[bool | None, str]:
    """Whether the page is, to the letter, what its data give."""
    if opened.page is None:
        return None, ""
    drawn = str(opened.body["governance"]["versions"]["page"])
    if drawn != str(PAGE_VERSION):
        words = (
            f"The page was drawn by version {plain(drawn)}, this is version {PAGE_VERSION}, so what it shows "
            "can't be compared with its data. Verify the JSON file instead."
        )
        return False, words
    if opened.page.replace("\r\n", "\n") != page.page(opened.body):
        return False, "The page shows something else than its data say: it was changed since it was drawn up."
    return True, "The page shows what its data say."


def _run(body: Mapping[str, Any]) -> tuple[ReleaseConfig, list[dict[str, str]]]:
    """The configuration and the data sets that a dossier asks for, checked before anything is computed."""
    run = body["governance"]["run"]
    config = ReleaseConfig.from_json(run["config"])
    kinds = (config.headline, str), (config.context, str), (config.reference, bool), (config.seed, int)
    named = [config.headline, *config.attacks]
    if not all(isinstance(value, kind) for value, kind in kinds) or isinstance(config.seed, bool):
        raise TypeError
    if len(named) > MOST_ATTACKS or not all(isinstance(name, str) and len(name) <= 100 for name in named):
        raise ValueError
    try:
        for name in named:
            if name != "auto":
                find_attack(name)
        wanted = [{name: each[name] for name in ("name", "part", "content", "truth")} for each in run["sets"]]
        for each in wanted:
            check_name(each["name"])
    except ImprintError as error:
        raise BadChoice(f"The dossier can't be computed again: {plain(error)}") from None
    if not all(HASH.fullmatch(each[name]) for each in wanted for name in ("content", "truth")):
        raise ValueError
    parts = tuple(each["part"] for each in wanted)
    if parts not in [(*known, *(["reference"] * config.reference)) for known in PARTS]:
        raise ValueError
    return config, wanted


def _find(wanted: Sequence[Mapping[str, str]], here: Sequence[ImageSet]) -> tuple[list[ImageSet], str]:
    """The sets under the names of the dossier, or why the numbers can't be computed."""
    found = []
    for each in wanted:
        match = next((one for one in here if one.truth == each["truth"]), None)
        if match is None:
            return [], _missing(each, here)
        found.append(replace(match, name=each["name"]))
    return found, ""


def _missing(wanted: Mapping[str, str], here: Sequence[ImageSet]) -> str:
    alike = next((one for one in here if one.content == wanted["content"]), None)
    if alike is None:
        return f"The data set “{plain(wanted['name'])}” is not here. Import it, under any name."
    return (
        f"The images of “{plain(wanted['name'])}” are here as “{alike.name}”, but with other roles or "
        "patient groups. If a table of patients was used, name it with --patients."
    )


def _recompute(
    body: Mapping[str, Any], config: ReleaseConfig, sets: Sequence[ImageSet], assessor: Assessor
) -> tuple[list[Difference], list[Difference]]:
    """Everything that differs from the dossier of the same assessment, made here."""
    release = assessor.assess_again(sets, config)
    decided = body["governance"].get("decision")
    by = decided.get("decided_by") if isinstance(decided, dict) else ""
    risk = body["identifiability"].get("people_at_risk") if isinstance(body["identifiability"], dict) else {}
    named = isinstance(risk, dict) and risk.get("named") is True
    again = document(release, config, sets, str(by), str(body.get("drawn_up", "")), named)
    was, now = body["governance"]["versions"], again["governance"]["versions"]
    return _different("", body, again), _different("versions", was, now)


def _different(name: str, was: Any, now: Any) -> list[Difference]:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        keys = [*now, *(key for key in was if key not in now)]
        found = []
        for key in keys:
            if key in PASSING or (key == "name" and "people_at_risk" in name):
                continue
            found += _different(f"{name}.{key}".removeprefix("."), was.get(key), now.get(key))
        return found
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = zip(was, now, strict=True)
        return [d for place, pair in enumerate(pairs) for d in _different(f"{name}[{place}]", *pair)]
    return [] if _close(was, now) else [Difference(name, was, now)]


def _close(was: Any, now: Any) -> bool:
    numbers = [isinstance(each, (int, float)) and not isinstance(each, bool) for each in (was, now)]
    if all(numbers):
        with contextlib.suppress(OverflowError):
            return abs(was - now) <= TOLERANCE * max(1.0, abs(now))
    return type(was) is type(now) and bool(was == now)
