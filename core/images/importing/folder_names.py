"""The meaning of a folder name: generated or real, used or not, development or test, or a numbered data set.

The names come from the challenge's editions, participants' public code and other membership inference tools;
letter case, spaces, hyphens and numbers are ignored.
"""

import functools
import re
from dataclasses import dataclass

from core.types import Role

GENERATED, REAL = "generated", "real"
USED, NOT_USED, UNKNOWN = "used", "not used", "unknown"
DEVELOPMENT, TEST = "development", "test"

SOURCES = {
    **dict.fromkeys(("generated", "gen", "synthetic", "synth", "fake", "fakes"), GENERATED),
    **dict.fromkeys(("real", "reals", "original", "originals"), REAL),
}
USES = {
    **dict.fromkeys(("used", "realused"), USED),
    **dict.fromkeys(("unused", "notused", "nonused", "realnotused", "realunused"), NOT_USED),
    **dict.fromkeys(("unknown", "unlabelled", "unlabeled", "realunknown"), UNKNOWN),
}
PARTS = {
    **dict.fromkeys(("development", "dev", "develop", "train", "training"), DEVELOPMENT),
    **dict.fromkeys(("val", "valid", "validation"), DEVELOPMENT),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), TEST),
}
# Words without meaning for the content of a folder, and those that number one of several data sets.
FILLERS = frozenset(
    (
        "img",
        "imgs",
        "image",
        "images",
        "slice",
        "slices",
        "scan",
        "scans",
        "ct",
        "set",
        "data",
        "png",
        "folder",
    )
)
SETS = frozenset(("db", "dataset", "datasets", "task", "subtask", "year", "part"))
NUMBERED_SET = re.compile(r"(db|data_?set|task|sub_?task|year|20)[ _-]*\d+", re.IGNORECASE)
# Other tools' names for members and held-out images, and ambiguous names: the user is asked.
ASKED = frozenset(
    (
        *(
            "control",
            "controls",
            "holdout",
            "hold",
            "out",
            "in",
            "member",
            "members",
            "nonmember",
            "nonmembers",
        ),
        *("non", "seen", "unseen", "positive", "negative", "include", "included", "exclude", "excluded"),
        *("reference", "target", "shadow", "mask", "masks", "label", "labels"),
        *("unknown", "unlabelled", "unlabeled", *PARTS),
    )
)
SUBSET = re.compile(r"t\d{1,2}", re.IGNORECASE)  # training subsets t1 to t5 of the second task in 2025
SHARD = re.compile(r"\d{4,}")  # StyleGAN's 00000, 00001: part of a data set, not a class


@dataclass(frozen=True, slots=True)
class Meaning:
    """``source``, ``use``, ``part``: None if the name does not say. ``plain``: it contains other words."""

    source: str | None = None
    use: str | None = None
    part: str | None = None
    plain: bool = False

    @property
    def says_role(self) -> bool:
        return bool(self.source or self.use)


def words_of(name: str) -> list[str]:
    """The words in a name, in lower case and without numbers: ``Subtask1_dev`` gives subtask, dev."""
    return re.findall(r"[^\W\d_]+", _split(name))


def _split(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()


@functools.cache
def meaning(name: str) -> Meaning:
    """The meaning of a folder's name."""
    words = words_of(name)
    said: dict[str, str] = {}
    place = 0
    while place < len(words):
        pair = "".join(words[place : place + 2])
        if words[place] in ("not", "non", "un") and pair in USES:
            said["use"], place = USES[pair], place + 1
        elif not _take(words[place], said):
            return Meaning(plain=True)
        place += 1
    return Meaning(said.get("source"), said.get("use"), said.get("part"))


def _take(word: str, said: dict[str, str]) -> bool:
    """Add a word's meaning to ``said``; False for an unknown word."""
    for kind, known in (("use", USES), ("source", SOURCES), ("part", PARTS)):
        if word in known:
            said[kind] = known[word]
            return True
    return word in FILLERS or word in SETS


def role(source: str | None, use: str | None) -> Role | None:
    """The role; None if the two contradict each other, or do not say whether an image is real."""
    if source == GENERATED:
        return Role.GENERATED if use in (None, UNKNOWN) else None
    if use == USED:
        return Role.REAL_USED
    if use == NOT_USED:
        return Role.REAL_NOT_USED
    return Role.REAL_UNKNOWN if source == REAL else None


def role_of(name: str) -> Role | None:
    """The role given by a name alone: ``Real-Unknown_2`` is real_unknown."""
    said = meaning(name)
    return role(said.source, said.use)


def names_a_set(name: str) -> bool:
    """Whether a name numbers one of several data sets: ``DB1``, ``task 2``, ``2024``."""
    found = NUMBERED_SET.match(name.strip())
    return found is not None and not meaning(name).plain


def says_nothing(name: str) -> bool:
    """Whether a name is that of a shard, or has only words without meaning."""
    return bool(SHARD.fullmatch(name)) or (bool(words_of(name)) and set(words_of(name)) <= FILLERS)


def is_asked(name: str) -> bool:
    """Whether a name is ambiguous, so that the user must give the role."""
    words = words_of(name)
    return any(word in ASKED for word in words) and all(word in ASKED or word in FILLERS for word in words)


def without_part(name: str) -> str:
    """A name without development or test: ``DB1_test`` and ``DB1 dev`` both give ``db 1``."""
    words = re.findall(r"[^\W\d_]+|\d+", _split(name))
    kept = [word for word in words if word not in PARTS and word not in FILLERS and word != "dataset"]
    numbers_alone = all(word.isdecimal() for word in kept)
    return "" if numbers_alone and not names_a_set(name) else " ".join(kept)
