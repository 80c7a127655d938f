"""Keys are a promise to every cache on disk: pinned here, and recomputed by hand."""

import hashlib

import numpy as np
import pytest

from core.config import ClusterSpec, ReduceSpec
from core.hashing import bytes_key, canonical, key, pixels_key


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a", 1, None, True), '["a",1,null,true]'),
        (({"b": 1, "a": [2.5]},), '[{"a":[2.5],"b":1}]'),
        ((ReduceSpec(0.95),), '[["ReduceSpec",{"variance":0.95}]]'),
        (("ü",), '["\\u00fc"]'),
    ],
)
def test_key_is_the_hash_of_sorted_compact_json(parts: tuple[object, ...], text: str) -> None:
    """The text is written by hand; its SHA-256 comes from hashlib."""
    assert key(*parts) == sha(text)


def test_a_key_is_pinned() -> None:
    """sha256 of the text ``["x",1]``, as sha256sum prints it."""
    assert key("x", 1) == "59402b0471b497c05ad760c869c511f92a9fbdc78b7f4c51703964d9321bc031"


def test_order_of_mapping_keys_does_not_matter_but_order_of_lists_does() -> None:
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key([1, 2]) != key([2, 1])


def test_equal_fields_of_another_kind_differ() -> None:
    """A dataclass is tagged with its name, so its fields alone are another key."""
    spec = ClusterSpec()
    assert canonical(spec)[0] == "ClusterSpec"
    assert key(spec) != key(canonical(spec)[1])


def test_nan_and_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        key(float("nan"))
    with pytest.raises(TypeError, match="ndarray has no canonical form"):
        key(np.zeros(2))


def test_bytes_key() -> None:
    """FIPS 180-2, appendix B.1: the digest of "abc"."""
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert bytes_key(b"abc") == bytes_key(memoryview(b"abc")) == digest


def test_pixels_key_depends_on_shape_and_values_not_on_memory_order() -> None:
    """The header and the six bytes are written by hand."""
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert pixels_key(pixels) == sha("grey8 2x3 \x00\x01\x02\x03\x04\x05")
    assert pixels_key(pixels.reshape(3, 2)) != pixels_key(pixels)
    assert pixels_key(np.asfortranarray(pixels)) == pixels_key(pixels)
