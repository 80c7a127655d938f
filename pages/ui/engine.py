"""The engine as the pages hold it: one store and one library a server process, opened once."""

import functools
from pathlib import Path

from core import home
from core.engine import Engine
from core.images.library import Library
from core.pipeline import Pipeline
from core.reconstructing import Reconstructing
from core.store import Store
from core.training_data import TrainingData


@functools.cache
def _open(root: Path) -> Engine:
    return Engine(Store(root / "store"), Library(root))


def engine() -> Engine:
    return _open(home.root())


def pipeline() -> Pipeline:
    return engine().pipeline


def training_data() -> TrainingData:
    return engine().training_data


def reconstructing() -> Reconstructing:
    return engine().reconstructing


def library() -> Library:
    return engine().library


def store() -> Store:
    return engine().store
