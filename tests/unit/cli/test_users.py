"""The verbs share and users: the command line is the local user's."""

from pathlib import Path

from core.access import users
from core.access.users import User
from core.images.library import Library
from core.service.workspace import Workspace
from core.store import Store
from tests.support.samples import make_set

ANN = User("a" * 32, "Ann", "ann@clinic.example")


def test_share_and_users(told, ran, home: Path, store: Store) -> None:
    """Ann has not signed in when the set is shared; later she has, and sees it until it is taken back."""
    make_set(Library(), "study")
    assert told("users") == {"users": []}
    assert told("share", "study")["shared_with"] == []
    shared = told("share", "study", "--with", "Ann@clinic.example", "--everyone")
    assert shared["shared_with"] == ["everyone", "ann@clinic.example"]
    gate = Workspace(ANN, home, store)
    gate.enter()
    assert gate.library.names() == ["Server/study"]
    assert told("users")["users"] == [
        {"id": ANN.id, "title": "Ann", "email": "ann@clinic.example", "sets": 0, "admin": False}
    ]
    assert told("share", "study", "--nobody")["shared_with"] == []
    assert gate.library.names() == []
    assert users.known() == [ANN]


def test_a_mistake_is_one_line(ran) -> None:
    make_set(Library(), "study")
    for arguments, words in (
        (("study", "--with", "ann"), "neither an e-mail address"),
        (("study", "--revoke", "ann@clinic.example"), "not shared with"),
        (("absent", "--everyone"), "no data set"),
    ):
        status, out, err = ran("share", *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert words in err
