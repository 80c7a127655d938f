"""Users: by default one local user; with an OpenID provider, everyone whom it authenticates.

A user's id is a hash of the issuer and the subject, the only claims that are guaranteed to be stable (OpenID
Connect Core 1.0, section 5.7). Names and addresses are kept in one file in the user's own folder, never in a
path or a log.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import paths
from core.errors import ImprintError
from core.files import write_atomic
from core.hashing import key

TITLE = 40  # characters of a name that are kept
PROFILE = "profile.json"


@dataclass(frozen=True)
class User:
    """``title`` and ``email`` are for display and for sharing; ``email`` only if the provider verified it."""

    id: str
    title: str = field(default="", compare=False)
    email: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.id != paths.LOCAL and not re.fullmatch(r"[0-9a-f]{32}", self.id):
            raise ImprintError("That is not a user id.")  # an id is part of a path

    @property
    def local(self) -> bool:
        return self.id == paths.LOCAL

    @property
    def code(self) -> str:
        """Enough of the id to distinguish two users of the same name."""
        return self.id[:6]

    @property
    def admin(self) -> bool:
        """Whether the user may change the weights and the cache. Gives no access to others' data sets."""
        named = {each.strip().casefold() for each in os.environ.get("IMPRINT_ADMINS", "").split(",")}
        return self.local or bool({self.id, (self.email or "").casefold()} & (named - {""}))


LOCAL = User(paths.LOCAL)


def of_claims(claims: Mapping[str, Any]) -> User:
    """The user of a verified identity token. Raises ImprintError without an issuer and a subject."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        raise ImprintError("The identity provider sent no issuer or subject, so sign-in failed.")
    identity = key("user", issuer, subject)[:32]
    email = claims.get("email") if claims.get("email_verified") in (True, "true") else None
    title = claims.get("name") or claims.get("preferred_username") or ""
    return User(identity, _title(title) or f"User {identity[:6]}", _email(email))


def arrived(user: User, root: Path | None = None) -> None:
    """Store a user's name and address, so that others can share with them."""
    path = paths.base(user.id, root) / PROFILE
    data = json.dumps({"title": user.title, "email": user.email}).encode()
    if not path.exists() or path.read_bytes() != data:
        paths.make_folder(path.parent)
        write_atomic(path, data)


def known(root: Path | None = None) -> list[User]:
    """All users who have signed in."""
    return list(_known(root or paths.root()))


def find(user_id: str, root: Path | None = None) -> User:
    """A user by id, with name and address if they have ever signed in."""
    user = User(user_id)
    try:
        raw = json.loads((paths.base(user_id, root) / PROFILE).read_text("utf-8"))
        return User(user_id, _title(raw.get("title")), _email(raw.get("email")))
    except (OSError, ValueError, AttributeError):
        return user


def _known(root: Path) -> Iterator[User]:
    for path in sorted((root / paths.USERS).glob(f"*/{PROFILE}")):
        if re.fullmatch(r"[0-9a-f]{32}", path.parent.name):
            yield find(path.parent.name, root)


def _title(text: object) -> str:
    """Plain words: no markup, as others see it, and no slash, which separates owner and data set."""
    words = re.sub(r"[^\w .,'’-]+", " ", text) if isinstance(text, str) else ""
    return " ".join(words.split())[:TITLE].strip()


def _email(text: object) -> str | None:
    """Casefolded; None if it is not an address."""
    return text.strip().casefold() if isinstance(text, str) and "@" in text.strip("@ ") else None
