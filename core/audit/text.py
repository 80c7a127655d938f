"""The audit's sentences: classes, crossings, findings and summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.baselines import BASELINES
from core.audit.blind_scores import SAME, Finding, significant
from core.audit.near_duplicates import CrossClassPairs
from core.numeric.statistics import Score
from core.types import ImageFile, Role
from core.wording import counted

ROLES = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "used",
    Role.REAL_NOT_USED: "not used",
    Role.REAL_UNKNOWN: "real, unknown",
}
UNKNOWN = "unknown generator"


@dataclass(frozen=True)
class Meaning:
    """Whether pairs between two classes are a confound, and what they are."""

    confound: bool
    words: str


BOTH_SIDES = Meaning(True, "The same slice is labelled both used and not used.")
GIVEN_AWAY = Meaning(True, "An unlabelled slice has a labelled duplicate.")
LEAK = Meaning(False, "This is the leak itself, which the method looks for, not a confounder.")
ALIKE = Meaning(
    False, "Generated images near slices that were not used: a method will predict “used” for these."
)
SOUGHT = Meaning(False, "Generated images near unlabelled slices: what the method looks for.")
GENERATORS = Meaning(True, "The same image is labelled with two generators: no method can get both right.")
MEANINGS = {
    frozenset({Role.REAL_USED, Role.REAL_NOT_USED}): BOTH_SIDES,
    frozenset({Role.REAL_USED, Role.REAL_UNKNOWN}): GIVEN_AWAY,
    frozenset({Role.REAL_NOT_USED, Role.REAL_UNKNOWN}): GIVEN_AWAY,
    frozenset({Role.GENERATED, Role.REAL_USED}): LEAK,
    frozenset({Role.GENERATED, Role.REAL_NOT_USED}): ALIKE,
    frozenset({Role.GENERATED, Role.REAL_UNKNOWN}): SOUGHT,
}


def class_of(file: ImageFile, membership: bool) -> str:
    """By role where real images are there, else by generator."""
    return ROLES[file.role] if membership else file.label or UNKNOWN


def meaning(crossing: CrossClassPairs, membership: bool) -> Meaning:
    if not membership:
        return GENERATORS
    roles = {words: role for role, words in ROLES.items()}
    return MEANINGS[frozenset(roles[name] for name in crossing.classes)]


def remark(finding: Finding, outcome: str, score: str, method: Score | None) -> str:
    """One sentence on a finding, as ``Finding.outcome`` has it."""
    whole, one = finding.whole, finding.one
    if whole.score.undefined == SAME:
        return "The same for all images: it predicts nothing."
    if outcome == "undefined":
        return f"Undefined: {whole.score.undefined}."
    if outcome == "chance":
        return "At chance."
    told = f"{one.words}, AUC {one.score.value:.2f}" if one and significant(one) else whole.words
    if outcome == "marks":
        return f"Identifies one generator: {told}."
    reached = outcome == "competes" and not unknown(method)
    return f"{f'Matches the {score} of the method' if reached else 'Above chance'}{told and f': {told}'}."


def sentence(findings: Sequence[Finding], score: str, method: Score | None, confounds: int) -> str:
    """The answer: how many warnings, and of what; ``confounds`` counts pairs across classes."""
    reached = f"as good as the method by {score}"
    if unknown(method):
        reached = "above chance, and the method has no result yet"
    verdicts = {
        "competes": (f"is {reached}", f"are {reached}"),
        "marks": ("identifies one generator", "identify one generator"),
    }
    told = []
    for outcome, (singular, plural) in verdicts.items():
        names = [title_in_sentence(each) for each in findings if each.outcome(method) == outcome]
        if names:
            verdict = singular if len(names) == 1 else plural
            told.append(f"{len(names)} of {len(findings)} blind baselines {verdict}: {', '.join(names)}.")
    if confounds:
        told.append(f"Duplicates or near-duplicates across classes: {pairs(confounds)}.")
    clean = (
        f"None of {len(findings)} blind baselines matches the method, and there are no duplicates across "
        "classes."
    )
    return " ".join(told) or clean


def pairs(count: int) -> str:
    return counted(count, "pair")


def unknown(method: Score | None) -> bool:
    return method is None or method.value is None


def title_in_sentence(finding: Finding) -> str:
    """The baseline's title within a sentence; an acronym stays."""
    title = BASELINES.get(finding.name).title
    return title[0].lower() + title[1:] if title[1].islower() else title
