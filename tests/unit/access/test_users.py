"""Who somebody is: an id of issuer and subject, and names that open nothing."""

from pathlib import Path

import pytest

from core.access import users
from core.access.users import LOCAL, User
from core.errors import ImprintError

ANN = {
    "iss": "https://id.example",
    "sub": "17",
    "name": "Ann / Lee\n",
    "email": "Ann@Clinic.example",
    "email_verified": True,
}


def test_an_id_is_of_issuer_and_subject_alone() -> None:
    """Name and address may change; the same subject of another issuer is another person."""
    ann = users.of_claims(ANN)
    assert ann == users.of_claims({**ANN, "name": "Ann Smith", "email": "other@clinic.example"})
    assert ann != users.of_claims({**ANN, "iss": "https://other.example"})
    assert ann != users.of_claims({**ANN, "sub": "18"})
    assert "ann" not in ann.id
    assert len(ann.id) == 32


def test_issuer_and_subject_are_not_run_together() -> None:
    first = users.of_claims({"iss": "https://a", "sub": "b/c"})
    assert first != users.of_claims({"iss": "https://a/b", "sub": "c"})


@pytest.mark.parametrize(
    "claims", [{}, {"iss": "https://a"}, {"sub": "1"}, {"iss": "", "sub": "1"}, {"iss": 1}]
)
def test_whoever_is_not_named_is_nobody(claims: dict) -> None:
    with pytest.raises(ImprintError, match="sign-in failed"):
        users.of_claims(claims)


def test_only_a_verified_address_counts() -> None:
    assert users.of_claims(ANN).email == "ann@clinic.example"
    assert users.of_claims({**ANN, "email_verified": False}).email is None
    assert (
        users.of_claims({name: value for name, value in ANN.items() if name != "email_verified"}).email
        is None
    )


def test_a_title_is_one_line_without_a_slash() -> None:
    assert users.of_claims(ANN).title == "Ann Lee"
    assert (
        users.of_claims({**ANN, "name": "[Ann](https://x) <b>\x00O'Neil-Lee"}).title
        == "Ann https x b O'Neil-Lee"
    )


@pytest.mark.parametrize("identity", ["../local", "LOCAL", "", "0" * 31, "g" * 32, "0" * 32 + "\n"])
def test_an_id_can_be_no_path(identity: str) -> None:
    with pytest.raises(ImprintError):
        User(identity)


def test_who_arrives_is_known_by_address_and_in_no_path(home: Path) -> None:
    ann = users.of_claims(ANN)
    users.arrived(ann)
    (known,) = users.known()
    assert (known, known.title, known.email) == (ann, "Ann Lee", "ann@clinic.example")
    paths = [str(path.relative_to(home)) for path in home.rglob("*")]
    assert not [path for path in paths if "ann" in path.lower() or "clinic" in path.lower()]


def test_an_administrator_is_named_by_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, unverified = users.of_claims(ANN), users.of_claims({**ANN, "email_verified": False})
    assert LOCAL.admin
    assert not ann.admin
    monkeypatch.setenv("IMPRINT_ADMINS", "bob@clinic.example, ANN@clinic.example")
    assert ann.admin
    assert not unverified.admin
    monkeypatch.setenv("IMPRINT_ADMINS", ann.id)
    assert unverified.admin
