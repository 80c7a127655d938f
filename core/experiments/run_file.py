"""A run: a result with everything needed to reproduce it. As a file, it is replayed on any machine."""

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__, engine
from core.attribution.pipeline import Attribution
from core.clustering import methods
from core.engine import Answer, Config, Engine
from core.errors import BadChoice, ImprintError
from core.experiments import results_json
from core.experiments import versions as numbers_versions
from core.images.library import Library
from core.types import ImageSet
from core.wording import counted

FORMAT, BEFORE_SPLITS = 2, 1  # formats that are read; in the first, "auto" was what is "silhouette" now
LARGEST = 64 * 2**20  # bytes of a run file; 3,000 images take 20 kB
PACKAGES = ("numpy", "scikit-learn", "scipy", "fastcluster", "openvino", "torch")
WORDING = re.compile(r"\.sentence$|\.undefined\.")  # sentences, which another version may put otherwise
PASSING = ("config", "seconds", "cached", "stages", "notes", "weights", "set", "contingency")
STATISTICS = re.compile(  # by draws, and what follows from these
    r"(^|\.)(ari_ci|p_value|n_distinct|intervals|chance)(\.|$)|^verdict$"
)
OF_STATISTICS = "intervals and p-values"  # their entry among the versions
TOLERANCE = 1e-6  # scores are told in six digits


@dataclass(frozen=True)
class SetReference:
    """A set as a run names it. ``content`` is of its pixels, ``truth`` of all that is known of them."""

    name: str
    n: int
    content: str
    truth: str

    @staticmethod
    def of(image_set: ImageSet) -> "SetReference":
        return SetReference(image_set.name, len(image_set), image_set.content, image_set.truth)


@dataclass(frozen=True)
class Run:
    """``labels`` are clusters, numbered as they come, or 1 for used, in the order of the images' hashes."""

    sets: tuple[SetReference, ...]
    config: Config
    scores: Mapping[str, Any]
    labels: tuple[int, ...]
    versions: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "sets": [asdict(each) for each in self.sets],
            "config": engine.as_json(self.config),
            "scores": dict(self.scores),
            "labels": list(self.labels),
            "versions": dict(self.versions),
        }

    def text(self) -> str:
        """As a file: a line a value, but all labels on one."""
        text = json.dumps({**self.as_json(), "labels": []}, indent=1)
        return text.replace('"labels": []', f'"labels": {json.dumps(self.labels)}') + "\n"


@dataclass(frozen=True)
class Difference:
    """``was`` in the file, ``now`` here."""

    what: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Replay:
    """``differences`` in labels and scores; ``others`` in versions, which may explain them.

    Intervals, p-values and the verdict are compared where both versions draw them in the same way;
    ``not_compared`` says so where they don't.
    """

    run: Run
    differences: tuple[Difference, ...]
    others: tuple[Difference, ...]
    not_compared: str = ""

    @property
    def same(self) -> bool:
        return not self.differences


def make_run(sets: Sequence[ImageSet], answer: Answer) -> Run:
    return Run(
        tuple(SetReference.of(each) for each in sets),
        answer.config,
        _lasting(results_json.result_json(answer)),
        labels(answer),
        versions(),
    )


def labels(answer: Answer) -> tuple[int, ...]:
    """Whatever the names and the order of files: by the images' hashes, clusters numbered as they come."""
    files = answer.files if isinstance(answer, Attribution) else answer.reported.files
    order = np.argsort([file.sha256 for file in files], kind="stable")
    if not isinstance(answer, Attribution):
        return tuple(answer.reported.predicted[order].astype(int).tolist())
    return tuple(methods.renumber(answer.clusters[order]).tolist())


def versions() -> dict[str, str]:
    numbers = {OF_STATISTICS: numbers_versions.of_statistics()}
    found = {
        "imprint": __version__,
        **numbers,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def read_run(path: Path) -> Run:
    """Raises BadChoice where a file is no run file of this format."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadChoice(f"{path} is larger than {LARGEST // 2**20} MB, so it is not a run file.")
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadChoice(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadChoice(f"{path} is not a run file: it does not contain JSON.") from None
    return from_json(raw, str(path))


def from_json(raw: Any, name: str = "This") -> Run:
    if isinstance(raw, dict) and raw.get("format") == BEFORE_SPLITS:
        raw = _of_today(raw)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BadChoice(f"{name} is not a run file of format {FORMAT}. Use 'Save run' on a page to make one.")
    try:
        return Run(
            tuple(SetReference(**each) for each in raw["sets"]),
            engine.from_json(raw["config"]),
            dict(raw["scores"]),
            tuple(int(label) for label in raw["labels"]),
            {str(package): str(number) for package, number in raw["versions"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadChoice(f"{name} is a damaged run file ({type(error).__name__}: {error}).") from None


def _of_today(raw: Mapping[str, Any]) -> Any:
    """A file of the first format, in whose words k was selected by silhouette."""
    config, scores = raw.get("config"), raw.get("scores")
    if isinstance(config, Mapping) and isinstance(scores, Mapping) and scores.get("k_source") == "auto":
        cluster = config.get("cluster")
        if isinstance(cluster, Mapping):
            config = {**config, "cluster": {**cluster, "k": "silhouette"}}
        scores = {**scores, "k_source": "silhouette"}
    return {**raw, "format": FORMAT, "config": config, "scores": scores}


def replay(by: Engine, library: Library, run: Run) -> Replay:
    """Evaluate the same again. Raises ImprintError where a data set is missing or is labelled differently."""
    again = make_run(sets := _found(library, run), by.answer(sets, run.config))
    another_way = run.versions.get(OF_STATISTICS) != again.versions[OF_STATISTICS]
    scores = _only(run.scores, again.scores) if another_way else again.scores
    found = _different("labels", run.labels, again.labels) + _scores("", run.scores, scores)
    if another_way:
        found = [each for each in found if not STATISTICS.search(each.what)]
    return Replay(
        again,
        tuple(found),
        tuple(_scores("", run.versions, again.versions)),
        _why_not(run.scores, again.scores) if another_way else "",
    )


def _only(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Of ``now`` what the file has as well: an earlier version noted less."""
    return {
        name: _only(was[name], value)
        if isinstance(value, Mapping) and isinstance(was[name], Mapping)
        else value
        for name, value in now.items()
        if name in was
    }


def _why_not(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if "verdict" not in now:
        return "Intervals and p-values were not compared: the file's version draws them in another way."
    return (
        "Intervals, p-values and the verdict, which follows from them, were not compared: the file's version "
        f"draws them in another way. The verdict is “{was.get('verdict')}” in the run file and "
        f"“{now['verdict']}” here."
    )


def _found(library: Library, run: Run) -> list[ImageSet]:
    here = library.all()
    return [_same_set(here, asked) for asked in run.sets]


def _same_set(here: Sequence[ImageSet], asked: SetReference) -> ImageSet:
    """By its pixels, whatever its name here."""
    alike = [each for each in here if each.content == asked.content]
    for each in alike:
        if each.truth == asked.truth:
            return each
    if alike:
        raise ImprintError(
            f"The images of '{asked.name}' are here as '{alike[0].name}', but with other roles, labels or "
            "patient groups than in the run, so the scores can't be compared. Import them as in the run."
        )
    raise ImprintError(
        f"The data set '{asked.name}' ({counted(asked.n, 'image')}) is missing. Import it first, under any "
        "name: python -m core import PATH --name NAME"
    )


def _scores(name: str, was: Any, now: Any) -> list[Difference]:
    """All that differs, down to single numbers, each by its path."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        names = sorted({*was, *now})
        return [d for part in names for d in _scores(f"{name}.{part}", was.get(part), now.get(part))]
    if isinstance(was, str) and isinstance(now, str) and WORDING.search(name):
        return []
    return _different(name.removeprefix("."), was, now)


def _different(name: str, was: Any, now: Any) -> list[Difference]:
    return [] if _close(was, now) else [Difference(name, was, now)]


def _close(was: Any, now: Any) -> bool:
    if isinstance(was, (list, tuple)) and isinstance(now, (list, tuple)):
        return len(was) == len(now) and all(_close(a, b) for a, b in zip(was, now, strict=True))
    if isinstance(was, (int, float)) and isinstance(now, (int, float)):
        return abs(was - now) <= TOLERANCE
    return bool(was == now)


def _lasting(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without what another name of the set or another day changes."""
    return {
        name: _lasting(value) if isinstance(value, Mapping) else value
        for name, value in facts.items()
        if name not in PASSING
    }
