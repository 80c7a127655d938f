"""One gate before all data: what another owns is as what never was."""

import json
from pathlib import Path

import pytest

from core.access.users import LOCAL, User
from core.config import PipelineConfig
from core.engine import ATTRIBUTION, from_json
from core.errors import BadChoice, DamagedData, SetNotFound
from core.experiments import sweep
from core.experiments.grid import Listed
from core.features import catalog
from core.jobs import queue, worker
from core.service import workspace
from core.service.workspace import Workspace
from core.store import Store
from tests.support.samples import generators, make_set

ANN = User("a" * 32, "Ann", "ann@clinic.example")
BOB = User("b" * 32, "Bob", "bob@clinic.example")
PIXELS = PipelineConfig(catalog.spec("pixels"))


@pytest.fixture
def gate(home: Path, store: Store):
    """A gate for each user, as the pages open it."""

    def opened(user: User) -> Workspace:
        found = Workspace(user, home, store)
        found.enter()
        return found

    return opened


def test_another_users_set_is_as_one_that_never_was(gate) -> None:
    """The same sentence, word for word, but for the name that was asked for."""
    ann, bob = gate(ANN), gate(BOB)
    make_set(ann.library, "study")
    with pytest.raises(SetNotFound) as others:
        bob.load("study")
    with pytest.raises(SetNotFound) as nobodys:
        bob.load("absent")
    assert str(others.value).replace("study", "absent") == str(nobodys.value)
    with pytest.raises(SetNotFound):
        workspace.load_set(BOB, "study")
    assert workspace.load_set(ANN, "study").name == "study"
    assert bob.library.names() == []
    assert gate(LOCAL).library.names() == []


def test_two_users_may_use_one_name(gate) -> None:
    """SetExists would tell Bob that Ann has a set of this name."""
    ann, bob = gate(ANN), gate(BOB)
    make_set(ann.library, "study", generators(seed=1))
    make_set(bob.library, "study", generators(seed=2))
    make_set(gate(LOCAL).library, "study", generators(seed=3))
    assert len({each.load("study").content for each in (ann, bob, gate(LOCAL))}) == 3


def test_an_image_is_read_by_a_set_that_holds_it_and_not_by_its_hash(gate) -> None:
    ann, bob = gate(ANN), gate(BOB)
    sha256 = make_set(ann.library, "study").files[0].sha256
    assert ann.library.pixels(sha256).shape == (32, 32)
    with pytest.raises(DamagedData):
        bob.library.pixels(sha256)


def test_deleting_keeps_what_anothers_set_holds(gate) -> None:
    """Ann, Bob and the local user hold the same images; the last to go takes them along."""
    three = [gate(user) for user in (ANN, BOB, LOCAL)]
    sets = [make_set(each.library, "study") for each in three]
    for place, each in enumerate(three):
        each.library.delete("study")
        for other, image_set in zip(three[place + 1 :], sets[place + 1 :], strict=True):
            for file in image_set.files:
                other.library.pixels(file.sha256)
    assert not list((three[0]._root / "images").rglob("*.png"))


def test_while_a_manifest_cant_be_read_no_image_goes(gate) -> None:
    """It may be Bob's only record of the same images."""
    ann, bob = gate(ANN), gate(BOB)
    make_set(ann.library, "study")
    make_set(bob.library, "study")
    (manifest,) = (bob._root / "users" / BOB.id / "sets").glob("*.json")
    whole = manifest.read_text()
    manifest.write_text(whole[:100])
    ann.library.delete("study")
    assert ann.library.names() == []
    manifest.write_text(whole)
    for file in bob.load("study").files:
        bob.library.pixels(file.sha256)


def test_a_set_is_not_kept_whose_images_went(gate, home: Path) -> None:
    """Bob's import found Ann's images there; she deletes her set before his manifest is written."""
    ann, bob = gate(ANN), gate(BOB)
    image_set = make_set(ann.library, "study")
    ann.library.delete("study")
    with pytest.raises(DamagedData, match="Import them again"):
        bob.library.add(image_set)


# -- sharing ------------------------------------------------------------------------------------------


def shared(ann: Workspace, who: str = "bob@clinic.example") -> str:
    """A set of Ann's, shared; the name that Bob knows it by."""
    make_set(ann.library, "study")
    ann.library.share("study", lambda share: share.given(who))
    return "Ann aaaaaa/study"


@pytest.mark.parametrize("who", ["Bob@Clinic.example ", BOB.id])
def test_a_shared_set_can_be_looked_at_and_not_changed(gate, who: str) -> None:
    ann, bob = gate(ANN), gate(BOB)
    name = shared(ann, who)
    assert bob.library.names() == [name]
    image_set = bob.load(name)
    bob.library.pixels(image_set.files[0].sha256)
    assert bob.load(name).generated is image_set.generated  # what was found of its files is not found anew
    assert not bob.library.owns(name)
    for change in (lambda: bob.library.delete(name), lambda: bob.library.share(name, lambda share: share)):
        with pytest.raises(BadChoice, match="not change it"):
            change()
    with pytest.raises(BadChoice):
        bob.library.add(image_set)
    assert ann.library.names() == ["study"]
    assert gate(User("c" * 32)).library.names() == []


def test_a_share_waits_for_whoever_signs_in_with_the_address_and_is_then_theirs(gate) -> None:
    """Another person who gets the address later does not get the set."""
    ann = gate(ANN)
    name = shared(ann)
    assert ann.library.share_of("study").pending == ("bob@clinic.example",)
    assert gate(User("c" * 32, "Bob", None)).library.names() == []  # the provider did not verify it
    assert gate(BOB).library.names() == [name]
    assert gate(User("d" * 32, "Bob", BOB.email)).library.names() == []
    assert ann.library.share_of("study").names() == ["bob@clinic.example"]


def test_a_share_that_is_taken_back_ends_at_once(gate) -> None:
    """Also for a page that has loaded the set before, and for its run log and jobs."""
    ann, bob = gate(ANN), gate(BOB)
    image_set = bob.load(shared(ann))
    assert bob.ranked_runs(ATTRIBUTION, [image_set]) == []
    ann.library.share("study", lambda share: share.taken("bob@clinic.example"))
    with pytest.raises(SetNotFound):
        bob.load(image_set.name)
    with pytest.raises(SetNotFound):
        bob.ranked_runs(ATTRIBUTION, [image_set])
    with pytest.raises(SetNotFound):
        bob.start(queue.ATTRIBUTE, [image_set], None)  # type: ignore[arg-type]
    assert list(ann._root.rglob("*.shared")) == []


def test_a_share_goes_with_its_set(gate) -> None:
    """A new set of the old name is shared with nobody."""
    ann, bob = gate(ANN), gate(BOB)
    shared(ann)
    ann.library.delete("study")
    make_set(ann.library, "study", generators(seed=9))
    assert bob.library.names() == []


def test_what_everyone_may_see_the_local_user_shares(gate) -> None:
    local = gate(LOCAL)
    make_set(local.library, "demo")
    local.library.share("demo", lambda share: type(share)(everyone=True))
    assert gate(BOB).library.names() == ["Server/demo"]
    assert local.library.names() == ["demo"]


def test_the_name_of_a_strangers_set_is_no_markup(gate) -> None:
    ann, bob = gate(ANN), gate(BOB)
    make_set(ann.library, "![x](y) <b>*c*")
    ann.library.share("![x](y) <b>*c*", lambda share: share.given(BOB.id))
    (name,) = bob.library.names()
    assert name == "Ann aaaaaa/!(x)(y) (b)·c·"
    assert len(bob.load(name)) == 18


def test_sharing_by_code_tells_no_address(gate) -> None:
    ann, _ = gate(ANN), gate(BOB)
    shared(ann, BOB.id)
    assert ann.library.share_of("study").names() == ["Bob"]


@pytest.mark.parametrize("who", ["", "bob", "@", "bob@", "b ob@clinic.example", "f" * 32])
def test_nobody_is_shared_with_by_a_name(gate, who: str) -> None:
    ann, _ = gate(ANN), gate(BOB)
    make_set(ann.library, "study")
    with pytest.raises(BadChoice, match="neither an e-mail address"):
        ann.library.share("study", lambda share: share.given(who))


# -- runs and jobs --------------------------------------------------------------------------------------


def test_a_run_log_is_its_users(gate) -> None:
    """Both hold the same images, so the question is the same; the log is not."""
    ann, bob = gate(ANN), gate(BOB)
    mine, yours = make_set(ann.library, "mine"), make_set(bob.library, "yours")
    answer = ann.engine.answer([mine], PIXELS)
    ann.record([mine], answer)
    assert [row["sets"] for row in ann.log()] == [["mine"]]
    assert len(ann.ranked_runs(ATTRIBUTION, [mine])) == 1
    assert bob.log() == bob.ranked_runs(ATTRIBUTION, [yours]) == gate(LOCAL).log() == []
    assert from_json(ann.log()[0]["spec"]) == answer.config


def test_a_sweeps_notes_are_its_users(gate) -> None:
    """Their remarks may hold names; the local user's address in the store is what it was."""
    ann, bob = gate(ANN), gate(BOB)
    mine, yours = make_set(ann.library, "mine"), make_set(bob.library, "yours")
    listed = Listed((PIXELS,))
    names = {ann.swept([mine], listed), bob.swept([yours], listed), sweep.sweep_name([mine], listed)}
    assert len(names) == 3
    assert sweep.sweep_name([mine], listed) == sweep.sweep_name([mine], listed, LOCAL)


def test_a_job_is_its_users(gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither seen nor stopped by the other, who has asked the same of the same images."""
    ann, bob = gate(ANN), gate(BOB)
    mine, yours = make_set(ann.library, "mine"), make_set(bob.library, "yours")
    started: list[list[str]] = []

    class Silent:
        pid = 0

        def __init__(self, command: list[str], **options: object) -> None:
            started.append(command)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(queue.subprocess, "Popen", Silent)
    job = ann.start(queue.ATTRIBUTE, [mine], PIXELS)
    monkeypatch.setattr(queue, "_children", [])
    assert job.owner == ANN.id
    assert started == [[started[0][0], "-m", "core.jobs", job.id]]
    assert [each.id for each in ann.jobs()] == [job.id]
    assert bob.jobs() == gate(LOCAL).jobs() == []
    assert bob.job(job.id) is None
    assert bob.job_id(queue.ATTRIBUTE, [yours], PIXELS) != job.id
    asked: list[str] = []
    monkeypatch.setattr(queue, "cancel", asked.append)
    bob.cancel(job.id)
    assert asked == []
    ann.cancel(job.id)
    assert asked == [job.id]


def test_a_worker_sees_what_its_user_sees(gate) -> None:
    """In this process, as the worker would: another's set of the task's name is not there."""
    ann, bob = gate(ANN), gate(BOB)
    make_set(ann.library, "study")
    for each, state in ((ann, "done"), (bob, "failed")):
        image_set = ann.load("study")
        job_id = queue.id_of(queue.ATTRIBUTE, [image_set], PIXELS, each.user)
        job = queue.Job(job_id, queue.ATTRIBUTE, ("study",), "running", 0.0)
        task = {"sets": ["study"], "config": PIXELS.as_json()}
        queue.state_path(job_id, "task").write_text(json.dumps(task))
        worker._carry_out(job)
        assert each.job(job_id).state == state  # type: ignore[union-attr]
    assert "There is no data set" in bob.jobs()[0].error


def test_the_tour_is_shown_to_everybody_once(gate, home: Path) -> None:
    assert [gate(user).first_visit() for user in (ANN, BOB, ANN, LOCAL)] == [True, True, False, True]
    assert (home / "tour-seen").exists()
