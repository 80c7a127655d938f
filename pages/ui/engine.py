"""The engine as the pages hold it: one store and one library a server process, opened once."""

import functools
from pathlib import Path

from core import home
from core.images.library import Library
from core.pipeline import Pipeline
from core.reconstructing import Reconstructing
from core.store import Store
from core.training_data import TrainingData


@functools.cache
def _open(root: Path) -> tuple[Pipeline, TrainingData, Reconstructing]:
    store, library = Store(root / "store"), Library(root)
    return Pipeline(store, library), TrainingData(store, library), Reconstructing(store, library)


def pipeline() -> Pipeline:
    return _open(home.root())[0]


def training_data() -> TrainingData:
    return _open(home.root())[1]


def reconstructing() -> Reconstructing:
    return _open(home.root())[2]


def library() -> Library:
    return pipeline().embedder.library


def store() -> Store:
    return pipeline().store
