"""The outcome of an assessment, which is read back from JSON, so that a second look computes nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FOUND, NOT_FOUND, CANNOT_TELL = "exposure found", "not found", "cannot tell"
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class AttackRow:
    """One attack on the reported part. Rates that are None have their reason in ``undefined``.

    ``p_value`` is of the AUC, ``partial_p`` of the partial AUC, each alone; ``corrected_p`` is the attack's,
    for all that were tried. ``placebo_auc``: with real images of other people in the generator's place;
    ``excess_p``: that the attack finds more than this. ``attack_rate``, ``control_rate``: shares of used and
    of other images above a threshold that names 5% of the latter; ``advantage`` is what control leaves.
    ``epsilon``: a lower bound of the privacy loss; ``epsilon_largest``: the most that could be shown.
    """

    attack: str
    title: str
    source: str
    battery: bool
    auc: float
    auc_ci: Interval
    partial_auc: float
    p_value: float
    partial_p: float
    corrected_p: float
    tpr_at_1fpr: float | None
    tpr_at_1fpr_ci: Interval
    tpr_at_5fpr: float | None
    tpr_at_5fpr_ci: Interval
    undefined: tuple[str, ...]
    attack_rate: float
    control_rate: float
    advantage: float
    advantage_ci: Interval
    epsilon: float
    epsilon_largest: float
    development_auc: float | None
    placebo_auc: float | None
    placebo_p: float | None
    excess_p: float | None
    seconds: float

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "AttackRow":
        pairs = {name: tuple(raw[name]) for name in raw if name.endswith("_ci") and raw[name] is not None}
        return AttackRow(**{**raw, **pairs, "undefined": tuple(raw["undefined"])})


@dataclass(frozen=True)
class Exposed:
    """A real image that is named. ``nearest``: hashes of the generated images that are nearest to it;
    ``copy``: one of them is its exact copy. ``role`` as it is known, for a check of the naming."""

    name: str
    sha256: str
    group: str | None
    role: str
    p_value: float
    copy: bool
    nearest: tuple[str, ...]

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Exposed":
        return Exposed(**{**raw, "nearest": tuple(raw["nearest"])})


@dataclass(frozen=True)
class ExposedGroup:
    """A patient who is named: ``images`` of theirs are, of ``of``."""

    group: str
    p_value: float
    images: int
    of: int


@dataclass(frozen=True)
class AtRisk:
    """Who is named, at a false discovery rate. ``false_images``: of those, labelled "not used". ``exposing``:
    hashes of generated images that are as near to a named image as what named it."""

    rate: float
    attack: str
    images: tuple[Exposed, ...]
    groups: tuple[ExposedGroup, ...]
    n_images: int
    n_groups: int
    false_images: int
    exposing: tuple[str, ...]
    calibrated_on: int

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "AtRisk":
        images = tuple(map(Exposed.from_json, raw["images"]))
        groups = tuple(ExposedGroup(**each) for each in raw["groups"])
        return AtRisk(**{**raw, "images": images, "groups": groups, "exposing": tuple(raw["exposing"])})


@dataclass(frozen=True)
class Controls:
    """What the headline attack shows where there is nothing to find: AUC intervals of random halves (by
    patient) of the images that were not used, and of those that were; the placebo, and where it is from."""

    not_used_halves: Interval
    used_halves: Interval
    placebo: str
    placebo_images: int
    placebo_p: float | None

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Controls":
        halves = {name: raw[name] and tuple(raw[name]) for name in ("not_used_halves", "used_halves")}
        return Controls(**{**raw, **halves})


@dataclass(frozen=True)
class Power:
    """``share`` of the used images, copied with mild changes, that the battery would have found in 80% of
    trials; None if it would not even have found all. ``found``: share and how often it was found."""

    share: float | None
    found: tuple[tuple[float, float], ...]
    trials: int

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Power":
        return Power(raw["share"], tuple((float(x), float(y)) for x, y in raw["found"]), raw["trials"])


@dataclass(frozen=True)
class Copied:
    """Exact copies, pixel for pixel: how many real images of each kind are among the generated ones, and how
    many generated images are one of a training image."""

    used: int
    not_used: int
    unlabelled: int
    generated: int


@dataclass(frozen=True)
class SetFacts:
    """A data set as it was assessed: ``content`` and ``truth`` are hashes, of its pixels, and of these with
    all that is known of them. Counts are of distinct images."""

    name: str
    part: str
    content: str
    truth: str
    generated: int
    used: int
    not_used: int
    unlabelled: int
    groups: int
    ungrouped: int


@dataclass(frozen=True)
class Release:
    """``declared``: why the headline attack is the headline. ``confounds``: blind baselines that explain as
    much. ``fidelity``: by feature space. ``seconds``: of the first assessment."""

    verdict: str
    sentence: str
    reported: str
    headline: AttackRow | None
    declared: str
    corrected_p: float | None
    least_p: float | None
    attacks: tuple[AttackRow, ...]
    not_run: tuple[str, ...]
    copies: Copied
    at_risk: AtRisk
    controls: Controls | None
    power: Power | None
    confounds: tuple[str, ...]
    fidelity: Mapping[str, Any]
    sets: tuple[SetFacts, ...]
    notes: tuple[str, ...]
    config: Mapping[str, Any]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Release":
        def each(name: str, kind: Any) -> Any:
            return None if raw[name] is None else kind(raw[name])

        return Release(
            **{
                **raw,
                "headline": each("headline", AttackRow.from_json),
                "attacks": tuple(map(AttackRow.from_json, raw["attacks"])),
                "not_run": tuple(raw["not_run"]),
                "copies": Copied(**raw["copies"]),
                "at_risk": AtRisk.from_json(raw["at_risk"]),
                "controls": each("controls", Controls.from_json),
                "power": each("power", Power.from_json),
                "confounds": tuple(raw["confounds"]),
                "sets": tuple(SetFacts(**one) for one in raw["sets"]),
                "notes": tuple(raw["notes"]),
            }
        )
