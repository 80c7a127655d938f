"""Named rows: a backbone, a clustering, a layout is one entry; selectors read ``names()``."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from core.errors import UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """Insertion-ordered names to rows. A duplicate is refused, an unknown name lists the known ones."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows: dict[str, T] = {}

    def register(self, name: str, row: T) -> T:
        if name in self._rows:
            raise ValueError(f"{self.kind} '{name}' is registered twice")
        self._rows[name] = row
        return row

    def get(self, name: str) -> T:
        try:
            return self._rows[name]
        except KeyError:
            raise UnknownName(self.kind, name, self.names()) from None

    def names(self) -> list[str]:
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._rows.items())
