"""Data sets as the paper uses them: fitted on a development part, reported on a test part."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import BadChoice, SetNotFound
from core.images.importing.folder_names import DEVELOPMENT, TEST
from core.images.library import Library
from core.paper import tables
from core.types import ImageSet
from core.wording import counted

NUMBER = re.compile(r"\bDB ?(\d+)\b", re.IGNORECASE)  # the challenge's DB1 and DB2


@dataclass(frozen=True)
class DataSet:
    """``development`` is None for a test part whose development part does not exist (any more)."""

    development: ImageSet | None
    test: ImageSet | None = None

    @property
    def parts(self) -> tuple[ImageSet, ...]:
        return tuple(part for part in (self.development, self.test) if part is not None)

    @property
    def name(self) -> str:
        return self.parts[0].name

    @property
    def real(self) -> bool:
        """Whether it has real images, as the membership inference attacks need."""
        return bool(self.parts[0].real)

    @property
    def number(self) -> str | None:
        """DB1 or DB2, as the paper's columns are named, where the name says so."""
        found = NUMBER.search(self.name)
        return found and f"DB{int(found[1])}"

    @property
    def order(self) -> list[tuple[int, str]]:
        """To sort by: the natural order of names."""
        return _order(self.parts[0])

    def fits(self, table: str) -> bool:
        return table in tables.fitting(self.real)

    def asked(self, table: str) -> list[ImageSet]:
        """What a table's rows are evaluated on; empty if that part does not exist.

        Tables 3 and 4: fitted on development, reported on test. Table 2: development. Table 5: test, or
        development if there is no test part.
        """
        if table in tables.MEMBERSHIPS:
            return list(self.parts) if self.development else []
        if table == "2":
            return [self.development] if self.development else []
        return [self.parts[-1]]


def find(word: str, library: Library) -> list[ImageSet]:
    """The data set of this name, or else all whose names begin with it; at whole words if there are any.

    Raises SetNotFound.
    """
    every = library.all()
    exact = [each for each in every if each.name == word]
    if exact:
        return exact
    begun = [each for each in every if each.name.startswith(word) and word]
    whole = [each for each in begun if not (each.name[len(word)].isalnum() and word[-1].isalnum())]
    if not begun:
        raise SetNotFound(word, library.names())
    return sorted(whole or begun, key=_order)


def paired(chosen: Iterable[ImageSet], library: Library) -> list[DataSet]:
    """Data sets of the chosen parts, each once, in their order; each with its other part."""
    found: dict[str, DataSet] = {}
    for each in chosen:
        made = _data_set(each, library)
        found.setdefault(made.name, made)
    return list(found.values())


def with_tests(chosen: Sequence[ImageSet], tests: Sequence[ImageSet]) -> list[DataSet]:
    """Data sets with a test part named for each. Raises BadChoice if there are not as many."""
    if len(chosen) != len(tests):
        raise BadChoice(
            "--test must be given once per data set, in their order: "
            f"{counted(len(chosen), 'data set')}, {counted(len(tests), 'test set')}."
        )
    return [DataSet(development, test) for development, test in zip(chosen, tests, strict=True)]


def siblings(image_set: ImageSet, others: Iterable[ImageSet]) -> list[ImageSet]:
    """Those that differ from a data set in the number of DB1 and DB2 only, itself included."""
    if NUMBER.search(image_set.name) is None:
        return [image_set]
    alike = [each for each in others if _unnumbered(each.name) == _unnumbered(image_set.name)]
    return sorted({each.name: each for each in (*alike, image_set)}.values(), key=_order)


def partner_of(development: ImageSet, library: Library) -> ImageSet | None:
    """The test part imported with it, or else the one of the same name with "test" for "development"."""
    return library.pair_of(development) or _named(development, DEVELOPMENT, TEST, library)


def _data_set(part: ImageSet, library: Library) -> DataSet:
    test = partner_of(part, library)
    if test is not None:
        return DataSet(part, test)
    development = _named(part, TEST, DEVELOPMENT, library)
    if part.part == TEST:
        own = [each for each in library.all() if each.part == DEVELOPMENT and each.pair == part.name]
        development = own[0] if own else None
        return DataSet(development, part)
    return DataSet(part) if development is None else DataSet(development, part)


def _named(part: ImageSet, word: str, other: str, library: Library) -> ImageSet | None:
    """The data set of the same kind that is named alike but for one word; None if imports pair the part."""
    name = part.name.replace(word, other)
    if part.part is not None or name == part.name:
        return None
    try:
        found = library.get(name)
    except SetNotFound:
        return None
    return found if bool(found.real) == bool(part.real) else None


def _unnumbered(name: str) -> str:
    return NUMBER.sub("DB", name)


def _order(image_set: ImageSet) -> list[tuple[int, str]]:
    """Natural order of names: DB2 before DB10."""
    parts = re.split(r"(\d+)", image_set.name)
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts]
