"""With whom a data set is shared: a small file beside its manifest, written only for the set's owner.

Shares are by user id. An e-mail address stands for the user whom the provider has verified to own it. If that
user has signed in before, the share takes effect at once; otherwise it is pending until the first user signs
in with the address, and stays theirs even if the address later passes to somebody else.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core import paths
from core.access import users
from core.access.users import User
from core.errors import BadChoice
from core.files import write_atomic

SUFFIX = ".shared"


@dataclass(frozen=True)
class Share:
    """``people``: id to the name the owner entered; ``pending``: addresses; ``everyone``: who signs in."""

    people: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    everyone: bool = False

    def reaches(self, user: User) -> bool:
        return not user.local and (self.everyone or user.id in self.people)

    def names(self) -> list[str]:
        """What the owner sees."""
        return ["everyone"] * self.everyone + sorted([*self.people.values(), *self.pending])

    def given(self, name: str, root: Path | None = None) -> "Share":
        """Shared with one more user, by address or by code (the whole id). Raises BadChoice."""
        wanted = name.strip().casefold()
        person = next((each for each in users.known(root) if wanted in (each.id, each.email)), None)
        if person is not None:
            called = wanted if "@" in wanted else person.title  # a code must not reveal an address
            return replace(self, people={**self.people, person.id: called})
        if "@" not in wanted.strip("@") or any(character.isspace() for character in wanted):
            raise BadChoice(
                f"'{name}' is neither an e-mail address nor the code of a user who has signed in."
            )
        return replace(self, pending=tuple(sorted({*self.pending, wanted})))

    def taken(self, name: str) -> "Share":
        """No longer shared with a user, by address, code or the name in ``names``. Raises BadChoice."""
        wanted = name.strip().casefold()
        people = {
            each: called for each, called in self.people.items() if wanted not in (each, called.casefold())
        }
        pending = tuple(each for each in self.pending if each != wanted)
        changed = replace(self, people=people, pending=pending)
        if changed == self:
            raise BadChoice(f"The data set is not shared with '{name}'.")
        return changed


def read(manifest: Path) -> Share:
    """The share of a data set, by its manifest; a file that can't be read shares with nobody."""
    try:
        raw = json.loads(manifest.with_suffix(SUFFIX).read_text("utf-8"))
        people = {str(each): str(called) for each, called in raw["people"].items()}
        return Share(people, tuple(map(str, raw["pending"])), raw["everyone"] is True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Share()


def write(manifest: Path, share: Share) -> None:
    path = manifest.with_suffix(SUFFIX)
    if share == Share():
        path.unlink(missing_ok=True)
        return
    raw = {"people": dict(share.people), "pending": list(share.pending), "everyone": share.everyone}
    write_atomic(path, json.dumps(raw).encode())


def shared(root: Path) -> Iterator[tuple[str, Path]]:
    """The owner's id and the manifest of every shared data set."""
    for path in sorted(root.glob(f"sets/*{SUFFIX}")):
        yield paths.LOCAL, path.with_suffix(".json")
    for path in sorted(root.glob(f"{paths.USERS}/*/sets/*{SUFFIX}")):
        yield path.parents[1].name, path.with_suffix(".json")


def claim(user: User, root: Path) -> None:
    """Pending shares for this user's address become shares with this user."""
    if user.email is None or not any(user.email in read(manifest).pending for _, manifest in shared(root)):
        return
    with alone(root):
        for _, manifest in shared(root):
            share = read(manifest)
            if user.email in share.pending:
                waiting = tuple(each for each in share.pending if each != user.email)
                people = {**share.people, user.id: user.email}
                write(manifest, replace(share, people=people, pending=waiting))


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """A lock: data sets and shares are added or removed one at a time."""
    folder = os.open(root / "images", os.O_RDONLY)  # the folder itself is the lock
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
