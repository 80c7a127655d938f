"""The engine as the pages hold it: one store and one library a server process, opened once."""

import functools
from pathlib import Path

from core import home
from core.images.library import Library
from core.pipeline import Pipeline
from core.store import Store


@functools.cache
def _open(root: Path) -> Pipeline:
    return Pipeline(Store(root / "store"), Library(root))


def pipeline() -> Pipeline:
    return _open(home.root())


def library() -> Library:
    return pipeline().embedder.library


def store() -> Store:
    return pipeline().store
