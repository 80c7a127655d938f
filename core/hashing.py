"""Keys: SHA-256 over the canonical JSON of a tagged structure.

The idea of hashing a tagged structure is redun's (redun/hashing.py); keys are pinned in the tests.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

LATER = "later"  # in the metadata of a field that a class did not always have
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def canonical(value: Any) -> Json:
    """Plain JSON of a value; a dataclass is tagged with its name, so that equal fields differ by kind."""
    if type(value) is str:  # by far the most: a set's hashes, at every toggle
        return value
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: canonical(getattr(value, f.name)) for f in fields(value) if not _is_later(value, f)}
        return [type(value).__name__, named]
    if isinstance(value, Mapping):
        return {str(name): canonical(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [item if type(item) is str else canonical(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _is_later(value: Any, field: Field[Any]) -> bool:
    """Whether a field was added later, and says what was meant before: it is no part of keys, which stay."""
    return bool(field.metadata.get(LATER)) and getattr(value, field.name) == field.default


def key(*parts: Any) -> str:
    """Hex SHA-256 of the parts; the order of mapping keys does not matter, NaN is refused."""
    text = json.dumps(canonical(parts), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def bytes_key(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def file_key(path: Path) -> str:
    """Of a file of any size, read in pieces."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pixels_key(pixels: np.ndarray) -> str:
    """Identity of an image: its 8-bit grey values and its shape, whatever file held them."""
    header = f"grey8 {pixels.shape[0]}x{pixels.shape[1]} ".encode()
    return hashlib.sha256(header + np.ascontiguousarray(pixels, np.uint8).tobytes()).hexdigest()
