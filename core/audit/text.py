"""The sentences of an audit: classes, pairs across classes, findings and summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.baselines import BASELINES
from core.audit.blind_scores import SAME, Finding, significant
from core.audit.near_duplicates import CrossClassPairs
from core.numeric.statistics import Score
from core.types import ImageFile, ImageSet, Role
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
    """Whether pairs between two classes are a confounder, and what they are."""

    confound: bool
    words: str


BOTH_SIDES = Meaning(True, "The same slice is labelled both used and not used.")
GIVEN_AWAY = Meaning(True, "An unlabelled slice has a labelled duplicate.")
LEAK = Meaning(False, "This is the training-data leakage that the method looks for, not a confounder.")
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
    """The role if the data set has real images (``membership``), otherwise the generator."""
    return ROLES[file.role] if membership else file.label or UNKNOWN


def collapsed(image_set: ImageSet) -> list[str]:
    """A sentence for each class of several images that are all the same: it is told by any property."""
    classes: dict[str, list[str]] = {}
    for file in image_set.files:
        classes.setdefault(class_of(file, bool(image_set.real)), []).append(file.sha256)
    return [
        f"All {counted(len(ids), 'image')} of class “{name}” are copies of one image, so nothing that tells "
        "this class from others is evidence."
        for name, ids in sorted(classes.items())
        if len(ids) > 1 and len(set(ids)) == 1
    ]


def meaning(crossing: CrossClassPairs, membership: bool) -> Meaning:
    if not membership:
        return GENERATORS
    roles = {words: role for role, words in ROLES.items()}
    return MEANINGS[frozenset(roles[name] for name in crossing.classes)]


def remark(finding: Finding, outcome: str, score: str, method: Score | None) -> str:
    """One sentence on a finding; ``outcome``: from ``Finding.outcome``; ``score``: ARI or AUC."""
    whole, one = finding.whole, finding.one
    if whole.score.undefined == SAME:
        return "The same for all images, so it predicts nothing."
    if outcome == "undefined":
        return f"Undefined: {whole.score.undefined}."
    if outcome == "chance":
        return "At chance."
    detail = f"{one.words}, AUC {one.score.value:.2f}" if one and significant(one) else whole.words
    if outcome == "marks":
        return f"Identifies one generator: {detail}."
    matches = outcome == "competes" and not unknown(method)
    verdict = f"Matches the method's {score}" if matches else "Above chance"
    return f"{verdict}: {detail}." if detail else f"{verdict}."


def sentence(findings: Sequence[Finding], score: str, method: Score | None, confounds: int) -> str:
    """The summary: baselines with a warning; ``confounds``: number of confounding pairs across classes."""
    verdicts = {
        "competes": (f"matches the method's {score}", f"match the method's {score}"),
        "marks": ("identifies one generator", "identify one generator"),
    }
    if unknown(method):
        without = "above chance (the method has no result yet)"
        verdicts["competes"] = (f"is {without}", f"are {without}")
    found = []
    for outcome, (singular, plural) in verdicts.items():
        names = [title_in_sentence(each) for each in findings if each.outcome(method) == outcome]
        if names:
            verdict = singular if len(names) == 1 else plural
            found.append(f"{len(names)} of {len(findings)} blind baselines {verdict}: {', '.join(names)}.")
    if confounds:
        found.append(f"Duplicates or near-duplicates across classes: {pairs(confounds)}.")
    clean = (
        f"None of {len(findings)} blind baselines matches the method, and there are no duplicates across "
        "classes."
    )
    return " ".join(found) or clean


def pairs(count: int) -> str:
    return counted(count, "pair")


def unknown(method: Score | None) -> bool:
    return method is None or method.value is None


def title_in_sentence(finding: Finding) -> str:
    """The baseline's title as it is written within a sentence; acronyms stay in capitals."""
    title = BASELINES.get(finding.name).title
    return title[0].lower() + title[1:] if title[1].islower() else title
