"""Who asks. By default one local user; with an OpenID provider, whoever it vouches for.

A person's id is a hash of the provider's address and of the subject that it calls the person by; these two
alone are sure to stay (OpenID Connect Core 1.0, section 5.7). Names and addresses stand in one file of the
person's own folder, never in a path or a log.
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

TITLE = 40  # characters of a person's name that are kept
PROFILE = "profile.json"


@dataclass(frozen=True)
class User:
    """``title`` and ``email`` are for display and for sharing; ``email`` only if the provider verified it."""

    id: str
    title: str = field(default="", compare=False)
    email: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.id != paths.LOCAL and not re.fullmatch(r"[0-9a-f]{32}", self.id):
            raise ImprintError("That is no user's id.")  # an id is part of a path

    @property
    def local(self) -> bool:
        return self.id == paths.LOCAL

    @property
    def code(self) -> str:
        """Enough of the id to tell two people of one name apart."""
        return self.id[:6]

    @property
    def admin(self) -> bool:
        """Who may change what all share: weights and the cache. It opens nobody's sets."""
        named = {each.strip().casefold() for each in os.environ.get("IMPRINT_ADMINS", "").split(",")}
        return self.local or bool({self.id, (self.email or "").casefold()} & (named - {""}))


LOCAL = User(paths.LOCAL)


def of_claims(claims: Mapping[str, Any]) -> User:
    """The person of an identity token that was checked. Raises ImprintError where it names nobody."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        raise ImprintError("The identity provider sent no issuer or subject, so sign-in failed.")
    identity = key("user", issuer, subject)[:32]
    email = claims.get("email") if claims.get("email_verified") in (True, "true") else None
    title = claims.get("name") or claims.get("preferred_username") or ""
    return User(identity, _title(title) or f"User {identity[:6]}", _email(email))


def arrived(user: User, root: Path | None = None) -> None:
    """Note how a person is called, so that others can share with them."""
    path = paths.base(user.id, root) / PROFILE
    data = json.dumps({"title": user.title, "email": user.email}).encode()
    if not path.exists() or path.read_bytes() != data:
        paths.make_folder(path.parent)
        write_atomic(path, data)


def known(root: Path | None = None) -> list[User]:
    """Everybody who has signed in here."""
    return list(_known(root or paths.root()))


def find(user_id: str, root: Path | None = None) -> User:
    """A person by id, with name and address if they ever signed in."""
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
    """Words alone: others see it, so no markup; and no slash, which parts an owner from a set."""
    words = re.sub(r"[^\w .,'’-]+", " ", text) if isinstance(text, str) else ""
    return " ".join(words.split())[:TITLE].strip()


def _email(text: object) -> str | None:
    """Casefolded; None where it is no address."""
    return text.strip().casefold() if isinstance(text, str) and "@" in text.strip("@ ") else None
