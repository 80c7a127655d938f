"""Two people at one server, signed in at a provider on loopback: the one's is not there for the other.

Every address and every id that the server gives Ann is asked for by Ann, by Bob and by somebody who has not
signed in. A page is refused when it says to the letter what it says of a set that never was.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from core.experiments import run_log
from core.images.library import Library
from core.jobs import queue
from core.service.workspace import Workspace
from core.store import Store
from pages.ui import routes
from tests.signin.conftest import ANNS, BOBS, Place
from tests.signin.visitor import Seen, Visitor

PAGES = [path.removesuffix(".py").partition("_")[2] for path, _ in routes.PAGES]
ABSENT = "No such set"
LBP = {"set": ANNS, "backbone": "LBP"}


@dataclass
class Belongings:
    """All of Ann's that has a name or an address."""

    pages: list[tuple[str, str]] = field(default_factory=list)
    media: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def ann(place: Place) -> Iterator[Visitor]:
    """Signed in, with the session that all below is asked of still open."""
    visitor = place.visitor("ann")
    yield visitor
    visitor.leave()


@pytest.fixture(scope="module")
def bob(place: Place, ann: Visitor, theirs: Belongings) -> Visitor:
    return place.visitor("bob")


@pytest.fixture(scope="module")
def nobody(place: Place) -> Visitor:
    return place.visitor()


@pytest.fixture(scope="module")
def theirs(place: Place, ann: Visitor) -> Belongings:
    """What Ann makes by looking at every page of hers, and what there is then."""
    found = Belongings()
    for _ in range(60):  # LBP of 36 images is a job of a second or two
        ann.open("Generators", urlencode(LBP))
        if _log(place, "ann"):
            break
    addresses = [(page, urlencode(LBP)) for page in PAGES]
    addresses += [
        (page, urlencode({"set": BOBS, "test": ANNS})) for page in ("Regions", "Compare", "What-if")
    ]
    for page, query in addresses:
        seen = ann.open(page, query)
        found.pages.append((page, query))
        found.pages += [each for each in links(seen) if each not in found.pages]
        found.media |= set(re.findall(r"/media/[\w.]+", seen.text()))
        found.pictures |= set(re.findall(r"data:image/webp;base64,[\w+/=]{200}", seen.text()))
    user = place.user("ann")
    log = _log(place, "ann")
    found.pages.append(("Compare", urlencode({"set": ANNS, "of": ",".join(row["id"][:12] for row in log)})))
    found.runs = {str(row["id"]) for row in log}
    found.jobs = {
        f"{user.id}-{path.stem}" for path in (place.home / "users" / user.id / "jobs").glob("*.json")
    }
    found.images = {file.sha256 for file in Library(place.home, user).get(ANNS).files}
    found.sessions = {ann.session}
    found.uploads = {f"/_stcore/upload_file/{ann.session}/a-file"}
    assert found.runs
    assert found.jobs
    assert found.pictures
    return found


def links(seen: Seen) -> list[tuple[str, str]]:
    """Page and query of every link in what came."""
    hrefs = re.findall(r'href="([^"]+)"', seen.text())
    return [
        (urlsplit(href).path, urlsplit(href).query.replace("&amp;", "&")) for href in hrefs if "set=" in href
    ]


def _log(place: Place, name: str) -> list[run_log.Row]:
    folder = place.home / "users" / place.user(name).id / "runs"
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def fresh(visitor: Visitor, page: str, query: str) -> Seen:
    """A link, opened in a tab of its own."""
    visitor.leave()
    return visitor.open(page, query)


def is_refused(visitor: Visitor, page: str, query: str, theirs: Belongings) -> bool:
    """What a page tells while it computes something for the first time, it does not tell again."""
    for _ in range(4):
        seen, measure = fresh(visitor, page, query), fresh(visitor, page, absent(query))
        if leaks(seen, theirs):
            return False
        if seen.text() == measure.text():
            return True
    print(page, query, set(seen.text().split("\n")) ^ set(measure.text().split("\n")))
    return False


def absent(query: str) -> str:
    """The same address, of a set that never was."""
    return urlencode([(name, ABSENT if value == ANNS else value) for name, value in parse_qsl(query)])


def leaks(seen: Seen, theirs: Belongings) -> list[str]:
    """What of Ann's came along."""
    text = seen.text()
    names = [*theirs.pictures, *theirs.runs, *theirs.jobs, *theirs.images, ANNS, "Ann "]
    return [name for name in names if name in text]


def test_whoever_is_not_signed_in_sees_the_way_to_sign_in_and_nothing_more(
    nobody: Visitor, theirs: Belongings
) -> None:
    refused = 0
    for page, query in theirs.pages:
        seen = nobody.open(page, query)
        refused += list(seen.buttons()) == ["Sign in"] and not leaks(seen, theirs)
        nobody.leave()
    print(f"not signed in: {len(theirs.pages)} addresses of pages, {refused} refused")
    assert refused == len(theirs.pages)


def test_another_users_pages_are_as_those_of_no_set(
    ann: Visitor, bob: Visitor, theirs: Belongings, place: Place
) -> None:
    """Ann's set, link by link, for Bob; the same links of a set that never was are the measure."""
    refused, opened = 0, 0
    for page, query in theirs.pages:
        opened += ANNS in ann.open(page, query).text()
        refused += is_refused(bob, page, query, theirs)
    bob.leave()
    print(f"Bob: {len(theirs.pages)} addresses of pages, {refused} refused; {opened} opened for Ann")
    assert refused == len(theirs.pages)
    assert opened >= len(PAGES)
    own = bob.open("Data", urlencode({"set": BOBS}))
    assert "data:image/webp" in own.text()  # Bob is refused what isn't Bob's, and nothing else
    assert BOBS in own.text()


def test_no_file_of_another_is_fetched_by_its_address(
    ann: Visitor, bob: Visitor, nobody: Visitor, theirs: Belongings
) -> None:
    """Nothing of Ann's had an address but the icon, which is the program's; ids make none either."""
    guessed = {f"/media/{each}{ending}" for each in theirs.images for ending in ("", ".png")}
    guessed |= {f"/media/{each}{ending}" for each in theirs.runs | theirs.jobs for ending in ("", ".json")}
    guessed |= {f"/{folder}/{each}.png" for folder in ("images", "app/static") for each in theirs.images}
    guessed |= {"/_stcore/metrics", "/_stcore/agent/openapi.json"}
    bob.leave()
    addresses = sorted(theirs.media | guessed)
    answers: Counter[str] = Counter()
    for address in addresses:
        for name, visitor in (("Bob", bob), ("nobody", nobody)):
            answer = visitor.http.get(address)
            page = "text/html" in answer.headers.get("content-type", "")  # the program itself, for any path
            answers[name] += answer.status_code == 404 or (page and b"<noscript>" in answer.content)
    print(f"{len(addresses)} addresses of files, refused: {dict(answers)}")
    assert answers == {"Bob": len(addresses), "nobody": len(addresses)}
    assert len(theirs.media) <= 1
    for address in theirs.media:
        assert ann.http.get(address).status_code == 200


def test_nothing_is_put_into_anothers_session(
    ann: Visitor, bob: Visitor, nobody: Visitor, theirs: Belongings
) -> None:
    for address in theirs.uploads:
        assert [put(visitor, address) for visitor in (bob, nobody, ann)] == [404, 404, 204]
        assert [put(visitor, address, "DELETE") for visitor in (bob, nobody, ann)] == [404, 404, 204]
    print(f"{len(theirs.uploads)} address for uploads: refused to Bob and to nobody, answered to Ann")


def put(visitor: Visitor, address: str, method: str = "PUT") -> int:
    visitor.http.get("/_stcore/health")
    token = {"X-Xsrftoken": visitor.http.cookies["_streamlit_xsrf"]}
    return visitor.http.request(method, address, files={"file": ("a.png", b"x")}, headers=token).status_code


def test_a_session_is_not_resumed_by_another(bob: Visitor, nobody: Visitor, theirs: Belongings) -> None:
    for visitor in (bob, nobody):
        visitor.leave()
        for session in theirs.sessions:
            seen = visitor.open("Data", urlencode({"set": ANNS}), resume=session)
            assert visitor.session != session
            assert not leaks(seen, theirs)
        visitor.leave()


def test_jobs_and_runs_are_not_there_for_another(place: Place, theirs: Belongings) -> None:
    """The ids themselves, at the gate that the pages use."""
    gate = Workspace(place.user("bob"), place.home, Store(place.home / "store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPRINT_HOME", str(place.home))
        assert all(queue.find(each) is not None for each in theirs.jobs)
        assert all(gate.job(each) is None for each in theirs.jobs)
        assert not theirs.jobs & {job.id for job in gate.jobs()}
        assert not theirs.runs & {row["id"] for row in gate.log()}
    gate.store.close()
    print(f"{len(theirs.jobs)} ids of jobs and {len(theirs.runs)} of runs: none for Bob")


def test_a_share_opens_a_set_and_taking_it_back_closes_it(place: Place, ann: Visitor, bob: Visitor) -> None:
    library = Library(place.home, place.user("ann"))
    name = f"Ann {place.user('ann').code}/{ANNS}"
    query = urlencode({"set": name})
    library.share(ANNS, lambda share: share.given("bob@clinic.example", place.home))
    opened = bob.open("Data", query).text()
    assert "data:image/webp" in opened
    assert "36 generated" in opened
    assert "Delete this data set" not in opened
    library.share(ANNS, lambda share: share.taken("bob@clinic.example"))
    assert name not in bob.open("Data", query).text()
    bob.leave()


def test_no_name_and_no_address_of_a_person_is_in_a_path_or_the_log(place: Place, ann: Visitor) -> None:
    paths = [str(path.relative_to(place.home)) for path in place.home.rglob("*")]
    said = place.log.read_text()
    for word in ("ann@", "bob@", "clinic", "subject-of"):
        assert not [path for path in paths if word in path.lower()]
        assert word not in said.lower()
    assert ANNS not in said


def test_a_cookie_that_nobody_signed_is_nobody(place: Place, nobody: Visitor, theirs: Belongings) -> None:
    """As if Bob wrote a cookie that says he is Ann."""
    forged = place.visitor()
    claims = {**place.provider.claims("ann"), "is_logged_in": True, "origin": place.url}
    forged.http.cookies.set("_streamlit_user", json.dumps(claims).replace(";", ""), domain="127.0.0.1")
    seen = forged.open("Data", urlencode({"set": ANNS}))
    assert list(seen.buttons()) == ["Sign in"]
    assert not leaks(seen, theirs)
