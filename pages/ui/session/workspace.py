"""The workspace of the current user: one store for all users, a library for each."""

import functools
from pathlib import Path

from core import paths
from core.access.users import User
from core.attribution.pipeline import Pipeline
from core.engine import Engine
from core.images.library import Library
from core.membership.cluster_distance import ClusterDistanceAttack
from core.membership.reconstruction.attack import ReconstructionAttack
from core.service.workspace import Workspace
from core.store import Store
from pages.ui.session import identity

MOST = 64  # users whose workspaces are kept open


@functools.cache
def _store(root: Path) -> Store:
    return Store(root / "store")


@functools.lru_cache(MOST)
def _open(root: Path, user_id: str, title: str, email: str | None) -> Workspace:
    """Keyed by everything known about a user, as the e-mail address may have changed."""
    return Workspace(User(user_id, title, email), root, _store(root))


def current() -> Workspace:
    """Raises ImprintError for whoever is not signed in."""
    user = identity.user()
    return _open(paths.root(), user.id, user.title, user.email)


def engine() -> Engine:
    return current().engine


def pipeline() -> Pipeline:
    return engine().pipeline


def cluster_distance_attack() -> ClusterDistanceAttack:
    return engine().cluster_distance


def reconstruction_attack() -> ReconstructionAttack:
    return engine().reconstruction


def library() -> Library:
    return current().library


def store() -> Store:
    return current().store
