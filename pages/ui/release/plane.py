"""Other data sets that were assessed with the same settings, as points of privacy against fidelity."""

from collections.abc import Iterator, Sequence

from core.fidelity.result import Fidelity
from core.jobs import queue
from core.release.config import ReleaseConfig
from core.release.result import Release
from core.types import ImageSet
from pages.ui.release.charts import Candidate
from pages.ui.release.verdict import sizes
from pages.ui.session import workspace

MOST = 20_000  # files of a data set that is looked up; keys of larger ones take too long for a page
AXES = {
    "frechet": "Fréchet distance (lower is more faithful)",
    "coverage": "Coverage (higher is more diverse)",
}


def known(
    found: Release, sets: Sequence[ImageSet], reference: ImageSet | None, config: ReleaseConfig
) -> list[tuple[str, Release]]:
    """This assessment first, then those of other sets, named by the set whose images were assessed."""
    assessor = workspace.current().assessor
    tail = [] if reference is None else [reference]
    listed = [(sets[-1].name, found)]
    for asked in _others(sets):
        other = assessor.known([*asked, *tail], config)
        if other is not None:
            listed.append((asked[-1].name, other))
    return listed


def _others(sets: Sequence[ImageSet]) -> Iterator[tuple[ImageSet, ...]]:
    """Other sets as they may have been assessed: alone, or as a test set after this or their own one."""
    every = [
        each
        for each in workspace.library().all()
        if each.generated and each.real and len(each.files) <= MOST and each.name not in _names(sets)
    ]
    if len(sets) == 1:
        yield from ((each,) for each in every)
        return
    by_name = {each.name: each for each in every}
    pairs = dict.fromkeys((each.name, other) for each in every for other in _tests_of(each))
    for job in workspace.current().jobs():
        if job.kind == queue.RELEASE and len(job.sets) > 1:
            pairs[job.sets[0], job.sets[1]] = None
    yield from ((sets[0], each) for each in every)
    for first, second in pairs:
        if first in by_name and second in by_name and first != second:
            yield by_name[first], by_name[second]


def _tests_of(image_set: ImageSet) -> list[str]:
    """What its test set may be called."""
    pair = workspace.library().pair_of(image_set)
    names = [image_set.name.replace(word, "test") for word in ("development", "dev")]
    return names if pair is None else [pair.name, *names]


def _names(sets: Sequence[ImageSet]) -> set[str]:
    return {each.name for each in sets}


def candidates(listed: Sequence[tuple[str, Release]], space: str, axis: str) -> list[Candidate]:
    """Those with a headline attack and a defined figure; the first is the chosen one."""
    found = []
    for place, (name, release) in enumerate(listed):
        head = release.headline
        if head is None or space not in release.fidelity:
            continue
        score = Fidelity.from_json(release.fidelity[space])[axis]
        if score.same_size is None:
            continue
        facts = next(each for each in release.sets if each.part == release.reported)
        low, high = head.auc_ci or (head.auc, head.auc)
        found.append(
            Candidate(
                name,
                release.verdict,
                (score.same_size.mean, score.same_size.low, score.same_size.high),
                (head.auc, low, high),
                sizes(facts),
                place == 0,
            )
        )
    return found
