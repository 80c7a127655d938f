"""Signing in, sharing, and what is for administrators alone, on the pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access import users
from core.access.users import User
from core.images.library import Library
from pages.ui.data import upload
from pages.ui.server import middleware
from pages.ui.session import identity
from tests.app.conftest import LIMIT, ROOT
from tests.support import textures

ANN = {
    "is_logged_in": True,
    "iss": "https://id.example",
    "sub": "1",
    "name": "Ann",
    "email": "ann@clinic.example",
    "email_verified": True,
}
AUTH = {"client_id": "imprint", "cookie_secret": "secret", "redirect_uri": "http://127.0.0.1/oauth2callback"}


@pytest.fixture
def ann(home: Path) -> User:
    user = users.of_claims(ANN)
    textures.install(Library(home, user), "Annette's own", per_generator=4)
    textures.install(Library(home), "the local user's", per_generator=4, seed=1)
    return user


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """A page where people sign in, as somebody who has, or has not."""
    monkeypatch.chdir(ROOT)

    def run(page: str, claims: dict[str, object], **address: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LIMIT).switch_page(page)
        test.secrets["auth"] = AUTH
        test.user = claims
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return run


@pytest.mark.parametrize("claims", [{}, {"is_logged_in": False}], ids=["nothing", "said so"])
def test_whoever_is_not_signed_in_sees_a_button(signed_in, ann: User, claims: dict) -> None:
    test = signed_in("pages/9_Data.py", {"is_logged_in": False, **claims}, set="Annette's own")
    assert not test.exception
    assert [button.label for button in test.button] == ["Sign in"]
    assert not test.selectbox
    assert not test.metric


def test_who_signs_in_sees_their_own_sets_and_the_way_out(signed_in, ann: User) -> None:
    test = signed_in("pages/9_Data.py", ANN)
    assert not test.exception
    assert test.selectbox(key="set").options == ["Annette's own"]
    assert "Sign out" in [button.label for button in test.button]
    assert "Delete" in [button.label for button in test.button]


def test_a_token_without_a_subject_opens_nothing(signed_in, ann: User) -> None:
    test = signed_in("pages/9_Data.py", {**ANN, "sub": None})
    assert [error.value for error in test.error] == [
        "The identity provider sent no issuer or subject, so sign-in failed."
    ]
    assert not test.selectbox


def test_the_owner_shares_by_address_and_takes_it_back(signed_in, ann: User, home: Path) -> None:
    library = Library(home, ann)
    test = signed_in("pages/9_Data.py", ANN)
    test.text_input(key="share_with").input("Bob@clinic.example")
    next(button for button in test.button if button.label == "Share").click().run()
    assert not test.exception
    assert library.share_of("Annette's own").names() == ["bob@clinic.example"]
    next(button for button in test.button if button.label == "Stop sharing").click().run()
    assert library.share_of("Annette's own").names() == []


def test_the_cache_and_the_folder_are_shown_to_administrators(
    signed_in, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = signed_in("pages/10_System.py", ANN)
    assert "Verify" not in [button.label for button in test.button]
    assert "Folder" not in list(test.dataframe[-1].value["property"])
    monkeypatch.setenv("IMPRINT_ADMINS", "ann@clinic.example")
    test = signed_in("pages/10_System.py", ANN)
    assert "Verify" in [button.label for button in test.button]
    assert "Folder" in list(test.dataframe[-1].value["property"])


def test_where_nobody_listed_folders_none_of_the_server_is_for_who_signs_in(signed_in, ann: User) -> None:
    test = signed_in("pages/9_Data.py", ANN)
    test.button_group(key="way").set_value(upload.SERVER).run()
    test.text_input(key="path").input("/etc")
    test.button(key="look").click().run()
    assert [error.value for error in test.error] == [
        "No folder of the server may be imported. The administrator can list folders in IMPRINT_FOLDERS."
    ]


def test_where_signing_in_is_required_a_lost_file_opens_nothing(
    open_page: Callable[..., AppTest], small: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(identity.REQUIRED, "required")
    test = open_page("pages/9_Data.py")
    assert [error.value for error in test.error] == [identity.UNREADABLE]
    assert not test.selectbox


# -- the door ---------------------------------------------------------------------------------------------


class Streamlit:
    """As much of a runtime as the door looks at: Ann's session with one file, and one of Bob's."""

    def __init__(self) -> None:
        self._session_mgr = self.media_file_mgr = self
        sessions = {"ann-1": ANN, "bob-1": {**ANN, "sub": "2"}, "gone": {}}
        self._found = [_info(name, claims) for name, claims in sessions.items()]
        self._files_by_session_and_coord = {"ann-1": {"a": "file-of-ann"}, "gone": {"a": "file-of-gone"}}

    def list_sessions(self) -> list[object]:
        return self._found


def _info(name: str, claims: dict[str, object]) -> object:
    session_ = type("Session", (), {"id": name, "_user_info": claims})()
    return type("Info", (), {"session": session_})()


@pytest.mark.parametrize(
    ("path", "for_ann", "for_bob"),
    [
        ("", True, True),
        ("static/js/index.js", True, True),
        ("_stcore/health", True, True),
        ("media/file-of-ann.html", True, False),
        ("media/file-of-gone.html", False, False),
        ("media/", False, False),
        ("_stcore/upload_file/ann-1/x", True, False),
        ("_stcore/upload_file/bob-1/x", False, True),
        ("_stcore/upload_file/gone/x", False, False),
        ("_stcore/metrics", False, False),
        ("_stcore/agent/interact", False, False),
    ],
)
def test_a_file_is_for_the_user_of_its_session(
    path: str, for_ann: bool, for_bob: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "protected", lambda: True)
    monkeypatch.setattr(middleware.runtime, "get_instance", Streamlit)
    for claims, allowed in ((ANN, for_ann), ({**ANN, "sub": "2"}, for_bob)):
        monkeypatch.setattr(middleware, "signed_in", lambda headers, claims=claims: users.of_claims(claims))
        assert middleware.opens(path, {}) == allowed
    monkeypatch.setattr(middleware, "signed_in", lambda headers: None)
    assert middleware.opens(path, {}) == (path in ("", "static/js/index.js", "_stcore/health"))


def test_another_streamlit_hands_out_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "protected", lambda: True)
    monkeypatch.setattr(middleware, "signed_in", lambda headers: users.of_claims(ANN))
    monkeypatch.setattr(middleware.runtime, "get_instance", object)
    assert not middleware.opens("media/file-of-ann.html", {})


def test_the_local_user_fetches_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "protected", lambda: False)
    assert middleware.opens("media/anything", {})
