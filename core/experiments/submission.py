"""A submission in the challenge's format, written and validated: ``identifier,value``, one line per image.

Sub-task 1 (membership): 1 is used, 0 not used. Documented by the organisers' validator of 2023: no header,
every identifier exactly once, no blank line. It reads in text mode, so every kind of line end is one, and
without quoting, so that a quote is part of the identifier. Its two versions differ on spaces beside the
comma, and it takes "01" or "+1" for 1: here both are refused, which passes it all the same.

Sub-task 2 (attribution): nothing public says what a line holds. Our reading: the same form with the number
of the image's cluster. Numbers only name groups, and ARI does not see which is which: written from 1, taken
from 0.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.attribution.pipeline import Attribution
from core.engine import ATTRIBUTION, MEMBERSHIP, Answer
from core.errors import BadChoice
from core.memoize import cache_per_tuple
from core.registry import Registry
from core.types import ImageFile, Role

SHOWN = 60  # characters of a text that broke a rule

ENCODING = "the file is text in UTF-8"
MARK = "the file starts with an identifier, not with a byte order mark"
HEADER = "there is no header: the first line belongs to an image"
BLANK = "no line is blank"
QUOTES = "nothing is quoted: a quote would be part of the identifier"
SEPARATOR = "identifier and value are separated by a comma, not by a semicolon or tab"
COLUMNS = "a line is an identifier, one comma and a value"
SPACES = "no spaces at the ends of a line or beside the comma"
EXTENSION = "an identifier has no extension"


@dataclass(frozen=True)
class Task:
    """What a submission is about, and what may stand behind the comma."""

    roles: frozenset[Role]
    images: str
    value: re.Pattern[str]
    rule: str


@dataclass(frozen=True)
class Problem:
    """``line`` counts from 1; an image without a line is told behind the last. ``text`` is shortened."""

    line: int
    rule: str
    text: str


TASKS: Registry[Task] = Registry("task")
TASKS.register(
    MEMBERSHIP,
    Task(
        frozenset(Role) - {Role.GENERATED},
        "real images",
        re.compile("[01]"),
        "the value is 0 (not used) or 1 (used)",
    ),
)
TASKS.register(
    ATTRIBUTION,
    Task(
        frozenset({Role.GENERATED}),
        "generated images",
        re.compile("0|[1-9][0-9]*"),
        "the value is the number of a cluster, whole and not below 0",
    ),
)


# -- which images, and what they are called ---------------------------------------------------------------


def task_of(files: Iterable[ImageFile]) -> str:
    """What a set is likely submitted for: membership where it has real images."""
    return MEMBERSHIP if any(file.role is not Role.GENERATED for file in files) else ATTRIBUTION


def images_to_submit(files: Iterable[ImageFile], task: str) -> tuple[ImageFile, ...]:
    """The images that a submission is about. Raises BadChoice where there are none.

    Where the truth of some real images is unknown, those alone: the challenge's list holds no image whose
    truth it gave away, and its validator refuses what is not on the list.
    """
    row = TASKS.get(task)
    found = tuple(file for file in files if file.role in row.roles)
    if not found:
        raise BadChoice(f"The data set has no {row.images}, which a submission for {task} needs.")
    return tuple(file for file in found if file.role is Role.REAL_UNKNOWN) or found


def identifiers(files: Sequence[ImageFile]) -> list[str]:
    """File names without extension; where folders hold the same names, the folder tells them apart.

    Raises BadChoice where names make no identifiers.
    """
    names = [_stem(file.name.rpartition("/")[2]) for file in files]
    if len(set(names)) < len(names):
        names = [_beside(file.name) for file in files]
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise BadChoice(f"Two images would have the identifier '{name}'. Rename one of them.")
    for name in names:
        if not name.isprintable() or "," in name or _quoted(name) or name != name.strip():
            raise BadChoice(
                f"The image {name!r} can't be in a submission: a comma, a quote, an outer space or an "
                "unprintable character in a name would be misread. Rename it."
            )
    return names


# -- writing ----------------------------------------------------------------------------------------------


def membership(files: Sequence[ImageFile], used: np.ndarray) -> str:
    """Of real images and bool (n,) which are predicted "used". Raises BadChoice."""
    return _text(MEMBERSHIP, files, used.astype(int))


def attribution(files: Sequence[ImageFile], clusters: np.ndarray) -> str:
    """Of generated images and their clusters, int (n,) from 0. Raises BadChoice."""
    return _text(ATTRIBUTION, files, clusters + 1)


def check(answer: Answer) -> None:
    """Raises BadChoice where the names of the images can't stand in a submission."""
    _named(*_asked_of(answer))


def _asked_of(answer: Answer) -> tuple[tuple[ImageFile, ...], str]:
    if isinstance(answer, Attribution):
        return answer.files, ATTRIBUTION
    return tuple(answer.reported.files), MEMBERSHIP


def submission_text(answer: Answer) -> str:
    """Of whatever was asked. Raises BadChoice."""
    if isinstance(answer, Attribution):
        return attribution(answer.files, answer.clusters)
    return membership(answer.reported.files, answer.reported.predicted)


def _text(task: str, files: Sequence[ImageFile], values: np.ndarray) -> str:
    places, names = _named(tuple(files), task)
    return "".join(f"{name},{value}\n" for name, value in zip(names, values[places].tolist(), strict=True))


@cache_per_tuple
def _named(files: tuple[ImageFile, ...], task: str) -> tuple[list[int], list[str]]:
    """Places of the images that a submission is about, and their identifiers. Raises BadChoice."""
    kept = set(images_to_submit(files, task))
    places = [place for place, file in enumerate(files) if file in kept]
    return places, identifiers([files[place] for place in places])


# -- validating -------------------------------------------------------------------------------------------


def validate(submission: str | bytes, known: Sequence[str], task: str) -> tuple[Problem, ...]:
    """All that is wrong with a submission about the images with the ``known`` identifiers, by line."""
    if isinstance(submission, bytes):
        submission = submission.decode("utf-8", "surrogateescape")  # a broken byte is found in its line
    before, zero, _ = submission.partition("\0")
    if zero:  # UTF-16, or no text at all
        line = before.count("\n") + 1
        return (Problem(line, ENCODING, _shortened(submission.split("\n")[line - 1])),)
    return tuple(_Reader(known, TASKS.get(task)).problems(submission))


class _Reader:
    """Reads line by line; ``_first`` is where an image's identifier stood first."""

    def __init__(self, known: Sequence[str], task: Task) -> None:
        self._known, self._task = dict.fromkeys(known), task
        self._example = next(iter(known), "")
        self._first: dict[str, int] = {}

    def problems(self, text: str) -> Iterator[Problem]:
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines = lines if lines[-1] else lines[:-1]
        if text.startswith("\ufeff"):
            yield Problem(1, MARK, _shortened(lines[0] if lines else ""))
        for number, line in enumerate(lines, 1):
            for rule in self._broken(number, line):
                yield Problem(number, rule, _shortened(line))
        missing = [name for name in self._known if name not in self._first]
        if missing:
            lacking = "1 has none" if len(missing) == 1 else f"{len(missing)} have none"
            rule = f"every image has a line: {lacking}"
            yield Problem(len(lines) + 1, rule, _shortened(", ".join(missing)))

    def _broken(self, number: int, line: str) -> Iterator[str]:
        """The rules that a line breaks: its form's, or else those of its two parts."""
        meant = self._meant(line)
        before = self._first.setdefault(meant, number)
        rule = _form(line)
        if rule:
            yield rule
            return
        name, value = line.split(",")
        if number == 1 and meant not in self._known and not re.search("[0-9]", value):
            yield HEADER
            return
        if any(part != part.strip() for part in (name, value)):
            yield SPACES
        if meant not in self._known:
            yield f"an identifier belongs to an image of the data set, such as '{self._example}'"
        elif name.strip() != meant:
            yield EXTENSION
        if before < number:
            yield f"an identifier occurs once: this one is already in line {before}"
        if not self._task.value.fullmatch(value.strip()):
            yield self._task.rule

    def _meant(self, line: str) -> str:
        """The identifier, whatever it is wrapped in: one mistake in a line is not told as two."""
        name = re.split("[,;\t]", line)[0].strip().strip("\"'").strip()
        bare = re.sub(r"\.[A-Za-z0-9]+$", "", name)
        return bare if name not in self._known and bare in self._known else name


def _form(line: str) -> str | None:
    """The rule of form that a line breaks."""
    if any("\udc80" <= character <= "\udcff" for character in line):
        return ENCODING
    if not line.strip():
        return BLANK
    if _quoted(line):
        return QUOTES
    if "," not in line and re.search("[;\t]", line):
        return SEPARATOR
    return None if line.count(",") == 1 else COLUMNS


def _stem(name: str) -> str:
    """A file's name without its extension; a name that only starts with a dot has none."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and stem and suffix else name


def _beside(path: str) -> str:
    """The same with its folder."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{_stem(name)}"


def _quoted(text: str) -> bool:
    return '"' in text or text.startswith("'")


def _shortened(text: str) -> str:
    """And printable, whatever the file holds."""
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
