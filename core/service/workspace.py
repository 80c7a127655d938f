"""Access to data for one user: whatever is not owned by or shared with the user does not exist for them.

Pages get data sets, results, the run log and jobs only from a ``Workspace``
(tests/unit/architecture/test_data_access.py checks the code). Every call checks access again, so a revoked
share ends with the next rerun. Pixels, embeddings and scores are stored once for all users, by content hash;
reading them needs a data set that was loaded here.
"""

from collections.abc import Sequence
from pathlib import Path

from core import paths
from core.access import sharing, users
from core.access.users import User
from core.engine import Answer, Engine
from core.errors import SetNotFound
from core.experiments import run_log, sweep
from core.experiments.grid import Listed
from core.experiments.run_log import Row
from core.images.library import Library
from core.images.sources import uploads
from core.images.sources.uploads import Incoming
from core.jobs import queue
from core.jobs.queue import Config, Job
from core.release.assessment import Assessor
from core.store import Store
from core.types import ImageSet

SEEN = "tour-seen"


def load_set(user: User, name: str) -> ImageSet:
    """A data set that the user may read. Raises SetNotFound, also for one that is not shared with them."""
    return Library(user=user).get(name)


class Workspace:
    """Everything one user may read and do, on top of the store that all users share."""

    def __init__(self, user: User, root: Path, store: Store) -> None:
        self.user, self._root, self.store = user, root, store
        self.library = Library(root, user)
        self.engine = Engine(store, self.library)
        self.assessor = Assessor(store, self.library)
        self.incoming = Incoming(paths.base(user.id, root))

    def enter(self) -> None:
        """Call once per session: makes the user known for sharing and takes up pending shares."""
        if not self.user.local:
            users.arrived(self.user, self._root)
            sharing.claim(self.user, self._root)

    # -- sets ------------------------------------------------------------------------------------

    def load(self, name: str) -> ImageSet:
        return self.library.get(name)

    def check(self, sets: Sequence[ImageSet]) -> None:
        """Check that data sets loaded before may still be read. Raises SetNotFound."""
        for each in sets:
            if self.load(each.name).content != each.content:
                raise SetNotFound(each.name, self.library.names())

    def tidy(self) -> None:
        """Delete all users' uploads that were not imported in time."""
        uploads.tidy(self._root)

    # -- the run log -----------------------------------------------------------------------------

    def record(self, sets: Sequence[ImageSet], answer: Answer) -> None:
        self.check(sets)
        run_log.record(sets, answer, self.user)

    def ranked_runs(self, kind: str, sets: Sequence[ImageSet]) -> list[Row]:
        self.check(sets)
        return run_log.ranked_runs(kind, sets, self.user)

    def log(self) -> list[Row]:
        return run_log.all_runs(self.user)

    def swept(self, sets: Sequence[ImageSet], listed: Listed) -> str:
        """Key under which the store notes the rows of the user's sweep."""
        self.check(sets)
        return sweep.sweep_name(sets, listed, self.user)

    # -- jobs ------------------------------------------------------------------------------------

    def job_id(self, kind: str, sets: Sequence[ImageSet], config: Config) -> str:
        return queue.id_of(kind, sets, config, self.user)

    def job(self, job_id: str) -> Job | None:
        """None for another user's job, as for one that does not exist."""
        return queue.find(job_id) if queue.owner_of(job_id) == self.user.id else None

    def jobs(self) -> list[Job]:
        return queue.recent(user=self.user)

    def start(self, kind: str, sets: Sequence[ImageSet], config: Config) -> Job:
        self.check(sets)
        return queue.start(kind, sets, config, self.user)

    def cancel(self, job_id: str) -> None:
        if queue.owner_of(job_id) == self.user.id:
            queue.cancel(job_id)

    # -- the guided tour ---------------------------------------------------------------------------

    def first_visit(self) -> bool:
        """True once per user."""
        folder = paths.base(self.user.id, self._root)
        paths.make_folder(folder)
        seen = (folder / SEEN).exists()
        (folder / SEEN).touch()
        return not seen
