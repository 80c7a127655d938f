"""The gate of whoever sits before the page: one store for all, a library for each."""

import functools
from pathlib import Path

from core import home
from core.engine import Engine
from core.gate import Gate
from core.images.library import Library
from core.pipeline import Pipeline
from core.reconstructing import Reconstructing
from core.store import Store
from core.training_data import TrainingData
from core.users import User
from pages.ui import session

MOST = 64  # users whose gates are kept open


@functools.cache
def _store(root: Path) -> Store:
    return Store(root / "store")


@functools.lru_cache(MOST)
def _open(root: Path, user_id: str, title: str, email: str | None) -> Gate:
    """By all that is known of a user, as an address may have come or gone since the last time."""
    return Gate(User(user_id, title, email), root, _store(root))


def gate() -> Gate:
    """Raises ImprintError for whoever is not signed in."""
    user = session.user()
    return _open(home.root(), user.id, user.title, user.email)


def engine() -> Engine:
    return gate().engine


def pipeline() -> Pipeline:
    return engine().pipeline


def training_data() -> TrainingData:
    return engine().training_data


def reconstructing() -> Reconstructing:
    return engine().reconstructing


def library() -> Library:
    return gate().library


def store() -> Store:
    return gate().store
