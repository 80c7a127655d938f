"""The protocol on the pipes: a frame is two lengths, a JSON header and raw bytes. No pickle."""

import json
import struct
from typing import IO, Any

LENGTHS = struct.Struct(">IQ")
MAX_HEADER = 2**20

Header = dict[str, Any]


class BadFrame(Exception):
    """Bytes that are not a valid frame."""


def frame_header(header: Header, size: int) -> bytes:
    """A frame without its ``size`` raw bytes."""
    text = json.dumps(header).encode()
    return LENGTHS.pack(len(text), size) + text


def write(stream: IO[bytes], header: Header, body: bytes | memoryview = b"") -> None:
    stream.write(frame_header(header, len(body)))
    stream.write(body)


def read(stream: IO[bytes]) -> tuple[Header, bytes] | None:
    """The next frame, or None at the end."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    text, size = LENGTHS.unpack(lengths)
    return json.loads(stream.read(text)), stream.read(size)


def take_frame(buffer: bytearray, limit: int) -> tuple[Header, bytes] | None:
    """Remove and return the first complete frame, or None. Raises BadFrame, also if above ``limit`` bytes."""
    if len(buffer) < LENGTHS.size:
        return None
    text, size = LENGTHS.unpack_from(buffer)
    if text > MAX_HEADER or size > limit:
        raise BadFrame
    start, end = LENGTHS.size + text, LENGTHS.size + text + size
    if len(buffer) < end:
        return None
    try:
        header = json.loads(buffer[LENGTHS.size : start])
    except ValueError:
        raise BadFrame from None
    body = bytes(memoryview(buffer)[start:end])
    del buffer[:end]
    if not isinstance(header, dict):
        raise BadFrame
    return header, body
